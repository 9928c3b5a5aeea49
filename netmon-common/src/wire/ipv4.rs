//! IPv4 (RFC 791).

use super::ip::{Family, HeaderAt, Ip, Protocol, TCP, UDP};
use super::{Bytes, Header, Plain, Unreadable, read_header, require};

/// Length of the header without options, in bytes.
pub const HEADER_LEN: usize = 20;

const ICMP: u8 = 1;
const FRAGMENT_OFFSET: u16 = 0x1fff;

#[derive(Clone, Copy)]
#[repr(C)]
struct Ipv4Header {
    version_and_ihl: u8,
    service: u8,
    total_length: [u8; 2],
    identification: [u8; 2],
    flags_and_fragment_offset: [u8; 2],
    time_to_live: u8,
    protocol: u8,
    checksum: [u8; 2],
    source: [u8; 4],
    destination: [u8; 4],
}
// SAFETY: bytes only.
unsafe impl Plain for Ipv4Header {}
const _: () = assert!(size_of::<Ipv4Header>() == HEADER_LEN);

/// Reads the IPv4 packet at `offset`, in a frame or a quote that ends at `end`. Options must be there but
/// are not read. Checksums are not verified: offloading leaves them unset on what a host sends.
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<Ip, Unreadable> {
    let ip = parse_fixed(bytes, offset, end)?;
    skip_options(bytes, ip)
}

/// Makes sure that the options are there, if there are any.
#[inline(always)]
pub(super) fn skip_options<B: Bytes>(bytes: &B, fixed: Ip) -> Result<Ip, Unreadable> {
    if fixed.payload != fixed.header.offset + HEADER_LEN {
        require(bytes, fixed.payload, fixed.end, Header::Ipv4)?;
    }
    Ok(fixed)
}

/// Reads the first 20 bytes only; options may be missing (see [`super::icmp`] on quotes).
#[inline(always)]
pub(super) fn parse_fixed<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<Ip, Unreadable> {
    let header: Ipv4Header = read_header(bytes, offset, end, Header::Ipv4)?;
    let header_len = usize::from(header.version_and_ihl & 0x0f) * 4;
    let total_length = usize::from(u16::from_be_bytes(header.total_length));
    if header.version_and_ihl >> 4 != 4 || header_len < HEADER_LEN {
        return Err(Unreadable::wrong(Header::Ipv4));
    }
    // Segmentation offload leaves the total length of a super-packet at 0.
    let declared_end = if total_length == 0 {
        end
    } else {
        offset + total_length
    };
    if total_length != 0 && total_length < header_len {
        return Err(Unreadable::wrong(Header::Ipv4));
    }
    Ok(Ip {
        header: HeaderAt {
            offset,
            family: Family::V4,
        },
        protocol: match header.protocol {
            UDP => Protocol::Udp,
            TCP => Protocol::Tcp,
            ICMP => Protocol::Icmpv4,
            _ => Protocol::Other,
        },
        payload: offset + header_len,
        end: if declared_end < end { declared_end } else { end },
        later_fragment: u16::from_be_bytes(header.flags_and_fragment_offset) & FRAGMENT_OFFSET != 0,
    })
}
