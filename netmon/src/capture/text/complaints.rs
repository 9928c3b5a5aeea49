//! What could not be read, with its places: a few of them by line, the rest counted.

use super::super::limits::HOST_NAMES;
use super::super::unreadable::UnreadablePackets;
use super::grammar::read::Note;
use crate::model::{Warning, WarningKind};

mod errors;

pub use errors::Errors;

/// Places that a warning lists at most.
const PLACES: usize = 10;
/// As many packets that cannot be read may hide an incident, if they are such a part of those that are.
const FEW: u64 = 3;
const PART: u64 = 20;
/// Characters of a line that a warning shows at most.
const EXCERPT: usize = 60;

/// What was found wrong in a text.
#[derive(Clone, Debug, Default)]
pub struct Complaints {
    /// Lines that are nothing that tcpdump prints, or end in the middle of it.
    pub lines: Places,
    /// Lines that have what looks like another packet behind their own.
    pub joined: Places,
    /// Queries whose lines are cut within the name that they ask for.
    pub cut: Places,
    /// Packets that could not be read.
    pub unread: u64,
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

    /// As warnings. `read`: how many packets were.
    pub fn warnings(&self, read: u64) -> Vec<Warning> {
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
            self.errors.places(),
            WarningKind::UnreadErrors,
            format!(
                "{} not read as a packet although `port 53 unreachable` stands there: {}; not counted. Paste these lines as tcpdump printed them",
                self.errors.places().counted("line"),
                self.errors
                    .places()
                    .list(|(line, text)| format!("{line} (`{text}`)")),
            ),
        );
        warnings.extend(self.lost(read));
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

    /// Warnings of what was lost with ends of lines, or of the text.
    fn lost(&self, read: u64) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.cut.count > 0 {
            let message = format!(
                "{} cut within the name of a query, so that netmon does not know how many names fail ({}): print them whole, without `cut` and `less -S`",
                self.cut.counted("line"),
                self.cut.numbers(),
            );
            warnings.push(Warning::new(WarningKind::CutNames, message));
        }
        if self.joined.count > 0 {
            let message = format!(
                "{} followed on the same line by what looks like another one, which a name or a text record may hold as well: {}; netmon reads the first one alone. Paste them with their line ends",
                self.joined.counted("packet"),
                self.joined.list(|(line, text)| format!("{line} (`{text}`)")),
            );
            warnings.push(Warning::new(WarningKind::UnreadableLines, message));
        }
        let all = self.unread + read;
        if self.unread >= FEW && self.unread * PART >= read {
            let message = format!(
                "{} of {all} packets could not be read, so that incidents may be missing: paste the lines as tcpdump printed them",
                self.unread,
            );
            warnings.push(Warning::new(WarningKind::UnreadPackets, message));
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
            .warnings(0)
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
    fn a_long_line_is_shown_in_part() {
        assert_eq!(excerpt(&"x".repeat(61)).chars().count(), EXCERPT + 1);
        assert_eq!(excerpt(&"x".repeat(60)), "x".repeat(60));
    }
}
