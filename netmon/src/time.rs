//! Time as data: moments on one clock, and the wall's time for them.
//!
//! A capture's moments are those of its packets, already on the wall clock. Live ones are of the boot clock
//! (`CLOCK_BOOTTIME`: it counts a suspend, and nobody can set it); their wall time is found by an offset that
//! is read again at each poll. This file reads no clock.

use std::time::Duration;

use jiff::fmt::temporal::DateTimePrinter;
use jiff::{SignedDuration, Timestamp};

/// Nanoseconds in a second.
pub const SECOND_NS: u64 = 1_000_000_000;

/// A moment: nanoseconds since the clock's zero (the boot, or 1970-01-01T00:00:00Z in a capture).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

impl Time {
    /// From nanoseconds since the clock's zero.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the clock's zero.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The whole second that the moment lies in.
    pub const fn second(self) -> u64 {
        self.0 / SECOND_NS
    }

    /// The start of a whole second.
    pub const fn at_second(second: u64) -> Self {
        Self(second.saturating_mul(SECOND_NS))
    }

    /// The whole second that the moment is the start of, else the next one.
    pub const fn ceil_second(self) -> u64 {
        self.0.div_ceil(SECOND_NS)
    }

    /// How long after `earlier` this is; zero if it is not after it.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// The moment that much later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// The moment that much earlier; the clock's zero where it is not so old.
    #[must_use]
    pub fn before(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_sub(nanos))
    }
}

/// A duration as people type it, longer than zero: `500ms`, `30s`, `5m`, `1h30m`.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration; write a number and a unit, such as 500ms, 30s or 5m");
    let span: SignedDuration = text.trim().parse().map_err(|_| wrong())?;
    let duration = Duration::try_from(span).map_err(|_| wrong())?;
    if duration.is_zero() {
        return Err("it must be longer than zero".to_owned());
    }
    Ok(duration)
}

/// A duration as [`parse_duration`] takes it, in the largest unit that it is whole in: `90s`, `10m`, `500ms`.
pub fn duration_text(duration: Duration) -> String {
    const UNITS: [(u128, &str); 5] = [
        (3_600 * 1_000_000_000, "h"),
        (60 * 1_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ];
    let nanos = duration.as_nanos();
    let whole = |(unit, _): &&(u128, &str)| nanos >= *unit && nanos.is_multiple_of(*unit);
    match UNITS.iter().find(whole) {
        Some((unit, name)) => format!("{}{name}", nanos / unit),
        None => format!("{nanos}ns"),
    }
}

/// What to add to a moment to have nanoseconds of Unix time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WallOffset(i64);

impl WallOffset {
    /// A capture's: its moments are wall time already.
    pub const NONE: Self = Self(0);

    /// The difference of the wall clock and the other, both read now.
    pub const fn new(wall_ns: i64, clock_ns: u64) -> Self {
        Self(wall_ns.wrapping_sub(clock_ns.cast_signed()))
    }

    /// The wall's time for a moment.
    pub fn wall(self, time: Time) -> Timestamp {
        let nanos = i128::from(time.nanos()) + i128::from(self.0);
        Timestamp::from_nanosecond(nanos).unwrap_or(Timestamp::MAX)
    }

    /// The moment of a wall time; what lies before the clock's zero is that zero.
    pub fn time(self, wall: Timestamp) -> Time {
        let nanos = wall.as_nanosecond() - i128::from(self.0);
        Time(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }

    /// The same as the contract prints it: RFC 3339, UTC, microseconds (`2026-11-24T13:24:32.192571Z`).
    pub fn rfc3339(self, time: Time) -> String {
        rfc3339(self.wall(time))
    }
}

/// A wall time as the contract prints it: RFC 3339, UTC, microseconds, cut, not rounded.
pub fn rfc3339(wall: Timestamp) -> String {
    const MICROSECONDS: DateTimePrinter = DateTimePrinter::new().precision(Some(6));
    MICROSECONDS.timestamp_to_string(&wall)
}

/// When the minute of the wall clock began that this second of Unix time lies in.
pub const fn start_of_minute(second: i64) -> i64 {
    second - second.rem_euclid(60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_printed_as_utc_with_microseconds() {
        let time = Time::from_nanos(1_000_000_000_192_571_999);
        assert_eq!(WallOffset::NONE.rfc3339(time), "2001-09-09T01:46:40.192571Z");
    }

    #[test]
    fn a_boot_time_is_shown_as_wall_time() {
        let offset = WallOffset::new(1_000_000_000_000_000_000, 5 * SECOND_NS);
        assert_eq!(offset.rfc3339(Time::at_second(7)), "2001-09-09T01:46:42.000000Z");
    }

    #[test]
    fn a_wall_time_is_a_moment_and_never_before_the_clocks_zero() {
        let offset = WallOffset::new(1_000_000_000_000_000_000, 5 * SECOND_NS);
        let wall = |seconds: i64| Timestamp::from_second(1_000_000_000 + seconds).unwrap();
        assert_eq!(offset.time(wall(2)), Time::at_second(7));
        assert_eq!(offset.wall(offset.time(wall(2))), wall(2));
        assert_eq!(offset.time(wall(-5)), Time::default());
        assert_eq!(offset.time(wall(-86_400)), Time::default());
    }

    #[test]
    fn durations_are_read_as_people_type_them() {
        assert_eq!(parse_duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(parse_duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_mins(90)));
        for wrong in ["", "30", "s", "-1s", "0s", "1 fortnight"] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_duration_is_shown_as_it_is_read() {
        for (millis, text) in [
            (2, "2ms"),
            (1_500, "1500ms"),
            (90_000, "90s"),
            (600_000, "10m"),
            (7_200_000, "2h"),
        ] {
            let duration = Duration::from_millis(millis);
            assert_eq!(duration_text(duration), text);
            assert_eq!(parse_duration(text), Ok(duration), "{text}");
        }
        let odd = Duration::from_nanos(1_234_567);
        assert_eq!(parse_duration(&duration_text(odd)), Ok(odd));
    }

    #[test]
    fn time_since_a_later_moment_is_zero() {
        assert_eq!(Time::at_second(1).since(Time::at_second(2)), Duration::ZERO);
    }
}
