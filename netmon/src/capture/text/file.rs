//! A text in a file: lines in, packets out, one after the other.

use std::collections::VecDeque;
use std::io::{self, BufRead, Read as _};

use super::{Assumed, Hosts, Options, TextPacket, TextReader};
use crate::model::{Warning, WarningKind};

/// The longest line that is read, in bytes; the rest of a longer one is passed over.
const LONGEST_LINE: u64 = 64 << 10;

/// Text, and how far it has been read.
pub struct TextFile {
    name: String,
    lines: Box<dyn BufRead + Send>,
    reader: TextReader,
    packets: VecDeque<TextPacket>,
    done: bool,
    line: Vec<u8>,
    lines_read: u64,
    failure: Option<io::Error>,
}

impl TextFile {
    /// These lines, which warnings call so.
    pub fn new(name: String, lines: Box<dyn BufRead + Send>, options: Options, hosts: &Hosts) -> Self {
        Self {
            name,
            lines,
            reader: TextReader::new(options).with_hosts(hosts.clone()),
            packets: VecDeque::new(),
            done: false,
            line: Vec::new(),
            lines_read: 0,
            failure: None,
        }
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The next packet, which stays where it is.
    pub fn peek(&mut self) -> Option<&TextPacket> {
        let mut read = Vec::new();
        while self.packets.is_empty() && !self.done {
            match self.read_line() {
                Ok(true) => {
                    let line = String::from_utf8_lossy(&self.line);
                    self.reader.push_line(&line, &mut read);
                }
                Ok(false) => self.end(&mut read),
                Err(error) => {
                    self.failure = Some(error);
                    self.end(&mut read);
                }
            }
            self.packets.extend(read.drain(..));
        }
        self.packets.front()
    }

    /// The next packet.
    pub fn take(&mut self) -> Option<TextPacket> {
        self.peek()?;
        self.packets.pop_front()
    }

    fn end(&mut self, read: &mut Vec<TextPacket>) {
        self.done = true;
        self.reader.finish(read);
    }

    /// Reads one line; `false` at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let lines = &mut self.lines;
        let read = lines.take(LONGEST_LINE).read_until(b'\n', &mut self.line)?;
        if read as u64 == LONGEST_LINE && self.line.last() != Some(&b'\n') {
            lines.skip_until(b'\n')?;
        }
        self.lines_read += u64::from(read > 0);
        Ok(read > 0)
    }

    /// What its times do not say.
    pub fn assumed(&self) -> Assumed {
        self.reader.assumed()
    }

    /// What is wrong with it.
    pub fn warnings(&self) -> Vec<Warning> {
        if self.reader.recognised() == 0 && self.failure.is_none() && !self.reader.has_unread_errors() {
            let message = format!(
                "{}: byte 0: it is neither a capture (pcap, pcapng) nor what tcpdump prints, nor the lines \
                 that tshark and Wireshark print without -V and -T, one for each packet; the capture itself (tcpdump -w FILE) can \
                 always be read",
                self.name
            );
            return vec![Warning::new(WarningKind::UnreadableFile, message)];
        }
        let mut warnings = self.reader.warnings();
        warnings.extend(self.assumed().days.warnings());
        for warning in &mut warnings {
            warning.message = format!("{}: {}", self.name, warning.message);
        }
        if let Some(error) = &self.failure {
            // So decompressors say that there should be more to decompress.
            let word = if error.kind() == io::ErrorKind::UnexpectedEof {
                WarningKind::TruncatedFile
            } else {
                WarningKind::ReadError
            };
            let message = format!(
                "{}: behind line {}: nothing more can be read: {error}",
                self.name, self.lines_read
            );
            warnings.push(Warning::new(word, message));
        }
        warnings
    }
}
