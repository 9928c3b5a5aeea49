//! Queries to many servers, with long silences between them: millions of seconds in which nothing happens.

use std::net::Ipv4Addr;
use std::time::Duration;

use super::Pcap;
use crate::frames::build::prelude::*;

/// How many queries there are.
pub const QUERIES: u32 = 120_000;

/// Servers that are asked in turn.
pub const SERVERS: u32 = 4_000;

/// When it begins: 2026-03-19T08:00:00Z, in seconds.
const BEGIN: u64 = 1_773_907_200;

/// What passes between two queries where there is no silence.
const STEP: Duration = Duration::from_millis(1);

/// A capture of them, with a silence after every so many queries.
pub fn file(after: u32, silence: Duration) -> Vec<u8> {
    let mut frame = (frame() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("www.example.com")).bytes();
    let mut bytes = Pcap::USUAL.header();
    for number in 0..QUERIES {
        let server = Ipv4Addr::from_bits(0x0a02_0000 + number % SERVERS);
        if let Some(destination) = frame.get_mut(30..34) {
            destination.copy_from_slice(&server.octets());
        }
        let time = Duration::from_secs(BEGIN) + STEP * number + silence * (number / after);
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        bytes.extend(Pcap::USUAL.record(nanos, &frame, frame.len()));
    }
    bytes
}
