//! tcpdump's text: every printed packet through the door, what it means to the engine.

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::io::{self, BufRead, Read as _};
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::Date;
use netmon_common::DnsPorts;

use super::engine::Engine;
use super::progress::Bar;
use super::{Found, Options};
use crate::capture::Duplicates;
pub(super) use crate::capture::text::Assumed as Untold;
use crate::capture::text::{self, Hosts, TextDoor, TextPacket, TextReader};
use crate::model::{Warning, WarningKind};

/// The longest line that is read, in bytes; the rest of a longer one is passed over.
const LONGEST_LINE: u64 = 64 << 10;

/// Text, and how far it has been read.
pub(super) struct File {
    name: String,
    lines: Box<dyn BufRead + Send>,
    reader: TextReader,
    packets: VecDeque<TextPacket>,
    done: bool,
    line: Vec<u8>,
    lines_read: u64,
    failure: Option<io::Error>,
}

impl File {
    /// Text from `path`, whose modification date is that of times without one, unless another is given.
    pub fn new(
        name: String,
        path: &Path,
        lines: Box<dyn BufRead + Send>,
        options: &Options,
        hosts: &Hosts,
    ) -> Self {
        let reader = TextReader::new(text::Options {
            date: options.date.unwrap_or_else(|| modified(path, options)),
            zone: options.zone.clone(),
            ports: options.ports,
        })
        .with_hosts(hosts.clone());
        Self {
            name,
            lines,
            reader,
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

    /// Reads until there is a packet, or no more text; the next packet stays where it is.
    fn fill(&mut self) -> Option<&TextPacket> {
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
    fn assumed(&self) -> Untold {
        self.reader.assumed()
    }

    fn warnings(&self) -> Vec<Warning> {
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

/// The date of the file's last change, in the zone of its times. Standard input has none: today's.
fn modified(path: &Path, options: &Options) -> Date {
    let changed = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    let changed = changed.and_then(|time| Timestamp::try_from(time).ok());
    let time = changed.unwrap_or_else(crate::clock::wall_now);
    time.to_zoned(options.zone.clone()).date()
}

/// Analyses the packets of these texts in the order of their times.
pub(super) fn analyze(mut files: Vec<File>, options: &Options, bar: &mut Bar) -> Found {
    let ports: DnsPorts = options.ports;
    let mut door = TextDoor::new(ports);
    let mut engine = Engine::new(
        options.thresholds.clone(),
        options.scope.clone(),
        options.local.iter().copied(),
    );
    let mut duplicates = Duplicates::default();
    while let Some((file, packet)) = next(&mut files) {
        engine.advance(packet.time, &|client| door.heard(client));
        let is_one = packet
            .sight
            .clone()
            .is_some_and(|sight| duplicates.is_one(packet.time, (file, sight.at), sight.text));
        if !is_one {
            door.take(&packet, &mut |observation| engine.observe(&observation));
        }
        bar.packet();
    }
    let finished = engine.finish(&door.unseen());
    let counts = door.counts().clone();
    let untold = files
        .iter()
        .map(File::assumed)
        .fold(Untold::default(), Untold::or);
    let mut warnings: Vec<Warning> = files.iter().flat_map(File::warnings).collect();
    warnings.extend(door.warnings());
    warnings.extend(duplicates.warning());
    Found {
        counts,
        latency: BTreeMap::new(),
        span: door.span(),
        finished,
        warnings,
        assumed: untold,
    }
}

/// The earliest of the next packets, the first file's of several; and which file that is.
fn next(files: &mut [File]) -> Option<(usize, TextPacket)> {
    let times = files.iter_mut().enumerate();
    let (_, index) = times
        .filter_map(|(index, file)| Some((file.fill()?.time, index)))
        .min()?;
    let packet = files.get_mut(index)?.packets.pop_front()?;
    Some((index, packet))
}
