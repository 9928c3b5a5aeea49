//! What could not be read, with its places: a few of them by line, the rest counted.

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
    /// Packets with a host's name in place of its address.
    pub host_names: Places,
    /// Records that are longer than a packet's ever are.
    pub overlong: Places,
    /// Packets printed in a form that does not tell queries from answers.
    pub quiet: Places,
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
    /// As warnings.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
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
            WarningKind::HostNames,
            format!(
                "{} left out, whose text has host names in place of addresses ({}): print the capture again with `tcpdump -n`",
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
                "{} printed without what it carries (by `tcpdump -q`, or because tcpdump does not know the port; {}): names, ids, response codes and TCP flags are not known",
                self.quiet.counted("packet"),
                self.quiet.numbers(),
            ),
        );
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
                    "1 packet is left out, whose text has host names in place of addresses (line 3): {ADVICE}"
                ),
            ]
        );
        assert_eq!(
            warn(3..=4),
            [
                "2 lines are not what tcpdump prints: lines 3 (`a\\u{1b}[1mb`) and 4 (`a\\u{1b}[1mb`)"
                    .to_owned(),
                format!(
                    "2 packets are left out, whose text has host names in place of addresses (lines 3 and 4): {ADVICE}"
                ),
            ]
        );
        assert_eq!(
            warn(1..=14)[1],
            format!(
                "14 packets are left out, whose text has host names in place of addresses (lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 4 more): {ADVICE}"
            )
        );
    }

    #[test]
    fn a_long_line_is_shown_in_part() {
        assert_eq!(excerpt(&"x".repeat(61)).chars().count(), EXCERPT + 1);
        assert_eq!(excerpt(&"x".repeat(60)), "x".repeat(60));
    }
}
