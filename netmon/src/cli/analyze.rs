//! The command line of `netmon analyze`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::tz::TimeZone;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_names_or_offsets() {
        for good in ["UTC", "Europe/Berlin", "+02:00", "-0530"] {
            assert!(zone(good).is_ok(), "{good}");
        }
        for wrong in ["", "Mars/Olympus", "+99:00", "2 o'clock"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
    }
}
