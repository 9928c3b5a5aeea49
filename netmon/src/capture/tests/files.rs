//! Builds capture files, byte by byte.

use std::io::Write;

/// The order of the bytes of numbers.
#[derive(Clone, Copy, Debug)]
pub enum Order {
    Little,
    Big,
}

impl Order {
    pub fn u16(self, value: u16) -> [u8; 2] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    pub fn u32(self, value: u32) -> [u8; 4] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    pub fn i64(self, value: i64) -> [u8; 8] {
        match self {
            Self::Little => value.to_le_bytes(),
            Self::Big => value.to_be_bytes(),
        }
    }

    fn words(self, words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| self.u32(*word)).collect()
    }
}

/// What sets pcap files apart.
#[derive(Clone, Copy, Debug)]
pub struct Pcap {
    pub order: Order,
    pub magic: u32,
    pub link: u32,
}

impl Pcap {
    pub const MICROSECONDS: u32 = 0xa1b2_c3d4;
    pub const NANOSECONDS: u32 = 0xa1b2_3c4d;
    pub const MODIFIED: u32 = 0xa1b2_cd34;

    /// Ethernet, microseconds, little-endian.
    pub const USUAL: Self = Self {
        order: Order::Little,
        magic: Self::MICROSECONDS,
        link: 1,
    };

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

    pub fn record(self, nanos: u64, packet: &[u8], wire_len: usize) -> Vec<u8> {
        let unit = if self.magic == Self::NANOSECONDS { 1 } else { 1_000 };
        let header = self.record_header(
            number(nanos / 1_000_000_000),
            number(nanos % 1_000_000_000 / unit),
            number(packet.len() as u64),
            number(wire_len as u64),
        );
        [&header, packet].concat()
    }

    /// A file of packets that were captured whole, with their times in nanoseconds.
    pub fn file(self, packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
        let record = |(nanos, packet): &(u64, Vec<u8>)| self.record(*nanos, packet, packet.len());
        [self.header(), packets.iter().flat_map(record).collect()].concat()
    }
}

fn number(value: u64) -> u32 {
    u32::try_from(value).unwrap()
}

/// A pcapng block.
pub fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = order.u32(number(body.len() as u64 + 12));
    [&order.u32(kind), &len, &body[..], &len].concat()
}

pub fn section(order: Order) -> Vec<u8> {
    let version = [order.u16(1), order.u16(0)].concat();
    let body = [&order.u32(0x1a2b_3c4d), &version[..], &order.i64(-1)].concat();
    block(order, 0x0a0d_0d0a, &body)
}

/// An interface description; options as code and value.
pub fn interface(order: Order, link: u16, snap_len: u32, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut body = [&order.u16(link), &[0, 0], &order.u32(snap_len)[..]].concat();
    for (code, value) in options {
        body.extend(order.u16(*code));
        body.extend(order.u16(u16::try_from(value.len()).unwrap()));
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    block(order, 1, &body)
}

/// The option for a resolution, `if_tsresol`.
pub const RESOLUTION: u16 = 9;
/// The option for an offset, `if_tsoffset`.
pub const OFFSET: u16 = 14;

pub fn enhanced(order: Order, interface: u32, stamp: u64, packet: &[u8], wire_len: u32) -> Vec<u8> {
    let lens = [number(packet.len() as u64), wire_len];
    let stamp = [number(stamp >> 32), number(stamp & 0xffff_ffff)];
    let body = [
        &order.words(&[interface]),
        &order.words(&stamp),
        &order.words(&lens),
        packet,
    ]
    .concat();
    block(order, 6, &body)
}

pub fn simple(order: Order, packet: &[u8], wire_len: u32) -> Vec<u8> {
    block(order, 3, &[&order.u32(wire_len), packet].concat())
}

/// The packet block that the enhanced one replaced.
pub fn old_packet(order: Order, interface: u16, stamp: u64, packet: &[u8], wire_len: u32) -> Vec<u8> {
    let lens = [number(packet.len() as u64), wire_len];
    let stamp = [number(stamp >> 32), number(stamp & 0xffff_ffff)];
    let interface = [order.u16(interface), order.u16(0)].concat();
    let body = [&interface, &order.words(&stamp), &order.words(&lens), packet].concat();
    block(order, 2, &body)
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}
