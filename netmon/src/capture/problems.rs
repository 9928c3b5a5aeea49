//! What could not be read of a file, and where: one warning for each kind of trouble, with its first place and
//! how often it came again, so that a hostile file cannot fill memory or screen.

use crate::model::{Warning, WarningKind};

/// The trouble with one file.
#[derive(Debug)]
pub struct Problems {
    file: String,
    found: Vec<Problem>,
}

#[derive(Debug)]
struct Problem {
    word: WarningKind,
    first: String,
    more: u64,
}

/// Where in a file something is wrong.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    /// In this packet, whose record starts at this byte.
    Packet(u64, u64),
    /// At this byte.
    Byte(u64),
}

impl Problems {
    /// None yet. `file` is what people call the file; what a terminal would obey in it is escaped.
    pub fn new(file: &str) -> Self {
        let escaped = file.chars().map(|c| {
            if c.is_control() {
                c.escape_default().to_string()
            } else {
                c.to_string()
            }
        });
        Self {
            file: escaped.collect(),
            found: Vec::new(),
        }
    }

    /// Adds trouble of the kind `word`; `sentence` is asked for once for each kind.
    pub fn add(&mut self, word: WarningKind, place: Place, sentence: impl FnOnce() -> String) {
        if let Some(known) = self.found.iter_mut().find(|problem| problem.word == word) {
            known.more += 1;
            return;
        }
        let place = match place {
            Place::Packet(number, byte) => format!("packet {number} at byte {byte}"),
            Place::Byte(byte) => format!("byte {byte}"),
        };
        self.found.push(Problem {
            word,
            first: format!("{}: {place}: {}", self.file, sentence()),
            more: 0,
        });
    }

    /// The warning for a file with one trouble, at its start.
    pub fn only(file: &str, word: WarningKind, sentence: &str) -> Warning {
        let file = Self::new(file).file;
        Warning::new(word, format!("{file}: byte 0: {sentence}"))
    }

    /// A warning for each kind, in the order in which they came up.
    pub fn warnings(&self) -> Vec<Warning> {
        let told = |problem: &Problem| match problem.more {
            0 => Warning::new(problem.word, problem.first.clone()),
            more => Warning::new(
                problem.word,
                format!("{} (and {more} more like it)", problem.first),
            ),
        };
        self.found.iter().map(told).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trouble_of_one_kind_is_told_once_with_its_first_place_and_its_number() {
        let mut problems = Problems::new("a\x1b[2J.pcap");
        for packet in 5..8 {
            problems.add(
                WarningKind::WrongLength,
                Place::Packet(packet, 10 * packet),
                || "too long".into(),
            );
        }
        problems.add(WarningKind::TruncatedFile, Place::Byte(99), || "it ends".into());
        assert_eq!(
            problems.warnings(),
            [
                Warning::new(
                    WarningKind::WrongLength,
                    "a\\u{1b}[2J.pcap: packet 5 at byte 50: too long (and 2 more like it)"
                ),
                Warning::new(WarningKind::TruncatedFile, "a\\u{1b}[2J.pcap: byte 99: it ends"),
            ]
        );
    }
}
