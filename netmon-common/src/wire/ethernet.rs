//! Ethernet II with 802.1Q and 802.1ad tags (IEEE 802.3 clause 3, IEEE 802.1Q clause 9).

use super::{Bytes, Header, NOT_DECLARED, Plain, Unreadable, read_header};
use crate::limits::VLAN_TAGS;

/// EtherType of IPv4.
pub const IPV4: u16 = 0x0800;
/// EtherType of IPv6.
pub const IPV6: u16 = 0x86dd;
/// EtherType of a customer VLAN tag, 802.1Q.
pub const VLAN: u16 = 0x8100;
/// EtherType of a service VLAN tag, 802.1ad.
pub const SERVICE_VLAN: u16 = 0x88a8;

/// Length of the header without tags, in bytes.
pub const HEADER_LEN: usize = 14;
/// Length of one VLAN tag, in bytes.
pub const TAG_LEN: usize = 4;

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload {
    /// An IPv4 packet that starts at this offset.
    Ipv4(usize),
    /// An IPv6 packet that starts at this offset.
    Ipv6(usize),
    /// Something else.
    NotIp,
}

#[derive(Clone, Copy)]
#[repr(C)]
struct EthernetHeader {
    destination: [u8; 6],
    source: [u8; 6],
    ether_type: [u8; 2],
}
// SAFETY: byte arrays only.
unsafe impl Plain for EthernetHeader {}

#[derive(Clone, Copy)]
#[repr(C)]
struct VlanTag {
    control: [u8; 2],
    ether_type: [u8; 2],
}
// SAFETY: byte arrays only.
unsafe impl Plain for VlanTag {}

/// Reads the Ethernet header and the tags behind it; `tags_removed` are those that the network card or
/// the kernel took off before (at most [`VLAN_TAGS`] count together).
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B, tags_removed: u8) -> Result<Payload, Unreadable> {
    let ether_type = parse_header(bytes)?;
    parse_tags(bytes, ether_type, HEADER_LEN, tags_removed)
}

/// Reads the Ethernet header only: gives the `EtherType`.
#[inline(always)]
pub fn parse_header<B: Bytes>(bytes: &B) -> Result<u16, Unreadable> {
    let header: EthernetHeader = read_header(bytes, 0, NOT_DECLARED, Header::Link)?;
    Ok(u16::from_be_bytes(header.ether_type))
}

/// Whether this `EtherType` announces a tag.
#[inline(always)]
pub const fn is_tag(ether_type: u16) -> bool {
    matches!(ether_type, VLAN | SERVICE_VLAN)
}

/// Reads the tags that `ether_type`, at the end of a link header of any kind, announces at `offset`.
#[inline(always)]
pub fn parse_tags<B: Bytes>(
    bytes: &B,
    mut ether_type: u16,
    mut offset: usize,
    tags_removed: u8,
) -> Result<Payload, Unreadable> {
    let mut tags = tags_removed;
    if !B::DEEP && tags < VLAN_TAGS && is_tag(ether_type) {
        return Err(Unreadable::cut(Header::Vlan));
    }
    while tags < VLAN_TAGS && is_tag(ether_type) {
        let tag: VlanTag = read_header(bytes, offset, NOT_DECLARED, Header::Vlan)?;
        ether_type = u16::from_be_bytes(tag.ether_type);
        offset = bytes.forget(offset + TAG_LEN);
        tags += 1;
    }
    Ok(payload(ether_type, offset))
}

/// What an EtherType at the end of a link header announces at `offset`.
#[inline(always)]
pub fn payload(ether_type: u16, offset: usize) -> Payload {
    match ether_type {
        IPV4 => Payload::Ipv4(offset),
        IPV6 => Payload::Ipv6(offset),
        _ => Payload::NotIp,
    }
}
