//! The command lines about the history: what `netmon run` keeps, `netmon incidents`, `netmon report`.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan as _};

use super::zone::zone;
use super::{Naming, Written, address};
use crate::history::{DEFAULT_FILE, DEFAULT_MAX_SIZE};
use crate::time::parse_duration;

/// What `netmon run` keeps.
#[derive(Clone, Debug, Args)]
pub struct Keep {
    /// Keep incidents and one-minute counts in this file, and continue open incidents after a restart. Its directory must be
    /// there; without FILE netmon makes it: /var/lib/netmon/history.db
    #[arg(long, value_name = "FILE", num_args = 0..=1, default_missing_value = DEFAULT_FILE)]
    pub history: Option<PathBuf>,

    /// How long the history is kept, at least 1h: a number and h, d or w
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = age)]
    pub history_keep: Duration,

    /// How large the history may become, at least 1MiB: a number of bytes, or a number and KiB, MiB, GiB or TiB
    #[arg(long, value_name = "SIZE", default_value_t = Size(DEFAULT_MAX_SIZE), value_parser = size)]
    pub history_max_size: Size,
}

/// `netmon incidents`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 done; 2 wrong usage, or no such history; 3 the history cannot be read.")]
pub struct Incidents {
    /// List incidents that were open then or later: a duration (2h, 7d), today, yesterday, or a date or time (2026-11-24,
    /// 2026-11-24T13:00)
    #[arg(long, value_name = "WHEN", value_parser = since)]
    pub since: Option<Since>,

    /// List only incidents of this server
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub server: Option<IpAddr>,

    /// List only open incidents
    #[arg(long)]
    pub open: bool,

    /// The form of the list
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    pub format: ListFormat,

    /// The time zone to read and to print times in, such as Europe/Berlin or +02:00 [default: TZ, or the host's]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<TimeZone>,

    /// The history to read
    #[arg(long, value_name = "FILE", default_value = DEFAULT_FILE)]
    pub history: PathBuf,

    /// Who servers are
    #[command(flatten)]
    pub naming: Naming,
}

/// `netmon report`.
#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 done; 2 wrong usage, no such history or incident; 3 the history cannot be read.")]
pub struct Report {
    /// The incident's id in `netmon incidents` (its beginning is enough), or last for the newest one
    #[arg(value_name = "ID")]
    pub id: String,

    /// How it is written
    #[command(flatten)]
    pub written: Written,

    /// The time zone to print times in, such as Europe/Berlin or +02:00 [default: TZ, or the host's]
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    pub timezone: Option<TimeZone>,

    /// The history to read
    #[arg(long, value_name = "FILE", default_value = DEFAULT_FILE)]
    pub history: PathBuf,

    /// Who servers are
    #[command(flatten)]
    pub naming: Naming,
}

/// How `netmon incidents` prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For people at a terminal
    Text,
    /// One JSON document
    Json,
}

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Duration),
    /// From that moment on.
    At(Timestamp),
    /// From that time on, in the zone of the reader.
    Local(DateTime),
    /// From the beginning of the day so many days ago.
    Day(i32),
}

/// A number of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub u64);

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}MiB", self.0 >> 20)
    }
}

/// The least size of a history: smaller ones would be full after a day.
const LEAST_SIZE: u64 = 1 << 20;

/// A size as people type it: `256MiB`, `1G`, `1048576`.
fn size(text: &str) -> Result<Size, String> {
    let wrong = || format!("`{text}` is not a size; write a number and a unit, such as 256MiB or 1GiB");
    let digits = text
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    let bytes = number.checked_mul(unit).ok_or_else(wrong)?;
    if bytes < LEAST_SIZE {
        return Err("it must be at least 1MiB".to_owned());
    }
    Ok(Size(bytes))
}

/// A duration of at least an hour, also in days and weeks: `90d`, `12w`, `36h`.
fn age(text: &str) -> Result<Duration, String> {
    let age = long_duration(text)?;
    if age < Duration::from_hours(1) {
        return Err("it must be at least 1h".to_owned());
    }
    Ok(age)
}

/// A duration, also in days and weeks of whole days.
fn long_duration(text: &str) -> Result<Duration, String> {
    const DAY: u64 = 86_400;
    let text = text.trim();
    for (unit, seconds) in [('d', DAY), ('w', 7 * DAY)] {
        if let Some(number) = text.strip_suffix(unit)
            && let Ok(number) = number.trim().parse::<u32>()
            && number > 0
        {
            return Ok(Duration::from_secs(u64::from(number) * seconds));
        }
    }
    parse_duration(text).map_err(|error| error.replace("500ms, 30s or 5m", "30m, 2h, 90d or 12w"))
}

/// A duration, a day, a date, or a time.
fn since(text: &str) -> Result<Since, String> {
    if let Ok(ago) = long_duration(text) {
        return Ok(Since::Ago(ago));
    }
    match text {
        "today" => return Ok(Since::Day(0)),
        "yesterday" => return Ok(Since::Day(1)),
        _ => {}
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(Since::At(moment));
    }
    text.parse::<DateTime>().map(Since::Local).map_err(|_| {
        format!(
            "`{text}` is not a time; write a duration such as 2h or 7d, today, yesterday, a date such as 2026-11-24 or a time \
            such as 2026-11-24T13:00"
        )
    })
}

impl Since {
    /// The moment, if it is `now` in that zone.
    pub fn moment(self, now: Timestamp, zone: &TimeZone) -> Timestamp {
        let local = |time: DateTime| time.to_zoned(zone.clone()).map(|zoned| zoned.timestamp());
        let moment = match self {
            Self::At(moment) => Ok(moment),
            Self::Ago(ago) => SignedDuration::try_from(ago).and_then(|ago| now.checked_sub(ago)),
            Self::Local(time) => local(time),
            Self::Day(days) => now
                .to_zoned(zone.clone())
                .date()
                .checked_sub(days.days())
                .and_then(|day| local(day.at(0, 0, 0, 0))),
        };
        moment.unwrap_or(Timestamp::MIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_type_them() {
        for (text, bytes) in [
            ("1048576", 1 << 20),
            ("256MiB", 256 << 20),
            ("256m", 256 << 20),
            ("1 GiB", 1 << 30),
        ] {
            assert_eq!(size(text), Ok(Size(bytes)), "{text}");
        }
        for wrong in ["", "MiB", "1023k", "-1", "1.5G", "1parsec", "99999999999T"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Size(DEFAULT_MAX_SIZE).to_string(), "256MiB");
        assert_eq!(size("256MiB"), Ok(Size(DEFAULT_MAX_SIZE)));
    }

    #[test]
    fn ages_are_read_as_people_type_them() {
        for (text, hours) in [("90d", 90 * 24), ("2w", 14 * 24), ("36h", 36), ("1h30m", 1)] {
            assert_eq!(age(text).map(|age| age.as_secs() / 3_600), Ok(hours), "{text}");
        }
        for wrong in ["", "d", "0d", "-1d", "59m", "90 moons"] {
            assert!(age(wrong).is_err(), "{wrong}");
        }
        assert_eq!(age("90d"), Ok(crate::history::DEFAULT_KEEP));
    }

    #[test]
    fn a_time_without_a_zone_is_the_readers() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let now: Timestamp = "2026-11-23T23:30:00Z".parse().unwrap();
        for (text, moment) in [
            ("today", "2026-11-23T23:00:00Z"),
            ("yesterday", "2026-11-22T23:00:00Z"),
            ("2026-11-24T00:10", "2026-11-23T23:10:00Z"),
        ] {
            assert_eq!(
                since(text).unwrap().moment(now, &berlin).to_string(),
                moment,
                "{text}"
            );
        }
    }

    #[test]
    fn since_is_a_duration_or_a_moment() {
        let now: Timestamp = "2026-11-24T13:00:00Z".parse().unwrap();
        for (text, moment) in [
            ("2h", "2026-11-24T11:00:00Z"),
            ("7d", "2026-11-17T13:00:00Z"),
            ("2026-11-24", "2026-11-24T00:00:00Z"),
            ("2026-11-24T12:30", "2026-11-24T12:30:00Z"),
            ("2026-11-24 12:30:05", "2026-11-24T12:30:05Z"),
            ("2026-11-24T12:30:00+02:00", "2026-11-24T10:30:00Z"),
            ("today", "2026-11-24T00:00:00Z"),
            ("yesterday", "2026-11-23T00:00:00Z"),
        ] {
            assert_eq!(
                since(text).map(|since| since.moment(now, &TimeZone::UTC).to_string()),
                Ok(moment.to_owned()),
                "{text}"
            );
        }
        for wrong in ["", "last week", "2026-13-01", "24.11.2026"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
