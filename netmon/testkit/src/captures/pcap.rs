//! pcap files (draft-ietf-opsawg-pcap).

use super::{Order, field, length};

/// What sets pcap files apart.
#[derive(Clone, Copy, Debug)]
pub struct Pcap {
    /// The order of the bytes of its numbers.
    pub order: Order,
    /// What it starts with.
    pub magic: u32,
    /// Its link type, and above the lower 16 bits what it says of the frame check sequence.
    pub link: u32,
}

impl Pcap {
    /// Times in microseconds.
    pub const MICROSECONDS: u32 = 0xa1b2_c3d4;
    /// Times in nanoseconds.
    pub const NANOSECONDS: u32 = 0xa1b2_3c4d;
    /// Alexey Kuznetzov's form, with 8 more bytes in the header of each record.
    pub const MODIFIED: u32 = 0xa1b2_cd34;

    /// Ethernet, microseconds, little-endian.
    pub const USUAL: Self = Self {
        order: Order::Little,
        magic: Self::MICROSECONDS,
        link: 1,
    };

    /// The file's header.
    pub fn header(self) -> Vec<u8> {
        let order = self.order;
        let version = [order.u16(2), order.u16(4)].concat();
        [
            order.u32(self.magic).to_vec(),
            version,
            order.words(&[0, 0, 262_144, self.link]),
        ]
        .concat()
    }

    /// The header of a record; `fraction` is in the file's units.
    pub fn record_header(self, seconds: u32, fraction: u32, captured: u32, wire_len: u32) -> Vec<u8> {
        let mut header = self.order.words(&[seconds, fraction, captured, wire_len]);
        if self.magic == Self::MODIFIED {
            header.extend([0; 8]);
        }
        header
    }

    /// A packet that was `wire_len` bytes long, with its time in nanoseconds since 1970.
    pub fn record(self, nanos: u64, packet: &[u8], wire_len: usize) -> Vec<u8> {
        let unit = if self.magic == Self::NANOSECONDS { 1 } else { 1_000 };
        let header = self.record_header(
            field(nanos / 1_000_000_000),
            field(nanos % 1_000_000_000 / unit),
            length(packet),
            field(wire_len as u64),
        );
        [&header, packet].concat()
    }

    /// A file of packets that were captured whole, with their times in nanoseconds.
    pub fn file(self, packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let record = |(nanos, packet): &(u64, Vec<u8>)| self.record(*nanos, packet, packet.len());
        [self.header(), packets.iter().flat_map(record).collect()].concat()
    }
}
