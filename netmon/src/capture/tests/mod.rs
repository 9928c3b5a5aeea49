//! The door as a whole, over files and packets that functions build.

mod any_bytes;
mod compress;
mod connections;
mod containers;
mod damaged;
mod exchanges;
mod folder;
mod growing;
mod links;
mod observations;
mod own_errors;
mod packets;
mod proofs;
mod sights;
mod textbook;
mod translations;
mod unreadable;

use std::io::Cursor;

use netmon_common::DnsPorts;

use super::{Door, Frame, Frames, Interface, LinkType, Opened, PacketFile, open_source};
use crate::model::Warning;
use crate::observation::{Observation, What};
use crate::time::Time;

/// A packet, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Read {
    number: u64,
    nanos: u64,
    link: LinkType,
    bytes: Vec<u8>,
    wire_len: usize,
}

impl Read {
    fn of(frame: &Frame<'_>) -> Self {
        Self {
            number: frame.number,
            nanos: frame.time.nanos(),
            link: frame.link,
            bytes: frame.bytes.to_vec(),
            wire_len: frame.wire_len,
        }
    }
}

/// The file with these bytes, which is a capture.
fn capture(bytes: Vec<u8>) -> PacketFile {
    match open_source(Box::new(Cursor::new(bytes)), "test").unwrap() {
        Opened::Packets(file) => *file,
        Opened::Text(_) => panic!("the file is taken for text"),
        Opened::Unreadable(warning) => panic!("{}", warning.message),
    }
}

/// All packets of a file, and what could not be read of it.
fn read(bytes: Vec<u8>) -> (Vec<Read>, Vec<Warning>) {
    let mut frames = Frames::new(vec![capture(bytes)]);
    let mut packets = Vec::new();
    while let Some(frame) = frames.next() {
        packets.push(Read::of(&frame));
    }
    (packets, frames.warnings())
}

/// What the door makes of Ethernet frames with these times in milliseconds, one by one.
fn observe(packets: &[(u64, Vec<u8>)]) -> (Door, Vec<Observation>) {
    let (door, mut observations) = observe_all(packets);
    observations.retain(|observation| !matches!(observation.what, What::Seconds(_)));
    (door, observations)
}

/// The same, with the counts by second.
fn observe_all(packets: &[(u64, Vec<u8>)]) -> (Door, Vec<Observation>) {
    observe_link(LinkType::Ethernet, packets)
}

/// The same of frames with this link header.
fn observe_link(link: LinkType, packets: &[(u64, Vec<u8>)]) -> (Door, Vec<Observation>) {
    let mut door = Door::new(DnsPorts::DEFAULT);
    let mut observations = Vec::new();
    for (number, (millis, bytes)) in (1..).zip(packets) {
        let frame = Frame {
            time: at(*millis),
            link,
            bytes,
            wire_len: bytes.len(),
            number,
            file: 0,
            interface: None,
        };
        door.take(&frame, &mut |observation| observations.push(observation));
    }
    assert!(door.counts().add_up());
    (door, observations)
}

fn at(millis: u64) -> Time {
    Time::from_nanos(millis * 1_000_000)
}
