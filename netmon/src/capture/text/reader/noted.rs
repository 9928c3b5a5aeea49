//! What is to be said of a record: names, lines behind its end, errors that were not read.

use super::TextReader;
use crate::capture::text::asides::is_prompt;
use crate::capture::text::grammar::read::Read;
use crate::capture::text::grammar::words;
use crate::capture::text::packet::TextWhat;
use crate::capture::text::record::{Record, ends_with_length};

impl TextReader {
    /// Looks for errors that were not read; but what a whole DNS message holds is none.
    pub(super) fn look_for_errors(&mut self, record: &Record, read: Option<&Read>) {
        let what = read.map(|read| &read.what);
        let is_message = matches!(what, Some(TextWhat::Query(_) | TextWhat::Response(_)));
        let lines = record.text().lines();
        let text: Vec<&str> = if is_message && !record.has_more {
            lines.filter(|line| !ends_with_length(line)).collect()
        } else {
            lines.collect()
        };
        let counted = usize::from(matches!(what, Some(TextWhat::Unreachable(_))));
        self.complaints
            .errors
            .add_unread(record.line(), &text.join("\n"), counted, &self.ports);
    }

    /// Notes what is to be said of a packet that was read.
    pub(super) fn note(&mut self, read: &Read, record: &Record) {
        let line = record.line();
        let words = words::of_record(record.text().trim_end());
        self.complain_of_rest(record, &words, read.left);
        self.complaints.note(read.note, line, record.text());
        if let TextWhat::Query(query) = &read.what
            && (query.id.is_some() && query.name.is_none())
            && !record.text().trim_end().ends_with([')', ']'])
        {
            self.complaints.cut.add(line, record.text());
        }
        if read.named
            && let Some(ends) = read.ends
        {
            let hosts = [Some(ends.source), Some(ends.destination), read.what.destination()];
            for name in hosts
                .into_iter()
                .flatten()
                .filter_map(|address| self.hosts.name(address))
            {
                self.complaints.names.add(&name);
            }
        }
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
