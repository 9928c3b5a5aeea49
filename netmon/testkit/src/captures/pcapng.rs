//! pcapng files (draft-ietf-opsawg-pcapng): blocks, to be put one behind the other.

use super::{Order, field, length};

/// The option of an interface for its name, `if_name`.
pub const NAME: u16 = 2;
/// The option for a resolution, `if_tsresol`.
pub const RESOLUTION: u16 = 9;
/// The option for an offset in seconds, `if_tsoffset`.
pub const OFFSET: u16 = 14;

/// A block of any kind.
pub fn block(order: Order, kind: u32, body: &[u8]) -> Vec<u8> {
    let mut body = body.to_vec();
    body.resize(body.len().next_multiple_of(4), 0);
    let len = order.u32(field(body.len() as u64 + 12));
    [&order.u32(kind), &len, &body[..], &len].concat()
}

/// The header of a section.
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
        body.extend(order.u16(u16::try_from(value.len()).unwrap_or(u16::MAX)));
        body.extend(*value);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    block(order, 1, &body)
}

/// An enhanced packet; `stamp` is in the units of its interface.
pub fn enhanced(order: Order, interface: u32, stamp: u64, packet: &[u8], wire_len: u32) -> Vec<u8> {
    let stamp = [field(stamp >> 32), field(stamp & 0xffff_ffff)];
    let body = [
        &order.words(&[interface]),
        &order.words(&stamp),
        &order.words(&[length(packet), wire_len]),
        packet,
    ]
    .concat();
    block(order, 6, &body)
}

/// A packet without a time, of the first interface.
pub fn simple(order: Order, packet: &[u8], wire_len: u32) -> Vec<u8> {
    block(order, 3, &[&order.u32(wire_len), packet].concat())
}

/// The packet block that the enhanced one replaced.
pub fn old_packet(order: Order, interface: u16, stamp: u64, packet: &[u8], wire_len: u32) -> Vec<u8> {
    let stamp = [field(stamp >> 32), field(stamp & 0xffff_ffff)];
    let interface = [order.u16(interface), order.u16(0)].concat();
    let lens = order.words(&[length(packet), wire_len]);
    let body = [&interface, &order.words(&stamp), &lens, packet].concat();
    block(order, 2, &body)
}

/// A file of one section with one interface, and packets that were captured whole, with their times in nanoseconds.
/// A `resolution` of 6 is microseconds, of 9 nanoseconds.
pub fn file(order: Order, link: u16, resolution: u8, packets: &[(u64, Vec<u8>)]) -> Vec<u8> {
    let unit = 10_u64.pow(9_u32.saturating_sub(u32::from(resolution)));
    let packet = |(nanos, packet): &(u64, Vec<u8>)| enhanced(order, 0, nanos / unit, packet, length(packet));
    [
        section(order),
        interface(order, link, 0, &[(RESOLUTION, &[resolution])]),
        packets.iter().flat_map(packet).collect(),
    ]
    .concat()
}
