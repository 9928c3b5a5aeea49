//! IPv4 (RFC 791).

use super::ip::{Family, HeaderAt, Ip, Protocol};
use super::{Bytes, Header, NOT_DECLARED, Plain, Unreadable, read_header, require};

/// Length of the header without options, in bytes.
pub const HEADER_LEN: usize = 20;

/// Version 4 and 5 words of header, as they stand in the first byte; each word of options adds 1.
const WITHOUT_OPTIONS: usize = 0x45;
const MOST_OPTIONS: usize = 0x4f - WITHOUT_OPTIONS;
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

/// Reads the IPv4 packet at `offset` of a frame. Options must be there but are not read. Checksums are not
/// verified: offloading leaves them unset on what a host sends.
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B, offset: usize) -> Result<Ip, Unreadable> {
    let ip = parse_fixed(bytes, offset, NOT_DECLARED)?;
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

/// Reads the first 20 bytes only, of a packet in a frame or in a quote that ends at `end`; options may be missing
/// (see [`super::icmp`] on quotes).
#[inline(always)]
pub(super) fn parse_fixed<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<Ip, Unreadable> {
    let header: Ipv4Header = read_header(bytes, offset, end, Header::Ipv4)?;
    // Another version and a header that is too short are out of this range together.
    let options = usize::from(header.version_and_ihl).wrapping_sub(WITHOUT_OPTIONS);
    if options > MOST_OPTIONS {
        return Err(Unreadable::wrong(Header::Ipv4));
    }
    if options != 0 && !B::DEEP {
        return Err(Unreadable::cut(Header::Ipv4));
    }
    let header_len = HEADER_LEN + options * 4;
    let total_length = usize::from(u16::from_be_bytes(header.total_length));
    if total_length < header_len && (!B::DEEP || total_length != 0) {
        // The other reader finds out what is the matter.
        return Err(if B::DEEP {
            Unreadable::wrong(Header::Ipv4)
        } else {
            Unreadable::cut(Header::Ipv4)
        });
    }
    // Segmentation offload leaves the total length of a super-packet at 0.
    let declared_end = if B::DEEP && total_length == 0 {
        end
    } else {
        offset + total_length
    };
    Ok(Ip {
        header: HeaderAt {
            offset,
            family: Family::V4,
        },
        protocol: Protocol(header.protocol),
        payload: offset + header_len,
        end: if declared_end < end { declared_end } else { end },
        later_fragment: u16::from_be_bytes(header.flags_and_fragment_offset) & FRAGMENT_OFFSET != 0,
    })
}
