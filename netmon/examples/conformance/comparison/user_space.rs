//! The first witness: user space, as `netmon analyze` reads and counts captures.

use std::path::Path;

use anyhow::Result;
use netmon::capture::{Frames, LinkType, Opened, PacketFile, Progress, link, open};
use netmon::counter::Counter;
use netmon::counts::Counts;
use netmon_common::classify::{Concern, Meaning};
use netmon_common::wire::Captured;
use netmon_common::wire::icmp::Quoted;
use netmon_common::{Classified, DnsPorts, Offload};

use super::reading::{Field, Reading};

/// A frame of a capture, and how user space reads it.
pub struct Frame {
    /// Which packet of its file it is, from 1.
    pub number: u64,
    /// The kind of its link header.
    pub link: LinkType,
    /// As much of it as was captured.
    pub bytes: Vec<u8>,
    /// How many bytes it had on the wire.
    pub wire_len: usize,
    /// What user space says of it.
    pub reading: Reading,
}

/// Opens a file, if it is a capture.
pub fn open_capture(path: &Path) -> Result<Option<PacketFile>> {
    Ok(match open(path, &Progress::default())? {
        Opened::Packets(file) => Some(*file),
        Opened::Text(_) | Opened::Unreadable(_) => None,
    })
}

/// Reads all frames of a capture, each for itself.
pub fn read(file: PacketFile) -> Vec<Frame> {
    let mut frames = Frames::new(vec![file]);
    let nothing = Counts::default();
    let mut read = Vec::new();
    while let Some(frame) = frames.next() {
        let captured = Captured::new(frame.bytes, frame.wire_len);
        let mut counter = Counter::new(DnsPorts::DEFAULT);
        let announced = link::payload(frame.link, &captured);
        let classified = counter.count(&captured, announced, Offload::default());
        decide(&mut counter, &classified, &captured);
        let reading = Reading::counted(&nothing, &counter.counts());
        read.push(Frame {
            number: frame.number,
            link: frame.link,
            bytes: frame.bytes.to_vec(),
            wire_len: frame.wire_len,
            reading: with_details(reading, &classified, &captured),
        });
    }
    read
}

/// No frame before this one is a query that an undecided error could be about.
fn decide(counter: &mut Counter, classified: &Classified, frame: &Captured<'_>) {
    if let Meaning::Unreachable(error) = &classified.meaning
        && let Concern::Undecided(transport) = error.concern
        && let header = &error.unreachable.quoted.header
        && let (Some(source), Some(destination)) =
            (header.source().read(frame), header.destination().read(frame))
    {
        counter.decide([source, destination], transport, error.unreachable.code, false);
    }
}

/// Adds what the classifier has read and the counters do not tell.
fn with_details(reading: Reading, classified: &Classified, frame: &Captured<'_>) -> Reading {
    match &classified.meaning {
        Meaning::Query(message) | Meaning::Response(message) => reading
            .with(Field::Id, message.header.id)
            .with(Field::Opcode, message.header.opcode()),
        Meaning::Unreachable(error) => reading.with(Field::Quoted, quoted(&error.unreachable.quoted, frame)),
        Meaning::Connect(_)
        | Meaning::Reset(_)
        | Meaning::Segment(_)
        | Meaning::Fragment
        | Meaning::Unreadable(_)
        | Meaning::NotIp
        | Meaning::Other => reading,
    }
}

/// The two ends of a quoted packet.
fn quoted(quoted: &Quoted, frame: &Captured<'_>) -> String {
    let source = quoted.header.source().read(frame);
    let destination = quoted.header.destination().read(frame);
    let (Some(source), Some(destination)) = (source, destination) else {
        return "addresses that are not there".to_owned();
    };
    match quoted.ports {
        None => conversation(source, destination, None),
        Some(ports) => conversation(
            source,
            destination,
            Some((ports.transport.name(), ports.source, ports.destination)),
        ),
    }
}

/// Two ends, in the words of all witnesses.
pub fn conversation(
    source: impl std::fmt::Display,
    destination: impl std::fmt::Display,
    ports: Option<(&str, u16, u16)>,
) -> String {
    match ports {
        None => format!("{source} > {destination}"),
        Some((transport, from, to)) => format!("{transport} {source} {from} > {destination} {to}"),
    }
}
