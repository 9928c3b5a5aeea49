//! Lines in, packets out: where a record begins, what belongs to it, and when it is.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use netmon_common::DnsPorts;

use super::clock::{Clock, Form};
use super::complaints::Complaints;
use super::grammar::classify::{self, Read};
use super::grammar::why::Why;
use super::grammar::words::{self, Cursor};
use super::packet::{TextPacket, TextWhat};
use super::record::{RECORD_LEN, Record, dump_offset, glued};
use super::stamp::{self, Stamp};
use crate::model::{Warning, WarningKind};

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
            complaints: Complaints::default(),
        }
    }

    /// Takes the next line, with or without its end, and puts packets that are complete behind `out`.
    pub fn push_line(&mut self, line: &str, out: &mut Vec<TextPacket>) {
        self.line += 1;
        let line = start_of(line);
        let line = words::visible(line);
        if line.trim_start().starts_with("```") {
            return;
        }
        let words: Vec<&str> = words::of_line(&line).collect();
        let Some(first) = words.first() else { return };
        if is_chatter(&words) {
            return;
        }
        if let Some(offset) = dump_offset(first) {
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
        let indent = line
            .chars()
            .take_while(|c| c.is_whitespace() || *c == '>')
            .count();
        if let Some((stamp, used)) = stamp::read(&words) {
            self.begin(stamp, indent, words.get(used..).unwrap_or_default(), out);
        } else if self.begins_untimed(&words, indent) {
            self.begin(Stamp::None, indent, &words, out);
        } else if let Some(record) = &mut self.record {
            record.push(self.line, &words);
        } else if !is_prompt(&words) {
            self.complaints.lines.add(self.line, &words.join(" "));
        }
    }

    /// Reads what is still held: there are no more lines.
    pub fn finish(&mut self, out: &mut Vec<TextPacket>) {
        self.flush(out);
        self.clock.finish(out);
    }

    /// What could not be read so far, with its places, and what about times had to be assumed.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings = self.complaints.warnings();
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
            Some(Form::Wall) | None => None,
        };
        warnings.extend(times.map(|(warning, message)| Warning::new(warning, message)));
        warnings
    }

    /// Records that were found to be tcpdump's.
    pub fn recognised(&self) -> u64 {
        self.recognised
    }

    fn begins_untimed(&mut self, words: &[&str], indent: usize) -> bool {
        if self.timed || !stamp::begins_untimed(words) {
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
        let packet = match self.read(&record) {
            Ok(read) => {
                self.recognised += 1;
                if read.quiet {
                    self.complaints.quiet.add(line, record.text());
                }
                Some(TextPacket {
                    time: crate::time::Time::default(),
                    line,
                    bytes: read.bytes,
                    ends: read.ends,
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
                None
            }
        };
        if record.is_overlong() {
            self.complaints.overlong.add(line, record.text());
        }
        self.clock.pass(record.stamp, packet, out);
    }

    /// Reads a record, if need be with words put together that a terminal's edge has cut.
    fn read(&mut self, record: &Record) -> Result<Read, Why> {
        let text = record.text().trim_end();
        let words = words::of_record(text);
        let result = classify::read(Cursor::new(&words), record.dump(), &self.ports);
        if let Ok(read) = &result
            && read.sure
        {
            self.complain_of_rest(record, &words, read.left);
            return result;
        }
        // Where the addresses are known already, what was taken for another protocol may be half a word.
        let may_replace = |read: &Read| match &result {
            Ok(unsure) => unsure.ends == read.ends && matches!(read.what, TextWhat::Unreachable(_)),
            Err(_) => true,
        };
        let glued = glued(text).find_map(|text| {
            let words = words::of_record(&text);
            let read = classify::read(Cursor::new(&words), record.dump(), &self.ports).ok();
            read.filter(|read| read.sure && may_replace(read))
        });
        glued.map_or(result, Ok)
    }

    /// Lines behind the end of a record are nothing that tcpdump prints of a packet.
    fn complain_of_rest(&mut self, record: &Record, words: &[words::Word<'_>], left: usize) {
        let (read, rest) = words
            .split_at_checked(words.len().saturating_sub(left))
            .unwrap_or((words, &[]));
        let end = read.last().map_or(0, |word| word.line);
        for line in rest.chunk_by(|a, b| a.line == b.line) {
            let texts: Vec<&str> = line.iter().map(|word| word.text).collect();
            let place = line.first().map_or(0, |word| word.line);
            if place > end && !is_prompt(&texts) {
                self.complaints.lines.add(record.line_at(place), &texts.join(" "));
            }
        }
    }
}

/// As much of a line as a record can hold.
fn start_of(line: &str) -> &str {
    let end = (0..=RECORD_LEN.min(line.len()))
        .rev()
        .find(|&end| line.is_char_boundary(end));
    end.and_then(|end| line.get(..end)).unwrap_or(line)
}

/// Whether a line is one that tcpdump tells beside the packets.
pub fn is_chatter(words: &[&str]) -> bool {
    match words {
        ["tcpdump:", _, ..]
        | ["listening", "on", ..]
        | ["reading", "from", ..]
        | ["dropped", "privs", ..]
        | ["Warning:", "interface", "names", ..]
        | ["^C"] => true,
        [
            count,
            "packet" | "packets",
            "captured" | "received" | "dropped",
            ..,
        ] => count.trim_start_matches("^C").parse::<u64>().is_ok(),
        _ => false,
    }
}

/// Whether a line is a shell's prompt, or a packet's number (`-#`) that was left alone.
fn is_prompt(words: &[&str]) -> bool {
    match words {
        ["$" | "#", ..] => true,
        [number] => number.parse::<u64>().is_ok(),
        _ => false,
    }
}
