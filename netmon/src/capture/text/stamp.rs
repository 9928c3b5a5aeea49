//! Time stamps as tcpdump prints them, and where a record begins.

use jiff::civil::{Date, Time};

use super::grammar::endpoint::{Endpoint, is_mac};
use super::grammar::header::is_not_ip;
use super::grammar::words::bare;
use crate::time::SECOND_NS;

/// A time stamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// `13:24:32.192571`, with `-tttt` behind a date. A delta (`-ttt`, `-ttttt`) looks the same.
    Clock(Option<Date>, Time),
    /// A delta back in time: `-00:00:00.000012`.
    Before(Time),
    /// `1732455872.192571`, nanoseconds since 1970 (`-tt`).
    Epoch(u64),
    /// A date whose time stands on the next line.
    Date(Date),
    /// None is printed (`-t`).
    None,
}

/// Years that a capture may be from: what fits both a file's time stamps and [`crate::time::Time`].
const YEARS: std::ops::RangeInclusive<i16> = 1970..=2500;
/// Seconds since 1970 that lie in these years.
const EPOCH_SECONDS: u64 = 16_725_225_600;

/// The time stamp that a line begins with, and how many of its words are its.
///
/// In front of it may stand a packet's number, with `-#` or as of a list.
pub fn read(words: &[&str]) -> Option<(Stamp, usize)> {
    if let Some((stamp, used)) = read_stamp(words) {
        return Some((stamp, used));
    }
    let (number, rest) = words.split_first()?;
    let number = number.strip_suffix(['.', ')', ':']).unwrap_or(number);
    if number.is_empty() || number.len() > 20 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (stamp, used) = read_stamp(rest)?;
    Some((stamp, used + 1))
}

fn read_stamp(words: &[&str]) -> Option<(Stamp, usize)> {
    let (&first, rest) = words.split_first()?;
    if let Some(date) = read_date(first) {
        return match rest.first() {
            Some(time) => Some((Stamp::Clock(Some(date), read_time(time)?), 2)),
            None => Some((Stamp::Date(date), 1)),
        };
    }
    if let Some(time) = first.strip_prefix('-').and_then(read_time) {
        return Some((Stamp::Before(time), 1));
    }
    if let Some(time) = read_time(first) {
        // Whoever typed a log may have left out the fraction; but then it must be a packet that follows.
        let certain = first.contains('.')
            || rest
                .first()
                .is_some_and(|word| matches!(bare(word), "IP" | "IP6" | "ARP"));
        return certain.then_some((Stamp::Clock(None, time), 1));
    }
    // NTP's answers hold such numbers too, with an explanation in parentheses behind.
    let epoch = read_epoch(first)?;
    let explained = rest.first().is_some_and(|word| word.starts_with('('));
    (!explained).then_some((Stamp::Epoch(epoch), 1))
}

fn read_date(word: &str) -> Option<Date> {
    let [year, month, day] = split(word, '-')?;
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let date = Date::new(number(year)?, number(month)?, number(day)?).ok()?;
    YEARS.contains(&date.year()).then_some(date)
}

/// `HH:MM:SS`, with or without a fraction.
fn read_time(word: &str) -> Option<Time> {
    let [hour, minute, rest] = split(word, ':')?;
    let (second, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
    if hour.len() > 2 || minute.len() != 2 || second.len() != 2 {
        return None;
    }
    let nanos = i32::try_from(read_fraction(fraction)?).ok()?;
    Time::new(number(hour)?, number(minute)?, number(second)?, nanos).ok()
}

fn read_epoch(word: &str) -> Option<u64> {
    let (seconds, fraction) = word.split_once('.')?;
    // tcpdump prints six digits, or nine.
    if !matches!(fraction.len(), 6 | 9) {
        return None;
    }
    let seconds: u64 = number(seconds).filter(|seconds| *seconds < EPOCH_SECONDS)?;
    Some(seconds * SECOND_NS + read_fraction(fraction)?)
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

/// Whether a line may be the first of a record without a time stamp (`-t`).
pub fn begins_untimed(words: &[&str]) -> bool {
    const DIRECTIONS: &[&str] = &["In", "Out", "B", "M", "P"];
    let word = |place: usize| words.get(place).copied();
    let is_direction = |place| word(place).is_some_and(|word| DIRECTIONS.contains(&word));
    let Some(first) = word(0) else { return false };
    match first {
        "IP" | "IP6" => match word(1) {
            None => true,
            Some(second) => {
                second.starts_with(['(', '['])
                    || second.starts_with("truncated-ip")
                    || second.starts_with("bad-")
                    || Endpoint::read(second).is_some()
                    || word(2).is_some_and(|third| third.ends_with(':'))
            }
        },
        _ if is_not_ip(bare(first)) => words.len() > 1,
        _ if is_direction(0) => word(1).is_some_and(is_mac),
        // An interface's name.
        _ if is_direction(1) => word(2).is_none_or(|word| matches!(word, "IP" | "IP6" | "ARP," | "ifindex")),
        _ => is_mac(first),
    }
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

    #[test]
    fn a_record_without_a_time_is_known_by_its_first_words() {
        let cases = [
            ("IP 203.0.113.2 > 192.51.100.15: ICMP", true),
            ("IP gateway laptop: ICMP", true),
            ("IP", true),
            ("IP6 (hlim 64,", true),
            ("IP truncated-ip - 27 bytes missing!", true),
            ("ARP, Request who-has", true),
            ("eth0 In IP 203.0.113.2", true),
            ("In 02:00:00:00:00:01 ethertype", true),
            ("02:00:00:00:00:01 02:00:00:00:00:02, ethertype", true),
            ("IP addresses are numbers", false),
            ("ARP,", false),
            ("In the beginning", false),
            ("203.0.113.2.53:", false),
            ("", false),
        ];
        for (text, begins) in cases {
            let words: Vec<_> = text.split_whitespace().collect();
            assert_eq!(begins_untimed(&words), begins, "{text}");
        }
    }
}
