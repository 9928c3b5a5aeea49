//! The command line of `netmon run`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, ValueEnum};
use glob::Pattern;

use netmon_common::limits;

use super::{Keep, Notify};
use crate::kernel::{DEFAULT_PIN_DIRECTORY, HookChoice};
use crate::time::parse_duration;

/// `netmon run`.
///
/// Each flag but `--config` is also a key of the configuration file: `config::KEYS` says which. A switch takes
/// `=false` too, so that it can overrule the file.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = "\
Flags win over the configuration file; a repeatable flag replaces the file's list, and --threshold only the \
thresholds that it names. SIGHUP reads the file again.\n\n\
Exit status: 0 done; 1 with --exit-code when an incident was found; 2 wrong usage or configuration; 3 the system \
refused (rights, kernel, interface).")]
pub struct Run {
    /// The configuration file [default: /etc/netmon/netmon.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Watch this interface (repeatable) [default: those of the default routes, and lo]
    #[arg(long, short, value_name = "NAME", conflicts_with = "all_interfaces")]
    pub interface: Vec<String>,

    /// Watch all interfaces that lie on no other one
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub all_interfaces: bool,

    /// With --all-interfaces, leave out those whose name matches this shell pattern (repeatable), such as veth*
    #[arg(long, value_name = "PATTERN", requires = "all_interfaces")]
    pub exclude: Vec<Pattern>,

    /// How to see what arrives
    #[arg(long, value_enum, default_value_t = Hook::Auto)]
    pub hook: Hook,

    /// A DNS port (repeatable, at most 8)
    #[arg(long, value_name = "PORT", default_value = "53", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Vec<u16>,

    /// Destinations that are counted apart; further ones are counted together. Each takes 200 bytes of kernel memory on
    /// each CPU, and 100 bytes once
    #[arg(long, value_name = "N", default_value_t = limits::DESTINATIONS, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub destinations: u32,

    /// How often counts are read: a number and ms, s, m or h
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = interval)]
    pub interval: Duration,

    /// End by itself after this time
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub duration: Option<Duration>,

    /// How to print
    #[arg(long, value_enum, default_value_t = RunFormat::Text)]
    pub format: RunFormat,

    /// With --format json, print the counts at each reading
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub snapshots: bool,

    /// End with status 1 if an incident was found
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub exit_code: bool,

    /// A server whose failures count although it is this host's own and has not answered yet, or is only
    /// asked iteratively (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    pub server: Vec<IpAddr>,

    /// Let iterative queries (RD = 0), as recursive resolvers send them, open incidents too
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub iterative: bool,

    /// Change a threshold that docs/detection.md names (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub threshold: Vec<String>,

    /// Only count: keep no trace of queries, measure no latency. Cheaper for each packet, but errors can then not
    /// be verified, and unanswered queries are not noticed
    #[arg(long, action = ArgAction::Set, num_args = 0..=1, require_equals = true, value_name = "BOOL",
          default_value = "false", default_missing_value = "true", hide_default_value = true, hide_possible_values = true)]
    pub no_latency: bool,

    /// Pin maps and links in this directory of the BPF file system [/sys/fs/bpf/netmon without DIRECTORY]: the kernel
    /// goes on counting when netmon ends, and the next one goes on from there. `netmon detach` ends it
    #[arg(long, value_name = "DIRECTORY", num_args = 0..=1, default_missing_value = DEFAULT_PIN_DIRECTORY)]
    pub pin: Option<PathBuf>,

    /// What outlives it
    #[command(flatten)]
    pub keep: Keep,

    /// Serve metrics for Prometheus at this address, such as 127.0.0.1:19053
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics: Option<SocketAddr>,

    /// Servers that metrics tell apart; all others are summed
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u16).range(1..))]
    pub metrics_max_servers: u16,

    /// How much to log: to the journal under systemd, else to standard error; debug also shows what the kernel
    /// programs log
    #[arg(long, value_enum, default_value_t = LogLevel::Warn)]
    pub log_level: LogLevel,

    /// Whom to notify
    #[command(flatten)]
    pub notify: Notify,
}

/// How to see what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Hook {
    /// Native XDP where the driver has it, else TC
    Auto,
    /// XDP in the driver, or fail
    XdpNative,
    /// XDP in the stack: works everywhere, costs more than TC
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

/// How often counts are read: at most once in 100 ms, at least once in 10 s.
fn interval(text: &str) -> Result<Duration, String> {
    const FROM: Duration = Duration::from_millis(100);
    const TO: Duration = Duration::from_secs(10);
    let interval = parse_duration(text)?;
    if interval < FROM || interval > TO {
        return Err("it must be from 100ms to 10s".to_owned());
    }
    Ok(interval)
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
