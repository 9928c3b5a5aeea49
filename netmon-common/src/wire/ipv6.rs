//! IPv6 and its extension headers (RFC 8200), the authentication header among them (RFC 4302).

use super::ip::{Family, HeaderAt, Ip, Protocol};
use super::{Bytes, Header, NOT_DECLARED, Plain, Unreadable, read_header, require};
use crate::limits::IPV6_EXTENSIONS;

/// Length of the fixed header, in bytes.
pub const HEADER_LEN: usize = 40;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION_OPTIONS: u8 = 60;

/// The offset in the third and fourth byte of the fragment header.
const FRAGMENT_OFFSET: u16 = 0xfff8;

#[derive(Clone, Copy)]
#[repr(C)]
struct Ipv6Header {
    version_and_class: u8,
    class_and_flow: [u8; 3],
    payload_length: [u8; 2],
    next_header: u8,
    hop_limit: u8,
    source: [u8; 16],
    destination: [u8; 16],
}
// SAFETY: bytes only.
unsafe impl Plain for Ipv6Header {}
const _: () = assert!(size_of::<Ipv6Header>() == HEADER_LEN);

/// The fixed header, and what it says of the rest.
#[derive(Clone, Copy)]
pub(super) struct Fixed {
    pub header: HeaderAt,
    pub end: usize,
    next_header: u8,
    after: usize,
}

/// Reads the IPv6 packet at `offset` of a frame, with its extension headers.
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B, offset: usize) -> Result<Ip, Unreadable> {
    let fixed = parse_fixed(bytes, offset, NOT_DECLARED)?;
    walk_extensions(bytes, fixed)
}

/// Reads the fixed header only, of a packet in a frame or in a quote that ends at `end`.
#[inline(always)]
pub(super) fn parse_fixed<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<Fixed, Unreadable> {
    let header: Ipv6Header = read_header(bytes, offset, end, Header::Ipv6)?;
    if header.version_and_class >> 4 != 6 {
        return Err(Unreadable::wrong(Header::Ipv6));
    }
    let after = offset + HEADER_LEN;
    let payload_length = usize::from(u16::from_be_bytes(header.payload_length));
    // A jumbo payload (RFC 2675, also what Linux makes of large segmentation offload) declares 0.
    let declared_end = if payload_length == 0 && bytes.clamp(end) > after + usize::from(u16::MAX) {
        end
    } else {
        after + payload_length
    };
    Ok(Fixed {
        header: HeaderAt {
            offset,
            family: Family::V6,
        },
        end: if declared_end < end { declared_end } else { end },
        next_header: header.next_header,
        after,
    })
}

/// Walks at most [`IPV6_EXTENSIONS`] extension headers, in any order.
#[inline(always)]
pub(super) fn walk_extensions<B: Bytes>(bytes: &B, fixed: Fixed) -> Result<Ip, Unreadable> {
    let mut next = fixed.next_header;
    let mut offset = fixed.after;
    let mut later_fragment = false;
    let mut walked = 0;
    if !B::DEEP && is_one_of(EXTENSIONS, next) == 1 {
        return Err(Unreadable::cut(Header::Ipv6Extension));
    }
    while B::DEEP && is_one_of(EXTENSIONS, next) == 1 {
        if walked == IPV6_EXTENSIONS {
            return Err(Unreadable::wrong(Header::Ipv6Extension));
        }
        walked += 1;
        // Every extension header has at least 8 bytes; the fragment offset is in bytes 2 and 3.
        let start: [u8; 8] = read_header(bytes, offset, fixed.end, Header::Ipv6Extension)?;
        let [following, length, fragment_high, fragment_low, ..] = start;
        let upto = offset + extension_len(next, length);
        require(bytes, upto, fixed.end, Header::Ipv6Extension)?;
        offset = bytes.forget(upto);
        if next == FRAGMENT && (u16::from_be_bytes([fragment_high, fragment_low]) & FRAGMENT_OFFSET) != 0 {
            // What follows is a piece of payload, not the header that `following` names.
            later_fragment = true;
            break;
        }
        next = following;
    }
    Ok(Ip {
        header: fixed.header,
        protocol: Protocol(next),
        payload: offset,
        end: fixed.end,
        later_fragment,
    })
}

/// A set of next-header values below 64, one bit each.
const EXTENSIONS: u64 =
    1 << HOP_BY_HOP | 1 << ROUTING | 1 << FRAGMENT | 1 << AUTHENTICATION | 1 << DESTINATION_OPTIONS;

/// 1 if the set has the value, else 0.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "one bit")]
const fn is_one_of(set: u64, next_header: u8) -> usize {
    let below_64 = (next_header >> 6 == 0) as u64;
    ((set >> (next_header & 63)) & below_64) as usize
}

/// The length of an extension header in bytes: its length field counts 8 bytes beyond the first 8, the
/// authentication header's counts 4 bytes beyond the first 8, and the fragment header has none.
///
/// Without branches, because the verifier follows each branch of each of eight headers.
#[inline(always)]
const fn extension_len(next_header: u8, length: u8) -> usize {
    let authentication = is_one_of(1 << AUTHENTICATION, next_header);
    let fragment = is_one_of(1 << FRAGMENT, next_header);
    ((length as usize & fragment.wrapping_sub(1)) + 1 + authentication) << (3 - authentication)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extension_headers_are_as_long_as_their_kind_counts() {
        assert_eq!(extension_len(HOP_BY_HOP, 0), 8);
        assert_eq!(extension_len(ROUTING, 2), 24);
        assert_eq!(extension_len(DESTINATION_OPTIONS, 255), 2_048);
        assert_eq!(
            extension_len(FRAGMENT, 77),
            8,
            "the fragment header's second byte is reserved"
        );
        assert_eq!(extension_len(AUTHENTICATION, 4), 24);
        assert_eq!(extension_len(AUTHENTICATION, 255), 1_028);
    }

    #[test]
    fn only_the_five_known_kinds_are_extension_headers() {
        let known = (0..=255).filter(|next| is_one_of(EXTENSIONS, *next) == 1);
        assert!(known.eq([HOP_BY_HOP, ROUTING, FRAGMENT, AUTHENTICATION, DESTINATION_OPTIONS]));
    }
}
