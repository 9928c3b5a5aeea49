//! Time stamps as tcpdump and its like print them.

mod stuck;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};

use super::begins::{begins_packet, begins_with_name_of_ip};
use super::grammar::words::bare;
use crate::time::SECOND_NS;
pub use stuck::glued;

/// A time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// `13:24:32.192571`, with `-tttt` behind a date. A delta (`-ttt`, `-ttttt`) looks the same.
    Clock(Option<Date>, Time),
    /// `Nov 28 13:24:32.192571`: the year is not printed.
    MonthDay(i8, i8, Time),
    /// A delta back in time: `-00:00:00.000012`.
    Before(Time),
    /// `1732455872.192571`, nanoseconds since 1970 (`-tt`); also a date and time with its zone.
    Epoch(u64),
    /// `2.012345`: nanoseconds since the capture began, as `FortiGate` and tshark print them.
    Seconds(u64),
    /// A date whose time stands on the next line.
    Date(Date),
    /// None is printed (`-t`).
    None,
}

/// Years that a capture may be from: what fits both a file's time stamps and [`crate::time::Time`].
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2500;
/// Seconds since 1970 that lie in these years.
const EPOCH_SECONDS: u64 = 16_725_225_600;
/// Seconds since 1970 below which a number is how long a capture has run: no capture is from before 1980.
const FIRST_EPOCH: u64 = 315_532_800;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// The time stamp that a line begins with, and how many of its words are its.
///
/// In front of it may stand a packet's number, with `-#` or as of a list.
pub fn read(words: &[&str]) -> Option<(Stamp, usize)> {
    if let Some(found) = read_certain(words) {
        return Some(found);
    }
    let (number, rest) = words.split_first()?;
    let number = number.strip_suffix(['.', ')', ':']).unwrap_or(number);
    if number.is_empty() || number.len() > 20 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (stamp, used) = read_certain(rest)?;
    Some((stamp, used + 1))
}

/// A stamp that is one whatever follows, or that a packet follows.
pub fn read_certain(words: &[&str]) -> Option<(Stamp, usize)> {
    let (stamp, used) = read_any(words)?;
    let behind = words.get(used..).unwrap_or_default();
    let last = words.get(used - 1).copied().unwrap_or_default();
    let certain = match stamp {
        // Whoever typed a log may have left out the fraction; and a logger's date may be anybody's.
        Stamp::Clock(None, _) => last.contains('.') || begins_with_name_of_ip(behind),
        Stamp::Clock(Some(_), _) | Stamp::Date(_) | Stamp::Before(_) | Stamp::None => true,
        // NTP's answers hold such numbers too, with an explanation in parentheses behind.
        Stamp::Epoch(_) => !behind.first().is_some_and(|word| word.starts_with('(')),
        Stamp::MonthDay(..) | Stamp::Seconds(_) => begins_packet(behind),
    };
    certain.then_some((stamp, used))
}

/// Whatever looks like a stamp, and how many words it has.
pub fn read_any(words: &[&str]) -> Option<(Stamp, usize)> {
    let (&first, rest) = words.split_first()?;
    if !first.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-') {
        return None;
    }
    if let Some(date) = read_date(first) {
        return match rest.first() {
            Some(_) => {
                let (time, used) = read_time_of_day(rest)?;
                Some(with_zone(date, time, rest.get(used..)?, 1 + used))
            }
            None => Some((Stamp::Date(date), 1)),
        };
    }
    if let Some(stamp) = read_iso(first) {
        return Some((stamp, 1));
    }
    if let Some(found) = read_month(first, rest) {
        return Some(found);
    }
    if let Some(time) = first.strip_prefix('-').and_then(read_time) {
        return Some((Stamp::Before(time), 1));
    }
    if let Some((time, used)) = read_time_of_day(words) {
        return Some((Stamp::Clock(None, time), used));
    }
    let (nanos, digits) = read_seconds(first)?;
    if nanos >= FIRST_EPOCH * SECOND_NS || begins_with_name_of_ip(rest) {
        // tcpdump prints six digits, or nine.
        return matches!(digits, 6 | 9).then_some((Stamp::Epoch(nanos), 1));
    }
    Some((Stamp::Seconds(nanos), 1))
}

/// `2024-11-24`, `2024/11/24`.
pub fn read_date(word: &str) -> Option<Date> {
    let [year, month, day] = split(word, '-').or_else(|| split(word, '/'))?;
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let date = Date::new(number(year)?, number(month)?, number(day)?).ok()?;
    YEARS.contains(&date.year()).then_some(date)
}

/// `2024-11-24T13:24:32.192571Z`, with an offset, or without either.
fn read_iso(word: &str) -> Option<Stamp> {
    if !word.contains('T') || !word.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    if let Ok(time) = word.parse::<Timestamp>() {
        return epoch(time);
    }
    let time: DateTime = word.parse().ok()?;
    YEARS
        .contains(&time.year())
        .then_some(Stamp::Clock(Some(time.date()), time.time()))
}

/// `Nov 28 13:24:32.192571`, `Nov 28, 2026 13:24:32.192571000 UTC`.
fn read_month(first: &str, rest: &[&str]) -> Option<(Stamp, usize)> {
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == first)?.0;
    let (&day, rest) = rest.split_first()?;
    let day: i8 = number(day.strip_suffix(',').unwrap_or(day)).filter(|day| (1..=31).contains(day))?;
    let year = rest
        .first()
        .filter(|year| year.len() == 4)
        .and_then(|year| number::<i16>(year))
        .filter(|year| YEARS.contains(year));
    let behind = rest.get(usize::from(year.is_some())..)?;
    let (time, used) = read_time_of_day(behind)?;
    match year {
        Some(year) => {
            let date = Date::new(year, month, day).ok()?;
            Some(with_zone(date, time, behind.get(used..)?, 3 + used))
        }
        None => Some((Stamp::MonthDay(month, day, time), 2 + used)),
    }
}

/// A moment that may have its zone behind it.
fn with_zone(date: Date, time: Time, behind: &[&str], used: usize) -> (Stamp, usize) {
    let here = (Stamp::Clock(Some(date), time), used);
    let Some(&zone) = behind.first() else { return here };
    let offset = match zone {
        "UTC" | "GMT" | "Z" => "Z",
        _ if zone.len() >= 5
            && zone.starts_with(['+', '-'])
            && number::<u32>(&zone.replace(['+', '-', ':'], "")).is_some() =>
        {
            zone
        }
        // An abbreviation says nothing: half a dozen zones are EST.
        _ if (2..=5).contains(&zone.len())
            && zone.bytes().all(|byte| byte.is_ascii_uppercase())
            && !begins_with_name_of_ip(behind)
            && behind.get(1..).is_some_and(begins_packet) =>
        {
            return (here.0, used + 1);
        }
        _ => return here,
    };
    let text = format!("{date}T{time}{offset}");
    match text.parse::<Timestamp>().ok().and_then(epoch) {
        Some(stamp) => (stamp, used + 1),
        None => here,
    }
}

fn epoch(time: Timestamp) -> Option<Stamp> {
    let nanos = u64::try_from(time.as_nanosecond()).ok()?;
    (nanos < EPOCH_SECONDS * SECOND_NS).then_some(Stamp::Epoch(nanos))
}

/// A time of day, on a clock of 24 hours or of 12: `1:24:32.192571 PM`. And how many words it has.
fn read_time_of_day(words: &[&str]) -> Option<(Time, usize)> {
    let (&first, rest) = words.split_first()?;
    let half = |word: &str| match bare(word).to_ascii_lowercase().replace('.', "").as_str() {
        "am" => Some(0),
        "pm" => Some(12),
        _ => None,
    };
    let digits = first.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '\u{202f}');
    let (time, noon, used) = if digits.len() < first.len() {
        (digits, Some(half(first.get(digits.len()..)?)?), 1)
    } else {
        let noon = rest.first().and_then(|word| half(word));
        (first, noon, 1 + usize::from(noon.is_some()))
    };
    let time = read_time(time)?;
    let Some(noon) = noon else {
        return Some((time, used));
    };
    if !(1..=12).contains(&time.hour()) {
        return None;
    }
    let hour = time.hour() % 12 + noon;
    let time = Time::new(hour, time.minute(), time.second(), time.subsec_nanosecond()).ok()?;
    Some((time, used))
}

/// `HH:MM:SS`, with or without a fraction.
fn read_time(word: &str) -> Option<Time> {
    let [hour, minute, rest] = split(word, ':')?;
    let (second, fraction) = rest.split_once(['.', ',']).unwrap_or((rest, "0"));
    if hour.len() > 2 || minute.len() != 2 || second.len() != 2 {
        return None;
    }
    let nanos = i32::try_from(read_fraction(fraction)?).ok()?;
    Time::new(number(hour)?, number(minute)?, number(second)?, nanos).ok()
}

/// `1732455872.192571`: nanoseconds, and how many digits stand behind the point.
fn read_seconds(word: &str) -> Option<(u64, usize)> {
    let (seconds, fraction) = word.split_once('.')?;
    if !(3..=9).contains(&fraction.len()) {
        return None;
    }
    let seconds: u64 = number(seconds).filter(|seconds| *seconds < EPOCH_SECONDS)?;
    Some((seconds * SECOND_NS + read_fraction(fraction)?, fraction.len()))
}

/// Nanoseconds of up to nine digits behind the point.
fn read_fraction(digits: &str) -> Option<u64> {
    let places = u32::try_from(digits.len())
        .ok()
        .filter(|places| (1..=9).contains(places))?;
    Some(number::<u64>(digits)? * 10_u64.pow(9 - places))
}

/// A number of digits alone: `parse` would take a sign.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        text.parse().ok()
    } else {
        None
    }
}

fn split(word: &str, at: char) -> Option<[&str; 3]> {
    let mut parts = word.split(at);
    let three = [parts.next()?, parts.next()?, parts.next()?];
    parts.next().is_none().then_some(three)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn every_form_of_time_stamp_is_read() {
        let noon = time(12, 0, 0, 192_571_000);
        let cases: &[(&str, Stamp, usize)] = &[
            ("12:00:00.192571 IP", Stamp::Clock(None, noon), 1),
            ("12:00:00.192571", Stamp::Clock(None, noon), 1),
            (
                "12:00:00.192571004 IP",
                Stamp::Clock(None, time(12, 0, 0, 192_571_004)),
                1,
            ),
            ("12:00:00 IP", Stamp::Clock(None, time(12, 0, 0, 0)), 1),
            ("1732455872.192571 IP", Stamp::Epoch(1_732_455_872_192_571_000), 1),
            (
                "1732455872.192571004 IP",
                Stamp::Epoch(1_732_455_872_192_571_004),
                1,
            ),
            (
                "2024-11-24 12:00:00.192571 IP",
                Stamp::Clock(Some(date(2024, 11, 24)), noon),
                2,
            ),
            ("2024-11-24", Stamp::Date(date(2024, 11, 24)), 1),
            ("-12:00:00.192571 IP", Stamp::Before(noon), 1),
            ("17 12:00:00.192571 IP", Stamp::Clock(None, noon), 2),
            ("17. 12:00:00.192571 IP", Stamp::Clock(None, noon), 2),
            ("12:00:00.192571 PM IP", Stamp::Clock(None, noon), 2),
            ("12:00:00.192571PM IP", Stamp::Clock(None, noon), 1),
            ("12:00:00.192571 p.m. IP", Stamp::Clock(None, noon), 2),
            ("1:24:32 PM IP", Stamp::Clock(None, time(13, 24, 32, 0)), 2),
            ("12:24:32 AM IP", Stamp::Clock(None, time(0, 24, 32, 0)), 2),
            (
                "2024-11-24 1:24:32 PM IP",
                Stamp::Clock(Some(date(2024, 11, 24)), time(13, 24, 32, 0)),
                3,
            ),
            (
                "2024-11-24 14:44:32.192571 +0100 IP",
                Stamp::Epoch(1_732_455_872_192_571_000),
                3,
            ),
            (
                "2024-11-24T13:44:32.192571Z IP",
                Stamp::Epoch(1_732_455_872_192_571_000),
                1,
            ),
            (
                "Nov 24, 2024 13:44:32.192571000 UTC 192.0.2.15 203.0.113.2 DNS 82 Standard",
                Stamp::Epoch(1_732_455_872_192_571_000),
                5,
            ),
            (
                "Nov 24 12:00:00.192571 192.0.2.15.52444 203.0.113.2.53: 1+",
                Stamp::MonthDay(11, 24, noon),
                3,
            ),
            (
                "2.012345 port1 out 192.0.2.15.52444 203.0.113.2.53: udp 33",
                Stamp::Seconds(2_012_345_000),
                1,
            ),
            (
                "3 5.005012345 192.0.2.15 203.0.113.2 DNS 82 Standard query",
                Stamp::Seconds(5_005_012_345),
                2,
            ),
        ];
        for (text, stamp, used) in cases {
            let words: Vec<_> = text.split(' ').collect();
            assert_eq!(read(&words), Some((*stamp, *used)), "{text}");
        }
    }

    #[test]
    fn what_looks_like_a_time_stamp_and_is_none_is_refused() {
        for text in [
            "",
            "IP",
            "12:00:00 foo",
            "25:00:00.000001 IP",
            "12:60:00.000001",
            "12:00.1 IP",
            "+2:00:00.1 IP",
            "02:00:00:00:00:01",
            "1.192571.3",
            "3945.234234 (2025-01-01T00:00:00Z)",
            "2.012345 port1",
            "Nov 28 13:24:32 fw1 kernel: out of memory",
            "13:24:32.192571 PM IP",
            "1:24:32 PM foo",
            "12.5 IP",
            "1 2 3",
            "17",
            "2024-13-01",
            "2024-11-24 foo",
            "24-11-24",
            "12:00:00.0000000001 IP",
            "99999999999.000001 IP",
            "-1.000001",
        ] {
            let words: Vec<_> = text.split(' ').collect();
            assert_eq!(read(&words), None, "{text}");
        }
    }
}
