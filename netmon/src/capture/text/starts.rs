//! Where packets begin in a line: behind whatever a logger, a container runtime or `grep -n` put in front of them, and
//! behind each other where line ends got lost.
//!
//! A packet begins at a time stamp behind which stands what only a packet begins with.

use super::begins;
use super::grammar::{endpoint, summary, words};
use super::stamp::{self, Stamp};
use crate::time::SECOND_NS;

/// A line, split at the packets that begin in it.
#[derive(Debug, Default)]
pub struct Split<'a> {
    /// What stands in front of the first packet.
    pub before: Vec<&'a str>,
    /// The words of each packet, without its stamp.
    pub packets: Vec<(Stamp, Vec<&'a str>)>,
    /// The word that the first packet begins in.
    pub first: Option<&'a str>,
    /// Whether the packet's time is that of what stands in front of it.
    pub by_prefix: bool,
    /// Whether more packets seem to begin than it was to be split at.
    pub has_more: bool,
}

/// Splits the words of a line. `untimed`: packets may have no time of their own.
pub fn split<'a>(words: &[&'a str], untimed: bool) -> Split<'a> {
    split_up_to(words, untimed, usize::MAX)
}

/// Splits the words of a line at `most` packets. What a packet holds in quotes is its own.
pub fn split_up_to<'a>(words: &[&'a str], untimed: bool, most: usize) -> Split<'a> {
    let mut split = Split::default();
    let mut quotes = 0;
    let mut place = 0;
    while let Some(&word) = words.get(place) {
        let start = start_at(words, place).filter(|(front, ..)| {
            split.packets.is_empty() || (quotes + front.matches('"').count()).is_multiple_of(2)
        });
        split.has_more |= start.is_some() && split.packets.len() >= most;
        if let Some((front, stamp, used)) = start.filter(|_| split.packets.len() < most) {
            if !front.is_empty() {
                split.push(front);
            }
            let first = word.get(front.len()..).unwrap_or(word);
            split.first = split.first.or(Some(first));
            split.drop_number();
            split.packets.push((stamp, Vec::new()));
            quotes = 0;
            place += used;
        } else {
            split.push(word);
            quotes += word.matches('"').count();
            place += 1;
        }
    }
    if split.packets.is_empty() && untimed {
        return untimed_split(words).unwrap_or(split);
    }
    split
}

impl<'a> Split<'a> {
    /// What stands in front of a packet.
    pub fn in_front(text: &'a str) -> Self {
        Self {
            before: words::of_line(text).collect(),
            ..Self::default()
        }
    }

    fn push(&mut self, word: &'a str) {
        match self.packets.last_mut() {
            Some((_, words)) => words.push(word),
            None => self.before.push(word),
        }
    }

    /// Whether what stands in front of the first packet opens quotes.
    pub fn ends_in_quotes(&self) -> bool {
        let quotes: usize = self.before.iter().map(|word| word.matches('"').count()).sum();
        !quotes.is_multiple_of(2)
    }

    /// Drops the number (`-#`) of the next packet, which stands behind the last one, if the first has one in front.
    fn drop_number(&mut self) {
        let number = |word: Option<&&str>| word.and_then(|word| word.parse::<usize>().ok());
        let first = number(self.before.last());
        let next = first.and_then(|first| first.checked_add(self.packets.len()));
        if let Some((_, words)) = self.packets.last_mut()
            && next.is_some()
            && number(words.last()) == next
        {
            words.pop();
        }
    }

    /// Whether what stands in front of the first packet is a packet itself.
    pub fn is_behind_addresses(&self) -> bool {
        (0..self.before.len()).any(|place| {
            self.before
                .get(place..)
                .is_some_and(endpoint::begins_with_addresses)
        })
    }

    /// Whether a line of columns has nothing but its number in front: that is none of somebody else.
    pub fn is_numbered_columns(&self) -> bool {
        let is_number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
        matches!(self.before.as_slice(), [number] if is_number(number))
            && matches!(self.packets.as_slice(), [(_, words)] if summary::is_next(words))
    }

    /// The stamp that stands in front of the first packet and says a date.
    pub fn date(&self) -> Option<Stamp> {
        (0..self.before.len()).find_map(|place| match stamp::read_any(self.before.get(place..)?)?.0 {
            dated @ (Stamp::Clock(Some(_), _) | Stamp::Date(_) | Stamp::MonthDay(..) | Stamp::Epoch(_)) => {
                Some(dated)
            }
            Stamp::Clock(None, _) | Stamp::Before(_) | Stamp::Seconds(_) | Stamp::None => None,
        })
    }
}

/// The packet that begins at this word: what of the word is in front of it, its stamp, and how many words that is.
fn start_at<'a>(words: &[&'a str], place: usize) -> Option<(&'a str, Stamp, usize)> {
    let rest = words.get(place..)?;
    if let Some(stamp) = whole_seconds(words, place) {
        return Some(("", stamp, 1));
    }
    if let Some((stamp, used)) = stamp::read_any(rest)
        && begins::begins_packet(rest.get(used..)?)
    {
        return Some(("", stamp, used));
    }
    let (&word, behind) = rest.split_first()?;
    let (front, tail) = stamp::glued(word).or_else(|| {
        // `12:2026-11-28 13:24:32.192571`.
        let tail = word.get(word.len().checked_sub(10)?..)?;
        stamp::read_date(tail).map(|_| (word.strip_suffix(tail).unwrap_or(word), tail))
    })?;
    if front.is_empty() {
        return None;
    }
    // A stamp has four words at most.
    let words: Vec<&str> = std::iter::once(tail)
        .chain(behind.iter().take(12).copied())
        .collect();
    let (stamp, used) = stamp::read_certain(&words)?;
    begins::begins_packet(words.get(used..)?).then_some((front, stamp, used))
}

/// The seconds that tshark printed up to version 1.12 behind a packet's number, where standard output was no terminal.
fn whole_seconds(words: &[&str], place: usize) -> Option<Stamp> {
    let (number, rest) = words.get(place.checked_sub(1)?..)?.split_first()?;
    let (seconds, columns) = rest.split_first()?;
    let is_whole = |word: &str| word.len() < 9 && word.bytes().all(|byte| byte.is_ascii_digit());
    if !is_whole(number) || !is_whole(seconds) || !summary::is_next(columns) {
        return None;
    }
    Some(Stamp::Seconds(seconds.parse::<u64>().ok()? * SECOND_NS))
}

/// A packet without a time behind a prefix, whose time it then has.
fn untimed_split<'a>(words: &[&'a str]) -> Option<Split<'a>> {
    let place = (1..words.len()).find(|place| {
        words
            .get(*place)
            .is_some_and(|word| matches!(*word, "IP" | "IP6"))
            && words
                .get(place + 1..)
                .is_some_and(endpoint::begins_with_addresses)
    })?;
    let (before, packet) = words.split_at_checked(place)?;
    // What an IP packet carries stands behind it on its line.
    if (0..before.len()).any(|place| before.get(place..).is_some_and(endpoint::begins_with_addresses)) {
        return None;
    }
    let time = (0..before.len())
        .filter_map(|place| stamp::read_any(before.get(place..)?))
        .map(|(stamp, _)| stamp)
        .find(|stamp| !matches!(stamp, Stamp::Date(_) | Stamp::Seconds(_)));
    Some(Split {
        before: before.to_vec(),
        first: packet.first().copied(),
        packets: vec![(time.unwrap_or(Stamp::None), packet.to_vec())],
        by_prefix: time.is_some(),
        has_more: false,
    })
}

/// What stood in front of a packet, as a pattern: further lines of the packet have it too, with other numbers.
#[derive(Clone, Debug, Default)]
pub struct Prefix(String);

impl Prefix {
    /// Of a line whose packet begins at this byte.
    pub fn of(line: &str, start: usize) -> Self {
        Self(line.get(..start).unwrap_or_default().to_owned())
    }

    /// The line without it, where it begins with it.
    pub fn strip<'l>(&self, line: &'l str) -> &'l str {
        if self.0.is_empty() {
            return line;
        }
        let mut rest = line;
        let mut pattern = self.0.as_str();
        while let Some(expected) = pattern.chars().next() {
            let same_kind: fn(char) -> bool = if expected.is_ascii_digit() {
                |c| c.is_ascii_digit()
            } else if expected.is_whitespace() {
                char::is_whitespace
            } else {
                // `grep -C` has colons on lines that match, dashes on others.
                let matches = rest.starts_with(expected) || (expected == ':' && rest.starts_with('-'));
                if !matches {
                    return line;
                }
                pattern = pattern.get(expected.len_utf8()..).unwrap_or_default();
                rest = rest.get(1..).unwrap_or_default();
                continue;
            };
            let after = rest.trim_start_matches(same_kind);
            if after.len() == rest.len() {
                return line;
            }
            rest = after;
            pattern = pattern.trim_start_matches(same_kind);
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "13:24:32.192571 IP 192.0.2.15.52444 203.0.113.2.domain: 1+ A? a. (19)";
    const ERROR: &str = "13:24:36.098564 IP 203.0.113.2 192.0.2.15: ICMP 203.0.113.2 udp port 53 unreachable";

    #[test]
    fn a_packet_is_found_behind_whatever_stands_in_front_of_it() {
        for prefix in [
            "Nov 28 13:24:32 fw1 tcpdump[4711]: ",
            "Nov 28 13:24:32 ",
            "2026-11-28T13:24:32.123456+00:00 fw1 tcpdump: ",
            "2026-11-28T13:24:32.123456789Z ",
            "2026-11-28T13:24:32.123456789Z stdout F ",
            "2026-11-28 13:24:33 ",
            "00:00:05 ",
            "1732455872.192571 ",
            "dns-1 | ",
            "[pod/dns-abc/tcpdump] ",
            "12:",
            "capture.log:12:",
            "capture.log-12-",
            "\"",
            "[",
            "(",
            "12. ",
        ] {
            let text = format!("{prefix}{QUERY}");
            let words: Vec<&str> = text.split_whitespace().collect();
            let split = split(&words, true);
            assert_eq!(split.packets.len(), 1, "{text}");
            assert_eq!(split.packets[0].1.join(" "), QUERY[16..], "{text}");
            assert_eq!(split.first, Some("13:24:32.192571"), "{text}");
        }
    }

    #[test]
    fn what_stands_in_front_of_a_packet_says_its_date() {
        let date = jiff::civil::date(2026, 11, 28);
        let time = jiff::civil::time(13, 24, 32, 0);
        let epoch = Stamp::Epoch(1_795_872_272_000_000_000);
        let cases = [
            (
                "Nov 28 13:24:32 fw1 tcpdump[4711]: ",
                Some(Stamp::MonthDay(11, 28, time)),
            ),
            ("2026-11-28 13:24:32 ", Some(Stamp::Clock(Some(date), time))),
            ("2026-11-28T13:24:32.000000000Z stdout F ", Some(epoch)),
            ("2026-11-28T14:24:32.000000+01:00 fw1 tcpdump: ", Some(epoch)),
            ("1795872272.000000 ", Some(epoch)),
            ("00:00:05 ", None),
            ("12:", None),
        ];
        for (prefix, said) in cases {
            let text = format!("{prefix}{QUERY}");
            let words: Vec<&str> = text.split_whitespace().collect();
            assert_eq!(split(&words, true).date(), said, "{text}");
        }
    }

    #[test]
    fn whole_seconds_are_a_time_only_between_a_number_and_columns() {
        let cases = [
            (
                "1 3 10.0.0.1 10.0.0.2 DNS 109 Standard query 0xad93 A a.test",
                Some(3),
            ),
            ("1 10.0.0.1 10.0.0.2 DNS 109 Standard query 0xad93 A a.test", None),
            ("1 3 10.0.0.1.53 10.0.0.2.1234: 1 0/0/0 (12)", None),
        ];
        for (text, seconds) in cases {
            let words: Vec<&str> = text.split_whitespace().collect();
            let found = whole_seconds(&words, 1);
            assert_eq!(
                found,
                seconds.map(|seconds: u64| Stamp::Seconds(seconds * SECOND_NS)),
                "{text}"
            );
        }
    }

    #[test]
    fn packets_on_one_line_are_split() {
        for between in [" ", "", " | ", "; ", " Nov 28 13:24:36 fw1 tcpdump[1]: "] {
            let text = format!("{QUERY}{between}{ERROR}{between}{QUERY}");
            let words: Vec<&str> = text.split_whitespace().collect();
            let split = split(&words, true);
            let packets: Vec<String> = split.packets.iter().map(|(_, words)| words.join(" ")).collect();
            assert_eq!(packets.len(), 3, "{text}");
            assert!(
                packets[0].starts_with(&QUERY[16..]) && packets[1].starts_with(&ERROR[16..]),
                "{text}"
            );
            assert_eq!(packets[2], QUERY[16..], "{text}");
        }
    }

    #[test]
    fn a_packet_without_a_time_has_that_of_what_stands_in_front_of_it() {
        let packet = &QUERY[16..];
        for (prefix, timed) in [
            ("Nov 28 13:24:32 fw1 tcpdump[4711]: ", true),
            ("2026-11-28T13:24:32.123456789Z stdout F ", true),
            ("dns-1 | ", false),
        ] {
            let text = format!("{prefix}{packet}");
            let words: Vec<&str> = text.split_whitespace().collect();
            let split = split(&words, true);
            assert_eq!(split.packets[0].1.join(" "), packet, "{text}");
            assert_eq!(split.packets[0].0 != Stamp::None, timed, "{text}");
        }
    }

    #[test]
    fn further_lines_of_a_packet_lose_the_prefix_of_its_first() {
        let cases = [
            (
                "Nov 28 13:24:32 fw1 tcpdump[4711]: ",
                "Nov 28 13:24:33 fw1 tcpdump[4711]:     a",
                "a",
            ),
            ("12:", "13-    a", "    a"),
            ("capture.log:12:", "capture.log-13-a", "a"),
            ("Nov 28 13:24:32 ", "    192.0.2.1.5 > a", "    192.0.2.1.5 > a"),
            ("", "a", "a"),
        ];
        for (prefix, line, rest) in cases {
            assert_eq!(Prefix::of(prefix, prefix.len()).strip(line), rest, "{line}");
        }
    }
}
