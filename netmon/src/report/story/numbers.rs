//! Numbers, times and lists as people write them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::time::{SECOND_NS, Time};

/// `1,234,567`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `no query`, `1 query`, `3 queries`.
pub fn count(count: u64, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        _ => format!("{} {many}", number(count)),
    }
}

/// How often: `once`, `twice`, `3 times`.
pub fn times(count: u64) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        _ => format!("{} times", number(count)),
    }
}

/// A small number as a word: `no`, `one`, ... `twelve`, then digits.
pub fn spelled(count: usize) -> String {
    const WORDS: [&str; 13] = [
        "no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
        "twelve",
    ];
    WORDS
        .get(count)
        .map_or_else(|| number(count as u64), |&word| word.into())
}

/// A part of a whole: `99.7%`. Never `100%` where something is missing, never `0%` where something is there;
/// `None` without a whole. A part beyond the whole is all of it.
pub fn percent(part: u64, whole: u64) -> Option<String> {
    let share = (u128::from(part.min(whole)) * 1_000 + u128::from(whole) / 2).checked_div(whole.into())?;
    Some(match share {
        0 if part == 0 => "0%".into(),
        0 => "under 0.1%".into(),
        1_000 if part >= whole => "100%".into(),
        1_000 => "over 99.9%".into(),
        _ => format!("{}.{}%", share / 10, share % 10),
    })
}

/// A length of time that was measured in microseconds.
pub fn micros(micros: u64) -> String {
    duration(Duration::from_micros(micros))
}

/// A length of time: `85 µs`, `850 ms`, `3.9 s`, `4 min 18 s`, `2 h 5 min`, `3 d 4 h`.
pub fn duration(duration: Duration) -> String {
    const TENTHS_OF_A_MINUTE: u128 = 600;
    let nanos = duration.as_nanos();
    let tenths = (nanos + 50_000_000) / 100_000_000;
    if nanos < 999_500 {
        format!("{} µs", (nanos + 500) / 1_000)
    } else if nanos < 9_950_000 {
        tenths_of((nanos + 50_000) / 100_000, "ms")
    } else if nanos < 999_500_000 {
        format!("{} ms", (nanos + 500_000) / 1_000_000)
    } else if tenths < TENTHS_OF_A_MINUTE {
        tenths_of(tenths, "s")
    } else {
        let seconds = (nanos + 500_000_000) / 1_000_000_000;
        let minutes = (seconds + 30) / 60;
        if seconds < 3_600 {
            two(seconds / 60, "min", seconds % 60, "s")
        } else if minutes < 24 * 60 {
            two(minutes / 60, "h", minutes % 60, "min")
        } else {
            let hours = (minutes + 30) / 60;
            two(hours / 24, "d", hours % 24, "h")
        }
    }
}

fn tenths_of(tenths: u128, unit: &str) -> String {
    match tenths % 10 {
        0 => format!("{} {unit}", tenths / 10),
        tenth => format!("{}.{tenth} {unit}", tenths / 10),
    }
}

fn two(large: u128, large_unit: &str, small: u128, small_unit: &str) -> String {
    match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    }
}

/// How moments are written: in whose clock, and how sure that is.
#[derive(Clone, Debug)]
pub struct Clock {
    /// The zone.
    pub zone: TimeZone,
    /// Whether the input did not say its date.
    pub date_is_assumed: bool,
    /// Whether it did not say its year.
    pub year_is_assumed: bool,
}

/// In UTC, nothing assumed.
pub static UTC: Clock = Clock::new(TimeZone::UTC);

impl Clock {
    /// In a zone, nothing assumed.
    pub const fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            date_is_assumed: false,
            year_is_assumed: false,
        }
    }

    fn format(&self, moment: Timestamp, format: &str) -> String {
        moment.to_zoned(self.zone.clone()).strftime(format).to_string()
    }

    /// The zone's name at a moment: `UTC`, `CET`.
    pub fn name(&self, moment: Timestamp) -> String {
        self.format(moment, "%Z")
    }

    /// A moment in a table: `2026-11-24 13:24:32.192571 UTC`. Microseconds, cut, not rounded.
    pub fn exact(&self, moment: Timestamp) -> String {
        let mark = match (self.date_is_assumed, self.year_is_assumed) {
            (true, _) => " (date assumed)",
            (false, true) => " (year assumed)",
            (false, false) => "",
        };
        self.format(moment, "%Y-%m-%d %H:%M:%S%.6f %Z") + mark
    }

    /// A moment in a table where the second is enough: `2026-11-24 13:24:32`.
    pub fn second(&self, moment: Timestamp) -> String {
        self.format(moment, "%Y-%m-%d %H:%M:%S")
    }

    /// The time of day, to the second: `13:24:32`.
    pub fn time(&self, moment: Timestamp) -> String {
        self.format(moment, "%H:%M:%S")
    }

    /// The time of day, exactly: `13:24:32.192571`.
    pub fn exact_time(&self, moment: Timestamp) -> String {
        self.format(moment, "%H:%M:%S%.6f")
    }

    /// The day: `24 November 2026`.
    pub fn day(&self, moment: Timestamp) -> String {
        let mark = match (self.date_is_assumed, self.year_is_assumed) {
            (true, _) => " (assumed)",
            (false, true) => " (year assumed)",
            (false, false) => "",
        };
        self.format(moment, "%-d %B %Y") + mark
    }

    /// By how many nanoseconds the zone is ahead of UTC; where it is behind, by how many it is ahead on the day before.
    pub fn ahead_of_utc(&self, time: Time) -> u64 {
        const DAY: i64 = 86_400;
        let moment = Timestamp::from_nanosecond(time.nanos().into()).unwrap_or(Timestamp::MAX);
        let seconds = i64::from(self.zone.to_offset(moment).seconds()).rem_euclid(DAY);
        seconds.unsigned_abs() * SECOND_NS
    }

    /// A mark on an axis of time.
    pub fn mark(&self, moment: Timestamp, format: &str) -> String {
        self.format(moment, format)
    }

    /// A moment in prose: `13:24:32 UTC on 24 November 2026`.
    pub fn moment(&self, moment: Timestamp) -> String {
        format!(
            "{} {} on {}",
            self.time(moment),
            self.name(moment),
            self.day(moment)
        )
    }

    /// A stretch of time in prose: `from 13:24:32 to 13:28:50 UTC on 24 November 2026`.
    pub fn stretch(&self, from: Timestamp, to: Timestamp) -> String {
        if self.day(from) != self.day(to) {
            return format!("from {} to {}", self.moment(from), self.moment(to));
        }
        if self.time(from) == self.time(to) {
            return format!("at {}", self.moment(from));
        }
        format!("from {} to {}", self.time(from), self.moment(to))
    }
}

/// From one moment to another; zero if the other is not later.
pub fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or(Duration::ZERO)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (n, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(n), text);
        }
    }

    #[test]
    fn one_of_a_kind_is_singular() {
        for (n, text) in [
            (0, "no query"),
            (1, "1 query"),
            (2, "2 queries"),
            (1_000, "1,000 queries"),
        ] {
            assert_eq!(count(n, "query", "queries"), text);
        }
        assert_eq!((spelled(12), spelled(13)), ("twelve".into(), "13".into()));
    }

    #[test]
    fn a_share_never_hides_what_is_missing_or_what_is_there() {
        let cases = [
            (0, 3, Some("0%")),
            (3, 3, Some("100%")),
            (5, 3, Some("100%")),
            (1, 3, Some("33.3%")),
            (2, 3, Some("66.7%")),
            (1, 100_000, Some("under 0.1%")),
            (99_999, 100_000, Some("over 99.9%")),
            (u64::MAX, u64::MAX, Some("100%")),
            (0, 0, None),
        ];
        for (part, whole, text) in cases {
            assert_eq!(percent(part, whole).as_deref(), text, "{part} of {whole}");
        }
    }

    #[test]
    fn a_length_of_time_has_units_that_fit_it() {
        let cases = [
            (0, "0 µs"),
            (85_499, "85 µs"),
            (999_499, "999 µs"),
            (999_500, "1 ms"),
            (1_240_000, "1.2 ms"),
            (9_949_999, "9.9 ms"),
            (9_950_000, "10 ms"),
            (850_000_000, "850 ms"),
            (999_500_000, "1 s"),
            (3_905_993_000, "3.9 s"),
            (59_940_000_000, "59.9 s"),
            (59_960_000_000, "1 min"),
            (257_830_396_000, "4 min 18 s"),
            (3_599_600_000_000, "1 h"),
            (7_500_000_000_000, "2 h 5 min"),
            (86_399_000_000_000, "1 d"),
            (273_600_000_000_000, "3 d 4 h"),
        ];
        for (nanos, text) in cases {
            assert_eq!(duration(Duration::from_nanos(nanos)), text);
        }
    }

    #[test]
    fn a_stretch_names_its_day_once() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let from = at("2026-11-24T13:24:32.192571Z");
        let cases = [
            (from, "at 13:24:32 UTC on 24 November 2026"),
            (
                at("2026-11-24T13:28:50.022967Z"),
                "from 13:24:32 to 13:28:50 UTC on 24 November 2026",
            ),
            (
                at("2026-12-01T00:00:00Z"),
                "from 13:24:32 UTC on 24 November 2026 to 00:00:00 UTC on 1 December 2026",
            ),
        ];
        for (to, text) in cases {
            assert_eq!(UTC.stretch(from, to), text);
        }
        assert_eq!(UTC.exact(from), "2026-11-24 13:24:32.192571 UTC");
    }

    #[test]
    fn moments_are_written_in_the_clock_of_the_reader() {
        let moment = "2026-06-30T23:30:00Z".parse().unwrap();
        let clock = Clock {
            zone: TimeZone::get("Europe/Berlin").unwrap(),
            date_is_assumed: true,
            year_is_assumed: false,
        };
        assert_eq!(clock.moment(moment), "01:30:00 CEST on 1 July 2026 (assumed)");
        assert_eq!(
            clock.exact(moment),
            "2026-07-01 01:30:00.000000 CEST (date assumed)"
        );
    }
}
