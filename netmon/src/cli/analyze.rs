//! The command line of `netmon analyze`.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::Args;
use jiff::tz::TimeZone;

use super::{Naming, Server, Written, address, server, values};

/// `netmon analyze`.
#[derive(Debug, Args)]
#[command(after_help = "\
Reads pcap and pcapng, also compressed by gzip or zstd, and the text that tcpdump prints; it recognises each by its \
content.\n\n\
Exit status: 0 done; 1 with --exit-code if there was an incident; 2 wrong usage, or nothing could be read; 3 the \
system refused.")]
pub struct Analyze {
    /// The files to read, merged by time; - is standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,

    /// How the report is written
    #[command(flatten)]
    pub written: Written,

    /// Look at this DNS port (repeatable, at most 8) [default: 53]
    #[arg(long, value_name = "PORT", value_parser = values::port)]
    pub port: Vec<u16>,

    /// An address of the host where the capture was made (repeatable): its failures count only once it has answered
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub local: Vec<IpAddr>,

    /// Always count failures of this server (repeatable): also if it is --local and has not answered yet, or if it gets
    /// only iterative queries
    #[arg(long, value_name = "ADDRESS", value_parser = server)]
    pub server: Vec<Server>,

    /// Who servers are
    #[command(flatten)]
    pub naming: Naming,

    /// Let failed iterative queries (RD = 0, as recursive resolvers send them) open incidents too
    #[arg(long)]
    pub iterative: bool,

    /// Change one of the thresholds in docs/detection.md (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = values::threshold)]
    pub threshold: Vec<String>,

    /// The date of text whose times have no date [default: the date of the file's last change]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = values::date)]
    pub date: Option<jiff::civil::Date>,

    /// The time zone that text's times are in, such as Europe/Berlin or +02:00 [default: TZ, or the host's]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<TimeZone>,

    /// Also run the frames through the XDP program in this kernel (as root), and say where it differs from user space
    #[arg(long)]
    pub via_kernel: bool,

    /// End with status 1 if there was an incident
    #[arg(long)]
    pub exit_code: bool,
}

/// A time zone: a name of the IANA database, or an offset from UTC.
///
/// Not what POSIX has besides: `UTC+2` is two hours west of it there, and hardly anybody means that.
pub(super) fn zone(text: &str) -> Result<TimeZone, String> {
    if let Ok(zone) = TimeZone::get(text) {
        return Ok(zone);
    }
    let parser = jiff::fmt::temporal::DateTimeParser::new();
    if text.starts_with(['+', '-'])
        && let Ok(zone) = parser.parse_time_zone(text)
    {
        return Ok(zone);
    }
    let letters = text.trim_end_matches(|c: char| c.is_ascii_digit() || "+-:".contains(c));
    let place = match letters.to_ascii_uppercase().as_str() {
        "CET" | "CEST" | "MEZ" | "MESZ" => "Europe/Berlin",
        "BST" => "Europe/London",
        "EEST" => "Europe/Helsinki",
        "EST" | "EDT" => "America/New_York",
        "CST" | "CDT" => "America/Chicago",
        "MST" | "MDT" => "America/Denver",
        "PST" | "PDT" => "America/Los_Angeles",
        "IST" => "Asia/Kolkata",
        "JST" => "Asia/Tokyo",
        "AEST" | "AEDT" => "Australia/Sydney",
        "UTC" | "GMT" | "Z" => return Err(offset(text, text.trim_start_matches(letters))),
        _ => return Err(nearest_place(text)),
    };
    Err(format!(
        "`{text}` is not a time zone; write the place, such as {place}, or the offset from UTC alone, such as +05:00"
    ))
}

/// `UTC+2`: in the other direction where POSIX is meant, so that nothing is guessed.
fn offset(text: &str, number: &str) -> String {
    let hours = number.trim_start_matches(['+', '-']);
    let sign = if number.starts_with('-') { '-' } else { '+' };
    match hours.parse::<u8>() {
        Ok(hours) if hours <= 14 => {
            format!("`{text}` is not a time zone; write the offset from UTC alone: {sign}{hours:02}:00")
        }
        _ => format!("`{text}` is not a time zone; write UTC, or the offset from it alone, such as +02:00"),
    }
}

/// `Berlin`: the zone with that city.
fn nearest_place(text: &str) -> String {
    let wanted = format!("/{}", text.trim().replace(' ', "_")).to_ascii_lowercase();
    let zones = jiff::tz::db();
    let mut found = zones
        .available()
        .map(|name| name.to_string())
        .filter(|name| name.to_ascii_lowercase().ends_with(&wanted));
    let right = found
        .next()
        .unwrap_or_else(|| "one such as UTC, Europe/Berlin or +02:00".to_owned());
    format!("`{text}` is not a time zone; write {right}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_names_or_offsets() {
        for good in ["UTC", "Europe/Berlin", "+02:00", "-0530", "CET", "EST5EDT"] {
            assert!(zone(good).is_ok(), "{good}");
        }
        for wrong in ["", "Mars/Olympus", "+99:00", "2 o'clock", "UTC+2", "GMT2"] {
            assert!(zone(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_zone_that_is_an_abbreviation_with_a_number_is_refused_with_the_right_spelling() {
        for (wrong, place) in [
            ("CET5", "Europe/Berlin"),
            ("PST8", "America/Los_Angeles"),
            ("EST-5", "America/New_York"),
        ] {
            let message = zone(wrong).unwrap_err();
            assert!(message.contains(place) && message.contains("+05:00"), "{message}");
        }
    }

    #[test]
    fn an_offset_behind_a_name_and_a_city_alone_are_refused_with_the_right_spelling() {
        for (wrong, right) in [
            ("UTC+2", "alone: +02:00"),
            ("GMT-11", "alone: -11:00"),
            ("UTC+25", "such as +02:00"),
            ("berlin", "write Europe/Berlin"),
            ("New York", "write America/New_York"),
            ("Atlantis", "such as UTC, Europe/Berlin or +02:00"),
        ] {
            let message = zone(wrong).unwrap_err();
            assert!(message.contains(right), "{wrong}: {message}");
        }
    }
}
