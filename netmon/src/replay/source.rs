//! The packets of a file, one after the other, through the door that is theirs.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use jiff::tz::TimeZone;
use netmon_common::{Address, DnsPorts, records};

use super::ReplayError;
use crate::capture::text::{self, DuplicatePackets, Hosts, TextDoor, TextFile};
use crate::capture::{Door, DuplicateFrames, Frame, Frames, LinkType, Opened, Progress, open};
use crate::counts::Counts;
use crate::model::Warning;
use crate::observation::Observation;
use crate::time::Time;

/// A file that is being read.
pub enum Source {
    /// A capture.
    Capture(Box<Capture>),
    /// What tcpdump printed.
    Text(Box<Text>),
}

/// A capture.
pub struct Capture {
    frames: Frames,
    duplicates: DuplicateFrames,
    door: Door,
    next: Option<Held>,
}

/// A frame that was read before its time has come.
struct Held {
    time: Time,
    link: LinkType,
    bytes: Vec<u8>,
    wire_len: usize,
    number: u64,
    interface: Option<u32>,
}

/// What tcpdump printed.
pub struct Text {
    file: TextFile,
    duplicates: DuplicatePackets,
    door: TextDoor,
    hosts: Hosts,
}

impl Source {
    /// At its beginning. Times without a zone are of this one.
    pub fn open(path: &Path, zone: &TimeZone) -> Result<Self, ReplayError> {
        Ok(match open(path, &Progress::default())? {
            Opened::Packets(file) => Self::Capture(Box::new(Capture {
                frames: Frames::new(vec![*file]),
                duplicates: DuplicateFrames::new(1),
                door: Door::new(DnsPorts::DEFAULT),
                next: None,
            })),
            Opened::Text(lines) => {
                let hosts = Hosts::default();
                let options = text::Options {
                    date: text::date_of(path, zone),
                    zone: zone.clone(),
                    ports: DnsPorts::DEFAULT,
                };
                Self::Text(Box::new(Text {
                    file: TextFile::new(path.display().to_string(), lines, options, &hosts),
                    duplicates: DuplicatePackets::default(),
                    door: TextDoor::new(DnsPorts::DEFAULT),
                    hosts,
                }))
            }
            Opened::Unreadable(warning) => return Err(ReplayError::Unreadable(warning.message)),
        })
    }

    /// When the next packet came; `None` after the last one.
    pub fn peek(&mut self) -> Option<Time> {
        match self {
            Self::Capture(capture) => capture.peek(),
            Self::Text(text) => text.file.peek().map(|packet| packet.time),
        }
    }

    /// Takes the next packet.
    pub fn take(&mut self, observe: &mut impl FnMut(Observation)) {
        match self {
            Self::Capture(capture) => capture.take(observe),
            Self::Text(text) => text.take(observe),
        }
    }

    /// Makes room among the destinations where there is none: not those who `stay`, who are asked for only then.
    pub fn make_room(&mut self, stay: impl FnOnce() -> HashSet<Address>) {
        match self {
            Self::Capture(capture) => capture.door.make_room(stay),
            Self::Text(text) => text.door.make_room(stay),
        }
    }

    /// Whether any packet toward a client was seen.
    pub fn heard(&self, client: Address) -> bool {
        match self {
            Self::Capture(capture) => capture.door.heard(client),
            Self::Text(text) => text.door.heard(client),
        }
    }

    /// What was counted.
    pub fn counts(&self) -> Counts {
        match self {
            Self::Capture(capture) => capture.door.counts(),
            Self::Text(text) => text.door.counts(),
        }
    }

    /// How long answers took; printed text is not exact enough to say.
    pub fn latencies(&self) -> BTreeMap<Address, records::Latency> {
        match self {
            Self::Capture(capture) => capture.door.latencies(),
            Self::Text(_) => BTreeMap::new(),
        }
    }

    /// At the end: errors that are believed, because there is no query at all.
    pub fn unseen(&mut self) -> Vec<Observation> {
        match self {
            Self::Capture(capture) => capture.door.unseen(),
            Self::Text(text) => text.door.unseen(),
        }
    }

    /// At the end: what is wrong with it.
    pub fn warnings(&self) -> Vec<Warning> {
        match self {
            Self::Capture(capture) => {
                let mut warnings = capture.frames.warnings();
                warnings.extend(capture.door.warnings());
                warnings.extend(capture.duplicates.warning());
                warnings
            }
            Self::Text(text) => {
                let mut warnings = text.file.warnings();
                warnings.extend(text.door.warnings());
                warnings.extend(text.duplicates.warning());
                warnings
            }
        }
    }

    /// The name that stands in the text in place of this address.
    pub fn name(&self, address: Address) -> Option<String> {
        match self {
            Self::Capture(_) => None,
            Self::Text(text) => text.hosts.name(address).map(|name| name.to_string()),
        }
    }
}

impl Capture {
    fn peek(&mut self) -> Option<Time> {
        if self.next.is_none() {
            let frame = self.frames.next()?;
            self.next = Some(Held {
                time: frame.time,
                link: frame.link,
                bytes: frame.bytes.to_owned(),
                wire_len: frame.wire_len,
                number: frame.number,
                interface: frame.interface,
            });
        }
        self.next.as_ref().map(|held| held.time)
    }

    fn take(&mut self, observe: &mut impl FnMut(Observation)) {
        self.peek();
        let Some(held) = self.next.take() else { return };
        let frame = Frame {
            time: held.time,
            link: held.link,
            bytes: &held.bytes,
            wire_len: held.wire_len,
            number: held.number,
            file: 0,
            interface: held.interface,
        };
        if !self.duplicates.has(&frame) {
            self.door.take(&frame, observe);
        }
    }
}

impl Text {
    fn take(&mut self, observe: &mut impl FnMut(Observation)) {
        let Some(packet) = self.file.take() else { return };
        if !self.duplicates.has(0, &packet) {
            self.door.take(&packet, observe);
        }
    }
}
