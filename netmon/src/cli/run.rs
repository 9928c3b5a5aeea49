//! The command line of `netmon run`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use glob::Pattern;
use jiff::tz::TimeZone;

use netmon_common::limits;

use super::zone::zone;
use super::{Keep, Notify, Server, server, values};
use crate::detect::Prefix;
use crate::kernel::{DEFAULT_PIN_DIRECTORY, HookChoice};
use crate::resolvers::RESOLV_CONF;
use crate::time::parse_duration;

/// `netmon run`.
///
/// Each flag but `--config` is also a key of the configuration file: `config::KEYS` says which. A switch takes
/// `=false` too, so that it can overrule the file.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = "\
A flag overrides the configuration file; a repeatable flag replaces the file's list, --threshold only the thresholds \
that it names. SIGHUP reads the file again.\n\n\
Exit status: 0 done; 1 with --exit-code if there was an incident; 2 wrong usage or configuration; 3 the system \
refused (rights, kernel, interface).")]
pub struct Run {
    /// Read this configuration file [default: /etc/netmon/netmon.toml, if it exists]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Watch this interface (repeatable) [default: the interfaces of the default routes, and lo]. Name lo too: a server on
    /// the local network that does not answer ARP, a local firewall that rejects, and a local stub resolver that is
    /// gone show on lo only
    #[arg(long, short, value_name = "NAME", conflicts_with = "all_interfaces", value_parser = values::interface())]
    pub interface: Vec<String>,

    /// Watch all lowest interfaces: not bridges, bonds, VLANs and tunnels, whose packets pass a lower one too
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub all_interfaces: bool,

    /// With --all-interfaces: leave out interfaces whose name matches this shell pattern, such as veth* (repeatable)
    #[arg(long, value_name = "PATTERN", requires = "all_interfaces", value_parser = values::pattern)]
    pub exclude: Vec<Pattern>,

    /// This interface, which must be watched too, is a mirror port (repeatable): judge all its frames, also those for other
    /// hosts
    #[arg(long, value_name = "NAME")]
    pub mirror: Vec<String>,

    /// How to see packets that arrive
    #[arg(long, value_enum, default_value_t = Hook::Auto)]
    pub hook: Hook,

    /// Watch this DNS port (repeatable, at most 8)
    #[arg(long, value_name = "PORT", default_value = "53", value_parser = values::port)]
    pub port: Vec<u16>,

    /// How many destinations are counted individually; further ones are counted together. Each takes 464 bytes of
    /// kernel memory on each CPU, and 130 bytes once
    #[arg(long, value_name = "N", default_value_t = limits::DESTINATIONS, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub destinations: u32,

    /// How long a destination or service is idle before another may have its place in the tables
    #[arg(long, value_name = "DURATION", default_value = "10m", value_parser = idle)]
    pub idle_entries: Duration,

    /// How often netmon reads the counts: 100ms to 10s
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = interval)]
    pub interval: Duration,

    /// End after this time
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub duration: Option<Duration>,

    /// What standard output gets
    #[arg(long, value_enum, default_value_t = RunFormat::Text)]
    pub format: RunFormat,

    /// With --format json: print the counts at each reading
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub snapshots: bool,

    /// The time zone that text's times are printed in, such as Europe/Berlin or +02:00 [default: TZ, or the host's]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<TimeZone>,

    /// Print no line a minute that says how things are
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub quiet: bool,

    /// End with status 1 if there was an incident
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub exit_code: bool,

    /// Always count failures of this server (repeatable): also if it runs on this host and has not answered yet, or if
    /// it gets only iterative queries. The configuration file can also say what people call it, and whose it is
    #[arg(long, value_name = "ADDRESS", value_parser = server)]
    pub server: Vec<Server>,

    /// The file that names the resolvers that this host's programs ask
    #[arg(long, value_name = "FILE", default_value = RESOLV_CONF)]
    pub resolv_conf: PathBuf,

    /// Service addresses that this host translates, such as a Kubernetes cluster's (repeatable): a port unreachable that this
    /// host raises about one says that the service has no endpoints
    #[arg(long, value_name = "RANGE")]
    pub service_cidr: Vec<Prefix>,

    /// Let failed iterative queries (RD = 0, as recursive resolvers send them) open incidents too
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub iterative: bool,

    /// Ask the server of an incident that has opened, and a resolver of this host that nobody has asked for 5 min: one query over
    /// UDP and one over TCP, at most one a second in all. Without this netmon sends nothing
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub probe: bool,

    /// Change one of the thresholds in docs/detection.md (repeatable); the packages have it in /usr/share/doc/netmon
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::threshold)]
    pub threshold: Vec<String>,

    /// Only count: do not track queries, do not measure latency. This costs less for each packet, but netmon can then
    /// neither verify errors nor notice unanswered queries
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub no_latency: bool,

    /// Do not note which processes of this host ask
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub no_askers: bool,

    /// Pin maps and links in this directory of the BPF file system [without DIRECTORY: /sys/fs/bpf/netmon]: the kernel
    /// keeps counting when netmon ends, and the next netmon continues the counts. `netmon detach` removes them
    #[arg(long, value_name = "DIRECTORY", num_args = 0..=1, default_missing_value = DEFAULT_PIN_DIRECTORY)]
    pub pin: Option<PathBuf>,

    /// What is kept on disk
    #[command(flatten)]
    pub keep: Keep,

    /// Serve metrics for Prometheus at this address, such as 127.0.0.1:19053
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = values::listen)]
    pub metrics: Option<SocketAddr>,

    /// How many servers the metrics list individually; all others are summed
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..))]
    pub metrics_max_servers: u16,

    /// Show what happens to `netmon top`, `netmon status` and programs at this Unix socket, or at `none` [default:
    /// /run/netmon/netmon.sock, if it can be made there and no other netmon has it]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,

    /// Answer those at the addresses of --metrics and --web who call this host so (repeatable), beside its addresses,
    /// localhost and its own name: what a proxy or Prometheus calls it
    #[arg(long, value_name = "NAME", value_parser = values::host)]
    pub allowed_host: Vec<String>,

    /// Serve a web page and the metrics at this address, such as 127.0.0.1:19054. An address that is not loopback needs
    /// --web-token-file
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = values::listen)]
    pub web: Option<SocketAddr>,

    /// The file with the token that a reader of the web page must have: at least 16 letters and digits. Only its owner may
    /// read it (mode 0600), for the service the user netmon
    #[arg(long, value_name = "FILE")]
    pub web_token_file: Option<PathBuf>,

    /// How much to log, to the journal under systemd, else to standard error; debug and trace include the log of the kernel
    /// programs
    #[arg(long, value_enum, default_value_t = LogLevel::Warn)]
    pub log_level: LogLevel,

    /// Whom to notify
    #[command(flatten)]
    pub notify: Notify,
}

/// How to see what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Hook {
    /// Native XDP where the driver has it, else TC; on virtual Ethernet and lo always TC
    Auto,
    /// XDP in the driver; an error where the driver lacks it
    XdpNative,
    /// XDP in the network stack: works everywhere, but costs more than TC
    XdpGeneric,
    /// TC
    Tc,
}

impl From<Hook> for HookChoice {
    fn from(hook: Hook) -> Self {
        match hook {
            Hook::Auto => Self::Auto,
            Hook::XdpNative => Self::XdpNative,
            Hook::XdpGeneric => Self::XdpGeneric,
            Hook::Tc => Self::Tc,
        }
    }
}

/// How `netmon run` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RunFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}

/// How much to log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the words say it")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

impl LogLevel {
    /// Whether the kernel programs log, too.
    pub const fn reaches_the_kernel(self) -> bool {
        matches!(self, Self::Debug | Self::Trace)
    }
}

/// How often netmon reads the counts: at most once in 100 ms, at least once in 10 s.
fn interval(text: &str) -> Result<Duration, String> {
    const FROM: Duration = Duration::from_millis(100);
    const TO: Duration = Duration::from_secs(10);
    let interval = parse_duration(text)?;
    if interval < FROM || interval > TO {
        return Err("it must be from 100ms to 10s".to_owned());
    }
    Ok(interval)
}

/// How long an entry is idle before its place is another's: long enough for whatever waits.
fn idle(text: &str) -> Result<Duration, String> {
    const LEAST: Duration = Duration::from_secs(1);
    let idle = parse_duration(text)?;
    if idle < LEAST {
        return Err("it must be at least 1s".to_owned());
    }
    Ok(idle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_neither_too_short_nor_too_long() {
        assert!(interval("50ms").is_err());
        assert!(interval("11s").is_err());
        assert!(interval("1s").is_ok());
    }
}
