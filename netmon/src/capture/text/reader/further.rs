//! Lines that look like the start of a packet, and are further ones of the packet before: what it quotes, what it holds.
//!
//! What a packet holds was written by anybody. `-v` prints it indented, `-A` byte by byte.

use super::TextReader;
use crate::capture::text::asides::offset_in;
use crate::capture::text::packet::TextWhat;
use crate::capture::text::record::Record;
use crate::capture::text::starts::{Prefix, Split};

/// Columns by which packets may be indented in different ways, and `-v` indents what a packet holds by more.
const PADDING: usize = 4;

/// Columns of white space, and of marks of quotation, in front of a part of a line.
pub(super) fn columns_before(line: &str, part: &str) -> usize {
    const TAB: usize = 8;
    let before = line.get(..offset_in(line, part)).unwrap_or_default();
    let space = before
        .chars()
        .rev()
        .take_while(|c| c.is_whitespace() || *c == '>');
    space.map(|c| if c == '\t' { TAB } else { 1 }).sum()
}

/// Columns of white space behind a packet's time stamp.
pub(super) fn columns_behind(whole: &str, packet: &[&str]) -> Option<usize> {
    packet.first().map(|word| columns_before(whole, word))
}

impl TextReader {
    /// Takes a line that seems to begin a packet, if it is a further one of the packet before. `indent`: of this line.
    pub(super) fn take_further(
        &mut self,
        split: &Split<'_>,
        words: &[&str],
        whole: &str,
        indent: usize,
    ) -> bool {
        let Some(record) = &self.record else { return false };
        // Behind a time that a logger put in front of each line.
        let timed = split.packets.first().filter(|_| split.before.is_empty());
        let packet = timed.map(|(_, packet)| packet.as_slice()).unwrap_or_default();
        let columns = record.behind.zip(columns_behind(whole, packet));
        if columns.is_some_and(|(first, this)| this > first) && record.is_verbose() {
            let start = packet.first().map_or(0, |word| offset_in(whole, word));
            self.prefix = Prefix::of(whole, start);
            self.timed_by_prefix = true;
            self.add_to_record(packet);
            return true;
        }
        // What stands in front of packets may be padded.
        let first = split.first.map_or(0, |word| columns_before(whole, word));
        let own = record
            .behind
            .filter(|_| self.timed_by_prefix)
            .unwrap_or(record.indent);
        let is_deeper = indent > own || first > own + PADDING;
        if is_deeper && self.may_hold_text(record) {
            self.complaints.lines.add(self.line, &words.join(" "));
            self.add_to_record(words);
            return true;
        }
        false
    }

    fn add_to_record(&mut self, words: &[&str]) {
        if let Some(record) = &mut self.record {
            record.push(self.line, words);
        }
    }

    /// Whether what a packet holds may be printed on further lines: nothing is of DNS and of errors.
    fn may_hold_text(&self, record: &Record) -> bool {
        match self.read(record) {
            Ok(read) => match read.what {
                TextWhat::NotIp => true,
                TextWhat::Segment(_) | TextWhat::Other { .. } => record.is_verbose(),
                TextWhat::Query(_)
                | TextWhat::Response(_)
                | TextWhat::Connect(_)
                | TextWhat::Reset(_)
                | TextWhat::Accepted(_)
                | TextWhat::Unreachable(_)
                | TextWhat::Fragment
                | TextWhat::Unreadable(_) => false,
            },
            Err(_) => record.is_verbose(),
        }
    }

    /// Goes past a line of a dump in ASCII. Whether it is one.
    pub(super) fn is_dumped(&mut self, line: &str) -> bool {
        let Some(record) = &self.record else { return false };
        if record.may_begin_characters(line) {
            let bytes = self.least_bytes(record);
            if let Some(record) = &mut self.record {
                record.expect_characters(bytes);
            }
        }
        self.record
            .as_mut()
            .is_some_and(|record| record.skip_characters(line))
    }

    /// How many bytes the IP packet of a record has at least, or a few less; 1 where its length is not known.
    fn least_bytes(&self, record: &Record) -> usize {
        // What stands around the length that is printed: a link header, with tags; the headers of IP and UDP.
        const LINK: usize = 30;
        const HEADERS: usize = 12;
        const IPV6: usize = 32;
        const SPARE: usize = 8;
        let Some(bytes) = self.read(record).ok().and_then(|read| read.bytes) else {
            return 1;
        };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let least = if record.has_link_header() {
            bytes.saturating_sub(LINK)
        } else if !record.is_verbose() {
            bytes.saturating_add(HEADERS)
        } else if record.is_verbose_v4() {
            bytes.saturating_sub(SPARE)
        } else {
            bytes.saturating_add(IPV6)
        };
        least.max(1)
    }
}
