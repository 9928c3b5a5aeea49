//! Lines in, packets out: where a record begins, what belongs to it, and when it is.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use netmon_common::DnsPorts;

use super::asides::{is_chatter, is_prompt, offset_in, sight};
use super::begins;
use super::clock::{Assumed, Clock, Form};
use super::complaints::Complaints;
use super::grammar::classify;
use super::grammar::read::Read;
use super::grammar::why::Why;
use super::grammar::words::{self, Cursor};
use super::hosts::Hosts;
use super::packet::{TextPacket, TextWhat};
use super::record::{Record, dump_offset, glued};
use super::stamp::{self, Stamp};
use super::starts::{Prefix, Split, split_up_to};
use crate::model::{Warning, WarningKind};

mod further;
mod joined;
mod noted;

use further::{columns_before, columns_behind};

/// What the text itself does not say.
#[derive(Clone, Debug)]
pub struct Options {
    /// The date of the first packet, where dates are not printed.
    pub date: Date,
    /// The zone that times are printed in.
    pub zone: TimeZone,
    /// Which ports are DNS ports.
    pub ports: DnsPorts,
}

/// Reads tcpdump's text, line by line.
///
/// It holds one record, of at most 64 KiB, and at most 1,024 packets whose times are not clear yet.
#[derive(Debug)]
pub struct TextReader {
    ports: DnsPorts,
    clock: Clock,
    /// The line last pushed, from 1.
    line: u64,
    /// The record that further lines may belong to.
    record: Option<Record>,
    /// Whether a record with a time was seen: then all have one.
    timed: bool,
    /// Records that are packets, or would be but for host names.
    recognised: u64,
    /// Whether tcpdump, or another such program, said something beside the packets.
    chatter: bool,
    hosts: Hosts,
    /// What stood in front of the last packet.
    prefix: Prefix,
    /// Whether packets have no time of their own, but that of what stands in front of them.
    timed_by_prefix: bool,
    /// Whether lines hold one packet each.
    layout: joined::Layout,
    complaints: Complaints,
}

impl TextReader {
    /// A reader at the start of a text.
    pub fn new(options: Options) -> Self {
        Self {
            ports: options.ports,
            clock: Clock::new(options.date, options.zone),
            line: 0,
            record: None,
            timed: false,
            recognised: 0,
            chatter: false,
            hosts: Hosts::default(),
            prefix: Prefix::default(),
            timed_by_prefix: false,
            layout: joined::Layout::default(),
            complaints: Complaints::default(),
        }
    }

    /// The same, with names that other texts share.
    #[must_use]
    pub fn with_hosts(self, hosts: Hosts) -> Self {
        Self { hosts, ..self }
    }

    /// Takes a line as it was printed; `whole` is the same with what somebody put in front of it.
    fn push(&mut self, line: &str, whole: &str, out: &mut Vec<TextPacket>) {
        if line.trim_start().starts_with("```") || self.is_dumped(line) {
            return;
        }
        let words: Vec<&str> = words::of_line(line).collect();
        let Some(first) = words.first() else {
            // What grep leaves out is not of one packet.
            if line
                .trim_start_matches(|c: char| c.is_whitespace() || c == '>')
                .trim_end()
                == "--"
            {
                self.flush(out);
            }
            return;
        };
        if is_chatter(&words) {
            self.chatter = true;
            return;
        }
        if let Some(offset) = dump_offset(&words) {
            if let (Some(record), Some(bytes)) = (&mut self.record, words.get(1..)) {
                record.push_dump(offset, bytes);
            }
            return;
        }
        // A packet of which nothing was captured: no time is printed, either.
        if line.trim_start().starts_with("[Invalid header:") {
            self.complaints.lines.add(self.line, &words.join(" "));
            return;
        }
        let indent = columns_before(whole, first);
        let whole_words: Vec<&str> = if self.timed_by_prefix {
            words::of_line(whole).collect()
        } else {
            Vec::new()
        };
        let most = if self.holds_one_packet_a_line() {
            1
        } else {
            usize::MAX
        };
        let mut split = split_up_to(&whole_words, true, most);
        if split.packets.is_empty() {
            split = split_up_to(&words, !self.timed, most);
        }
        let is_inside = most == 1
            && !split.packets.is_empty()
            && !split.before.is_empty()
            && (split.is_behind_addresses() || self.completes(&split.before));
        if is_inside {
            split.packets.clear();
        }
        let stamp = stamp::read(&words);
        let begins = stamp.is_some() || !split.packets.is_empty();
        if begins && self.take_further(&split, &words, whole, indent) {
            return;
        }
        if !split.packets.is_empty() {
            self.begin_all(&split, whole, out);
        } else if let Some((stamp, used)) = stamp {
            self.begin(stamp, indent, words.get(used..).unwrap_or_default(), out);
        } else if self.begins_untimed(&words, indent) {
            self.begin(Stamp::None, indent, &words, out);
        } else if let Some(record) = &mut self.record {
            record.push(self.line, &words);
        } else if !is_prompt(&words) {
            self.pass_over(self.line, &words.join(" "));
        }
        if let Some(record) = &mut self.record {
            record.has_more |= split.has_more || is_inside && !split.ends_in_quotes();
        }
    }

    /// Takes the packets that begin in a line, and what stands in front of the first: the end of the packet before, or
    /// what somebody put there.
    fn begin_all(&mut self, split: &Split<'_>, whole: &str, out: &mut Vec<TextPacket>) {
        let start = split.first.map_or(0, |word| offset_in(whole, word));
        if !split.before.is_empty() && self.completes(&split.before) {
            if let Some(record) = &mut self.record {
                record.push(self.line, &split.before);
            }
        } else if !split.is_numbered_columns() {
            self.complaints
                .errors
                .add_unread(self.line, &split.before.join(" "), 0, &self.ports);
            // It may have been taken off already.
            let front = Split::in_front(whole.get(..start).unwrap_or_default());
            if let Some(date) = front.date() {
                self.clock.hint(date);
            }
            self.prefix = Prefix::of(whole, start);
        }
        let timed = self.timed;
        let indent = split.first.map_or(0, |word| columns_before(whole, word));
        for (stamp, words) in &split.packets {
            self.begin(*stamp, indent, words, out);
            if let Some(record) = &mut self.record {
                record.behind = columns_behind(whole, words);
            }
        }
        if split.by_prefix {
            (self.timed, self.timed_by_prefix) = (timed, true);
        }
    }

    /// A line that is nothing that is read.
    fn pass_over(&mut self, line: u64, text: &str) {
        self.complaints.lines.add(line, text);
        self.complaints.errors.add_unread(line, text, 0, &self.ports);
    }

    /// Reads what is still held: there are no more lines.
    pub fn finish(&mut self, out: &mut Vec<TextPacket>) {
        self.settle_last(out);
        self.flush(out);
        self.clock.finish(out);
    }

    /// What could not be read so far, with its places, and what about times had to be assumed.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.complaints.warnings(self.recognised);
        let form = if self.recognised > 0 {
            self.clock.form()
        } else {
            None
        };
        let times = match form {
            Some(Form::None) => Some((
                WarningKind::NoTimes,
                "the text has no times (`tcpdump -t`): all packets are taken to be at the start of the date given",
            )),
            Some(Form::SincePrevious) => Some((
                WarningKind::RelativeTimes,
                "times are taken as those since the packet before (`tcpdump -ttt`), and the first packet as at the start of the date given",
            )),
            Some(Form::SinceFirst) => Some((
                WarningKind::RelativeTimes,
                "times are taken as those since the first packet (`tcpdump -ttttt`), and that as at the start of the date given",
            )),
            Some(Form::Running) => Some((
                WarningKind::RelativeTimes,
                "times are taken as those since the capture began, and that as at the start of the date given",
            )),
            Some(Form::Wall) | None => None,
        };
        warnings.extend(times.map(|(warning, message)| Warning::new(warning, message)));
        warnings
    }

    /// What the text does not say of its times, and was taken for granted.
    pub fn assumed(&self) -> Assumed {
        self.clock.assumed()
    }

    /// Records that were found to be tcpdump's.
    pub fn recognised(&self) -> u64 {
        self.recognised
    }

    /// Whether a program that captures said something beside the packets, so that the text is one even without any.
    pub fn has_chatter(&self) -> bool {
        self.chatter
    }

    /// Lines that have an error of DNS in them and could not be read.
    pub fn has_unread_errors(&self) -> bool {
        !self.complaints.errors.is_empty()
    }

    fn begins_untimed(&mut self, words: &[&str], indent: usize) -> bool {
        if self.timed || !begins::begins_untimed(words) {
            return false;
        }
        let quotes = words
            .get(1)
            .or(words.first())
            .is_some_and(|word| word.starts_with("(tos"));
        self.record
            .as_mut()
            .is_none_or(|record| indent <= record.indent && record.may_be_complete(quotes))
    }

    fn begin(&mut self, stamp: Stamp, indent: usize, words: &[&str], out: &mut Vec<TextPacket>) {
        self.timed |= stamp != Stamp::None;
        let is_next = self
            .record
            .as_ref()
            .is_some_and(|record| record.line() < self.line);
        if is_next && matches!(self.layout, joined::Layout::Unknown) {
            self.layout = joined::Layout::OnePacket;
        }
        // A date at the end of a line, and the time on the next.
        let stamp = match (&self.record, stamp) {
            (
                Some(Record {
                    stamp: Stamp::Date(date),
                    ..
                }),
                Stamp::Clock(None, time),
            ) if self.holds_nothing() => {
                let line = self.record.as_ref().map_or(self.line, Record::line);
                let mut record = Record::new(Stamp::Clock(Some(*date), time), indent, line, &[]);
                record.push(self.line, words);
                self.record = Some(record);
                return;
            }
            (_, stamp) => stamp,
        };
        self.flush(out);
        self.record = Some(Record::new(stamp, indent, self.line, words));
    }

    fn holds_nothing(&self) -> bool {
        self.record.as_ref().is_none_or(Record::is_bare)
    }

    /// Reads the record that is held.
    fn flush(&mut self, out: &mut Vec<TextPacket>) {
        let Some(record) = self.record.take() else { return };
        let line = record.line();
        let read = self.read(&record);
        self.look_for_errors(&record, read.as_ref().ok());
        if record.has_more {
            self.complaints.joined.add(line, record.text());
        }
        let packet = match read {
            Ok(read) => {
                self.recognised += 1;
                self.note(&read, &record);
                Some(TextPacket {
                    sight: sight(record.text()),
                    time: crate::time::Time::default(),
                    line,
                    bytes: read.bytes,
                    ends: read.ends,
                    stream: read.stream,
                    what: read.what,
                })
            }
            Err(Why::HostNames) => {
                self.recognised += 1;
                self.complaints.host_names.add(line, record.text());
                None
            }
            Err(Why::NotUnderstood) => {
                self.complaints.lines.add(line, record.text().trim_end());
                self.complaints.unread += 1;
                None
            }
        };
        if record.is_overlong() {
            self.complaints.overlong.add(line, record.text());
        }
        self.clock.pass(record.stamp, packet, out);
    }

    /// Reads a record, if need be with words put together that a terminal's edge has cut.
    fn read(&self, record: &Record) -> Result<Read, Why> {
        let text = record.text().trim_end();
        let words = words::of_record(text);
        let result = classify::read(
            Cursor::new(&words).with_hosts(&self.hosts),
            record.dump(),
            &self.ports,
        );
        let glued = || {
            glued(text).filter_map(|text| {
                let words = words::of_record(&text);
                let cursor = Cursor::new(&words).with_hosts(&self.hosts);
                let read = classify::read(cursor, record.dump(), &self.ports).ok();
                // What is put together to a packet without addresses is no better understood.
                read.filter(|read| read.sure && read.ends.is_some())
            })
        };
        // What was taken for another protocol may be half a word; and what was taken for a name, half an address.
        let may_replace = |read: &Read| match &result {
            Ok(unsure) if unsure.named => true,
            Ok(unsure) => unsure.ends == read.ends,
            Err(_) => true,
        };
        // Words that are put together wrongly are those of no protocol.
        let is_other = |read: &Read| matches!(read.what, TextWhat::Other { .. });
        let read = match result {
            Ok(read) if read.sure => read,
            _ => match glued().filter(may_replace).min_by_key(is_other) {
                Some(read) => read,
                None => return result,
            },
        };
        // Half an address may be one as well. What else stands in front of an address makes none with it.
        let ends_elsewhere = |other: &Read| {
            read.ends
                .zip(other.ends)
                .is_some_and(|(ends, others)| ends != others)
        };
        if let Some(other) = glued().find(ends_elsewhere) {
            return Ok(other);
        }
        // So may half of what an error says; then the other half is left behind.
        let says_more = |other: &Read| {
            let are_errors = [&read.what, &other.what]
                .into_iter()
                .all(|what| matches!(what, TextWhat::Unreachable(_)));
            are_errors && other.behind < read.behind && other.what != read.what
        };
        Ok(glued().find(says_more).unwrap_or(read))
    }
}
