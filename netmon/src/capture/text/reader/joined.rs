//! Whether lines hold one packet each, as tcpdump prints them, or line ends got lost.
//!
//! Whoever writes a name or a text record can write there what looks like a packet. So where lines hold one packet each, what
//! stands behind a packet on its line is none.

use super::TextReader;
use crate::capture::text::asides::start_of;
use crate::capture::text::begins;
use crate::capture::text::grammar::words;
use crate::capture::text::line::lines_of;
use crate::capture::text::packet::TextPacket;
use crate::capture::text::starts::split;

/// What is known of a text's lines.
#[derive(Debug, Default)]
pub(super) enum Layout {
    /// Nothing yet.
    #[default]
    Unknown,
    /// The last line looks like several packets. The next one shows what it is.
    Doubtful(Doubtful),
    /// They hold one packet each.
    OnePacket,
    /// Line ends got lost.
    Joined,
}

/// A line that looks like several packets.
#[derive(Debug)]
pub(super) struct Doubtful {
    number: u64,
    line: String,
    /// Whether somebody put something in front of it.
    prefixed: bool,
}

impl TextReader {
    /// Takes the next line, with or without its end, and puts packets that are complete behind `out`.
    pub fn push_line(&mut self, line: &str, out: &mut Vec<TextPacket>) {
        self.line += 1;
        // Line ends of old systems. tcpdump prints no such character that a packet holds.
        for line in start_of(line).trim_end_matches(['\r', '\n']).split('\r') {
            self.push_part(line, out);
        }
    }

    fn push_part(&mut self, line: &str, out: &mut Vec<TextPacket>) {
        if let Layout::Doubtful(doubtful) = &self.layout {
            if line.trim().is_empty() {
                return;
            }
            let joined = !self.is_one_packet(line, doubtful.prefixed);
            self.settle(joined, out);
        }
        self.take(line, out);
    }

    /// Takes the line that was doubtful: it is known now what it is.
    pub(super) fn settle(&mut self, joined: bool, out: &mut Vec<TextPacket>) {
        let known = if joined { Layout::Joined } else { Layout::OnePacket };
        if let Layout::Doubtful(doubtful) = std::mem::replace(&mut self.layout, known) {
            let here = std::mem::replace(&mut self.line, doubtful.number);
            self.take(&doubtful.line, out);
            self.line = here;
        }
    }

    /// Reads the line that is doubtful at the end of the text: there is no line to compare it with but those before.
    pub(super) fn settle_last(&mut self, out: &mut Vec<TextPacket>) {
        if matches!(self.layout, Layout::Doubtful(_)) {
            let record = self.record.as_ref();
            let is_behind_a_packet = record.is_some_and(|record| self.read(record).is_ok());
            self.settle(!is_behind_a_packet, out);
        }
    }

    fn take(&mut self, line: &str, out: &mut Vec<TextPacket>) {
        if matches!(self.layout, Layout::Unknown)
            && let Some(prefixed) = self.looks_like_several(line)
        {
            self.layout = Layout::Doubtful(Doubtful {
                number: self.line,
                line: line.to_owned(),
                prefixed,
            });
            return;
        }
        for line in lines_of(line, !self.holds_one_packet_a_line()) {
            self.push(self.prefix.clone().strip(&line), &line, out);
        }
    }

    /// Whether nothing behind a packet on its line is one.
    pub(super) fn holds_one_packet_a_line(&self) -> bool {
        matches!(self.layout, Layout::OnePacket)
    }

    /// Whether a line looks like several packets, or like the end of one and the start of the next; and whether it is prefixed.
    fn looks_like_several(&self, line: &str) -> Option<bool> {
        let lines = lines_of(line, true);
        if lines.len() > lines_of(line, false).len() {
            return Some(false);
        }
        lines.iter().find_map(|line| {
            let words: Vec<&str> = words::of_line(self.prefix.strip(line)).collect();
            let split = split(&words, !self.timed);
            let is_further = !split.packets.is_empty()
                && !split.before.is_empty()
                && (split.is_behind_addresses() || self.completes(&split.before));
            let looks_so = split.packets.len() > 1 || is_further;
            looks_so.then_some(!split.before.is_empty() && !is_further)
        })
    }

    /// Whether a line begins with a packet, and looks like no other one.
    fn is_one_packet(&self, line: &str, prefixed: bool) -> bool {
        let lines = lines_of(line, true);
        let [line] = lines.as_slice() else { return false };
        let words: Vec<&str> = words::of_line(self.prefix.strip(line)).collect();
        let split = split(&words, !self.timed);
        match split.packets.as_slice() {
            [] => begins::begins_untimed(&words),
            [_] => split.before.is_empty() || prefixed,
            _ => false,
        }
    }

    /// Whether these words are the end of the packet whose record is held, which cannot be read without them.
    pub(super) fn completes(&self, words: &[&str]) -> bool {
        let Some(record) = &self.record else { return false };
        let alone = self.read(record);
        let mut with = record.clone();
        with.push(self.line, words);
        let together = self.read(&with);
        match (alone, together) {
            (Err(_), Ok(_)) => true,
            // What is printed behind a name and a length says more; what a logger prints does not.
            (Ok(alone), Ok(together)) => alone.what != together.what && !together.named,
            _ => false,
        }
    }
}
