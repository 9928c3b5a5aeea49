//! The command line.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use jiff::tz::TimeZone;

use crate::kernel::HookChoice;
use crate::time::parse_duration;

/// Tells within a second, and rightly, when DNS port 53 is unreachable.
#[derive(Debug, Parser)]
#[command(name = "netmon", version, about, max_term_width = 100)]
pub struct Arguments {
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// What netmon can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch this host's interfaces, and report when DNS servers are unreachable
    Run(Run),
    /// Analyse captures or tcpdump's text, and write the incident report
    Analyze(Analyze),
}

/// `netmon analyze`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads pcap and pcapng, also compressed by gzip or zstd, and the text that tcpdump prints; which it is, the content \
tells.\n\n\
Exit status: 0 done; 1 with --exit-code when an incident was found; 2 wrong usage, or nothing could be read; 3 the \
system refused.")]
pub struct Analyze {
    /// The files, merged by time; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// How to print
    #[arg(long, value_enum, default_value_t = AnalyzeFormat::Text)]
    pub format: AnalyzeFormat,

    /// A DNS port (repeatable, at most 8) [default: 53]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Vec<u16>,

    /// An address of the host where the capture was made (repeatable): its failures count once it has answered
    #[arg(long, value_name = "ADDRESS")]
    pub local: Vec<IpAddr>,

    /// A server whose failures count although it is --local and has not answered yet, or is only asked
    /// iteratively (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    pub server: Vec<IpAddr>,

    /// Let iterative queries (RD = 0), as recursive resolvers send them, open incidents too
    #[arg(long)]
    pub iterative: bool,

    /// Change a threshold that docs/detection.md names (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub threshold: Vec<String>,

    /// The date of text whose times have none [default: the file's modification date]
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub date: Option<jiff::civil::Date>,

    /// The time zone that text's times are in, such as Europe/Berlin or +02:00
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    pub timezone: TimeZone,

    /// Run the frames through this kernel's XDP program too (as root), and say where it differs from user space
    #[arg(long)]
    pub via_kernel: bool,

    /// End with status 1 if an incident was found
    #[arg(long)]
    pub exit_code: bool,
}

/// How `netmon analyze` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AnalyzeFormat {
    /// For people at a terminal
    Text,
    /// One JSON document
    Json,
    /// The incident report, in Markdown
    Markdown,
    /// The incident report, as one self-contained HTML file
    Html,
}

/// `netmon run`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(after_help = "\
Exit status: 0 done; 1 with --exit-code when an incident was found; 2 wrong usage; 3 the system refused \
(rights, kernel, interface).")]
pub struct Run {
    /// Watch this interface (repeatable) [default: those of the default routes, and lo]
    #[arg(long, short, value_name = "NAME", conflicts_with = "all_interfaces")]
    pub interface: Vec<String>,

    /// Watch all interfaces that lie on no other one
    #[arg(long)]
    pub all_interfaces: bool,

    /// How to see what arrives
    #[arg(long, value_enum, default_value_t = Hook::Auto)]
    pub hook: Hook,

    /// A DNS port (repeatable, at most 8) [default: 53]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Vec<u16>,

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
    #[arg(long)]
    pub snapshots: bool,

    /// End with status 1 if an incident was found
    #[arg(long)]
    pub exit_code: bool,

    /// A server whose failures count although it is this host's own and has not answered yet, or is only
    /// asked iteratively (repeatable)
    #[arg(long, value_name = "ADDRESS")]
    pub server: Vec<IpAddr>,

    /// Let iterative queries (RD = 0), as recursive resolvers send them, open incidents too
    #[arg(long)]
    pub iterative: bool,

    /// Change a threshold that docs/detection.md names (repeatable)
    #[arg(long, value_name = "NAME=VALUE")]
    pub threshold: Vec<String>,

    /// Only count: keep no trace of queries, measure no latency. Cheaper for each packet, but errors can then not
    /// be verified, and unanswered queries are not noticed
    #[arg(long)]
    pub no_latency: bool,

    /// How much to log to standard error; debug also shows what the kernel programs log
    #[arg(long, value_enum, default_value_t = LogLevel::Warn)]
    pub log_level: LogLevel,
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

/// A time zone: a name of the IANA database, or an offset from UTC.
fn zone(text: &str) -> Result<TimeZone, String> {
    let offset = || {
        let zoned: jiff::fmt::temporal::DateTimeParser = jiff::fmt::temporal::DateTimeParser::new();
        zoned.parse_time_zone(text).ok()
    };
    TimeZone::get(text)
        .ok()
        .or_else(offset)
        .ok_or_else(|| format!("`{text}` is no time zone; write one such as UTC, Europe/Berlin or +02:00"))
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
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Arguments::command().debug_assert();
    }

    #[test]
    fn an_interval_is_neither_too_short_nor_too_long() {
        assert!(interval("50ms").is_err());
        assert!(interval("11s").is_err());
        assert!(interval("1s").is_ok());
    }

    #[test]
    fn zones_are_names_or_offsets() {
        for good in ["UTC", "Europe/Berlin", "+02:00", "-0530"] {
            assert!(zone(good).is_ok(), "{good}");
        }
        for wrong in ["", "Mars/Olympus", "+99:00", "2 o'clock"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_interface_and_all_interfaces_exclude_each_other() {
        let arguments = ["netmon", "run", "--interface", "lo", "--all-interfaces"];
        assert!(Arguments::try_parse_from(arguments).is_err());
    }
}
