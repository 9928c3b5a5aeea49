//! What could not be read, with its places: a few of them by line, the rest counted.

use netmon_common::DnsPorts;

use super::super::limits::HOST_NAMES;
use super::super::unreadable::UnreadablePackets;
use super::grammar::read::Note;
use crate::model::{Warning, WarningKind};

/// Places that a warning lists at most.
const PLACES: usize = 10;
/// Characters of a line that a warning shows at most.
const EXCERPT: usize = 60;

/// What was found wrong in a text.
#[derive(Clone, Debug, Default)]
pub struct Complaints {
    /// Lines that are nothing that tcpdump prints, or end in the middle of it.
    pub lines: Places,
    /// Packets with a host's name in place of its address, where too many others are known.
    pub host_names: Places,
    /// Records that are longer than a packet's ever are.
    pub overlong: Places,
    /// Packets printed in a form that does not tell queries from answers.
    pub quiet: Places,
    /// Packets that are DNS or ICMP errors, or may be, and that tcpdump could not read.
    pub unreadable: UnreadablePackets,
    /// Packets that carry others, at which nobody looks.
    pub tunnels: Places,
    /// Packets printed in columns.
    pub columns: Places,
    /// Names that stand in place of addresses.
    pub names: Names,
    /// Lines that have an error of DNS in them, and were not read as one.
    pub errors: Errors,
}

/// The names that stand in place of addresses, a few of them.
#[derive(Clone, Debug, Default)]
pub struct Names(Vec<String>);

impl Names {
    /// A name that stands in place of an address.
    pub fn add(&mut self, name: &str) {
        let name = excerpt(name);
        if self.0.len() < PLACES && !self.0.contains(&name) {
            self.0.push(name);
        }
    }
}

/// Lines that have the sentence in them that netmon exists for, and were not read as a packet.
#[derive(Clone, Debug, Default)]
pub struct Errors(Places);

impl Errors {
    /// Looks for errors of DNS in a text of which so many were read.
    pub fn add_unread(&mut self, line: u64, text: &str, read: usize, ports: &DnsPorts) {
        if text.len() < SHORTEST || errors_in(text, ports) <= read {
            return;
        }
        self.0.add(line, text.trim_end());
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.count == 0
    }
}

/// `port 53 unreachable`, less than which no error is.
const SHORTEST: usize = 19;

/// How often a text says that a DNS port is unreachable: `udp port 53 unreachable`, or of IPv6 `unreachable port, 2001:db8::2 udp port
/// 53`, however it is written.
fn errors_in(text: &str, ports: &DnsPorts) -> usize {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_ascii_alphanumeric());
        bare.to_ascii_lowercase()
    };
    let is_dns = |port: &str| port == "domain" || port.parse().is_ok_and(|port| ports.contains(port));
    let mut last: [String; 8] = Default::default();
    let mut count = 0;
    for next in text.split_whitespace() {
        last.rotate_left(1);
        if let Some(place) = last.last_mut() {
            *place = word(next);
        }
        count += usize::from(match last.each_ref().map(String::as_str) {
            [.., "port", port, "unreachable"] => is_dns(port),
            // Between them stands the address, in one piece or more.
            [before @ .., "udp" | "tcp", "port", port] => {
                is_dns(port) && before.windows(2).any(|words| words == ["unreachable", "port"])
            }
            _ => false,
        });
    }
    count
}

/// Places of one kind.
#[derive(Clone, Debug, Default)]
pub struct Places {
    count: u64,
    listed: Vec<(u64, String)>,
}

impl Places {
    /// One more, on this line, which begins with these words.
    pub fn add(&mut self, line: u64, text: &str) {
        self.count += 1;
        if self.listed.len() < PLACES {
            self.listed.push((line, excerpt(text)));
        }
    }

    /// `1 packet is`, `2 packets are`.
    fn counted(&self, noun: &str) -> String {
        let count = self.count;
        if count == 1 {
            format!("1 {noun} is")
        } else {
            format!("{count} {noun}s are")
        }
    }

    /// `lines 3 and 9`, `lines 1, 2, 3 and 7 more`.
    fn numbers(&self) -> String {
        self.list(|(line, _)| line.to_string())
    }

    fn list(&self, show: impl Fn(&(u64, String)) -> String) -> String {
        let mut shown: Vec<String> = self.listed.iter().map(show).collect();
        let more = self.count - self.listed.len() as u64;
        let last = if more > 0 {
            Some(format!("{more} more"))
        } else {
            shown.pop()
        };
        let noun = if self.count == 1 { "line" } else { "lines" };
        match (shown.is_empty(), last) {
            (true, Some(last)) => format!("{noun} {last}"),
            (false, Some(last)) => format!("{noun} {} and {last}", shown.join(", ")),
            (_, None) => noun.to_owned(),
        }
    }
}

impl Complaints {
    /// Takes what is to be said of a packet that was read.
    pub fn note(&mut self, note: Option<Note>, line: u64, text: &str) {
        match note {
            Some(Note::Quiet) => self.quiet.add(line, text),
            Some(Note::Tunnel) => self.tunnels.add(line, text),
            Some(Note::Columns) => self.columns.add(line, text),
            Some(Note::Unreadable(fault)) => self.unreadable.add(fault),
            None => {}
        }
    }

    /// As warnings.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::from_iter(self.unreadable.warning());
        let mut warn = |places: &Places, warning, message: String| {
            if places.count > 0 {
                warnings.push(Warning::new(warning, message));
            }
        };
        warn(
            &self.lines,
            WarningKind::UnreadableLines,
            format!(
                "{} not what tcpdump prints: {}",
                self.lines.counted("line"),
                self.lines.list(|(line, text)| format!("{line} (`{text}`)")),
            ),
        );
        warn(
            &self.host_names,
            WarningKind::HostNamesLeftOut,
            format!(
                "{} left out, for more than {HOST_NAMES} names stand in place of addresses ({}): print the capture again with `tcpdump -n`",
                self.host_names.counted("packet"),
                self.host_names.numbers(),
            ),
        );
        warn(
            &self.overlong,
            WarningKind::OverlongText,
            format!(
                "{} longer than any packet's, and the rest left out ({})",
                self.overlong.counted("text"),
                self.overlong.numbers(),
            ),
        );
        warn(
            &self.quiet,
            WarningKind::QuietText,
            format!(
                "{} printed without what {} (by `tcpdump -q`, or because tcpdump does not know the port; {}): names, ids, response codes and TCP flags are not known",
                self.quiet.counted("packet"),
                if self.quiet.count == 1 {
                    "it carries"
                } else {
                    "they carry"
                },
                self.quiet.numbers(),
            ),
        );
        warn(
            &self.tunnels,
            WarningKind::Tunnel,
            format!(
                "{} a tunnel's (PPPoE, GRE, VXLAN, MPLS, IP in IP; {}): what is inside is not looked at; capture on the tunnel's own interface",
                self.tunnels.counted("packet"),
                self.tunnels.numbers(),
            ),
        );
        warn(
            &self.columns,
            WarningKind::SummaryText,
            format!(
                "{} printed in columns, as tshark and Wireshark do ({}): they show neither the ports of DNS nor which packet an error is about, so the port is taken as the first of --port, and an error as about the last query between the two hosts, or else the client's last; `tshark -r FILE -w OUT` or tcpdump's text says it exactly",
                self.columns.counted("packet"),
                self.columns.numbers(),
            ),
        );
        warn(
            &self.errors.0,
            WarningKind::UnreadErrors,
            format!(
                "{} not read as a packet although `port 53 unreachable` stands there: {}; not counted. Paste these lines as tcpdump printed them",
                self.errors.0.counted("line"),
                self.errors.0.list(|(line, text)| format!("{line} (`{text}`)")),
            ),
        );
        if !self.names.0.is_empty() {
            let names: Vec<String> = self.names.0.iter().map(|name| format!("`{name}`")).collect();
            warnings.push(Warning::new(
                WarningKind::HostNames,
                format!(
                    "names, or addresses that were made unreadable, stand in place of addresses ({}{}): each is taken as one host; `tcpdump -n` prints addresses",
                    names.join(", "),
                    if names.len() == PLACES { " and perhaps more" } else { "" },
                ),
            ));
        }
        warnings
    }
}

/// The start of a line, with what a terminal would obey escaped.
fn excerpt(text: &str) -> String {
    let mut excerpt: String = text.chars().take(EXCERPT).flat_map(char::escape_debug).collect();
    if text.chars().nth(EXCERPT).is_some() {
        excerpt.push('…');
    }
    excerpt
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warn(lines: std::ops::RangeInclusive<u64>) -> Vec<String> {
        let mut complaints = Complaints::default();
        for line in lines {
            complaints.host_names.add(line, "");
            complaints.lines.add(line, "a\u{1b}[1mb");
        }
        complaints
            .warnings()
            .into_iter()
            .map(|warning| warning.message)
            .collect()
    }

    #[test]
    fn places_are_listed_and_the_rest_is_counted() {
        const ADVICE: &str = "print the capture again with `tcpdump -n`";
        assert_eq!(
            warn(3..=3),
            [
                "1 line is not what tcpdump prints: line 3 (`a\\u{1b}[1mb`)".to_owned(),
                format!(
                    "1 packet is left out, for more than 4096 names stand in place of addresses (line 3): {ADVICE}"
                ),
            ]
        );
        assert_eq!(
            warn(3..=4),
            [
                "2 lines are not what tcpdump prints: lines 3 (`a\\u{1b}[1mb`) and 4 (`a\\u{1b}[1mb`)"
                    .to_owned(),
                format!(
                    "2 packets are left out, for more than 4096 names stand in place of addresses (lines 3 and 4): {ADVICE}"
                ),
            ]
        );
        assert_eq!(
            warn(1..=14)[1],
            format!(
                "14 packets are left out, for more than 4096 names stand in place of addresses (lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 4 more): {ADVICE}"
            )
        );
    }

    #[test]
    fn an_error_of_dns_is_found_however_it_is_written() {
        for (text, errors) in [
            ("ICMP 203.0.113.2 udp port 53 unreachable, length 69", 1),
            ("icmp: 203.0.113.2 UDP port domain Unreachable", 1),
            ("(tcp port 53 unreachable)", 1),
            ("udp port 53 unreachable; udp port 53 unreachable", 2),
            ("udp port 5353 unreachable", 0),
            ("port 53 is unreachable", 0),
        ] {
            assert_eq!(errors_in(text, &DnsPorts::DEFAULT), errors, "{text}");
        }
    }

    #[test]
    fn a_long_line_is_shown_in_part() {
        assert_eq!(excerpt(&"x".repeat(61)).chars().count(), EXCERPT + 1);
        assert_eq!(excerpt(&"x".repeat(60)), "x".repeat(60));
    }
}
