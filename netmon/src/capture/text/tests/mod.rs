//! tcpdump's own output is the measure: what it prints of a frame must read like the frame.

mod agree;
mod build;
mod captures;
mod counting;
mod days;
mod deltas;
mod door;
mod frames;
mod frames_of_errors;
mod held;
mod hostile;
mod missing;
mod paste;
mod sense;
mod shapes;
mod sights;
mod tcpdump;
mod textbook;
mod times;
mod witness;

use jiff::civil::date;
use jiff::tz::TimeZone;
use netmon_common::DnsPorts;

use super::*;
use crate::model::{Warning, WarningKind};

/// The date of the packets in these tests, in UTC.
fn options() -> Options {
    Options {
        date: date(2024, 11, 24),
        zone: TimeZone::UTC,
        ports: DnsPorts::DEFAULT,
    }
}

/// Whether a warning is of packets, not of the text: that tunnels' are not looked into, or that some are unreadable.
fn is_of_packets(warning: &Warning) -> bool {
    matches!(
        warning.warning,
        WarningKind::Tunnel | WarningKind::UnreadablePackets
    )
}

/// All packets of a text, and the warnings.
fn read(text: &str) -> (Vec<TextPacket>, Vec<Warning>) {
    read_with(options(), text)
}

fn read_with(options: Options, text: &str) -> (Vec<TextPacket>, Vec<Warning>) {
    let mut reader = TextReader::new(options);
    let mut packets = Vec::new();
    for line in text.lines() {
        reader.push_line(line, &mut packets);
    }
    reader.finish(&mut packets);
    (packets, reader.warnings())
}
