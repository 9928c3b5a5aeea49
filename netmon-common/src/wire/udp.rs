//! UDP (RFC 768).

use super::{Bytes, Header, Plain, Unreadable, missing, require_declared};

/// Length of the header, in bytes.
pub const HEADER_LEN: usize = 8;

#[derive(Clone, Copy)]
#[repr(C)]
struct UdpHeader {
    source_port: [u8; 2],
    destination_port: [u8; 2],
    length: [u8; 2],
    checksum: [u8; 2],
}
// SAFETY: byte arrays only.
unsafe impl Plain for UdpHeader {}
const _: () = assert!(size_of::<UdpHeader>() == HEADER_LEN);

/// A UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp {
    /// Source port, host order.
    pub source_port: u16,
    /// Destination port, host order.
    pub destination_port: u16,
    /// Where the payload starts.
    pub payload: usize,
    /// Where it declares to end: what both the UDP length and the IP length allow.
    pub end: usize,
}

/// Reads the datagram at `offset` of an IP packet that ends at `end`.
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<Udp, Unreadable> {
    require_declared(offset + HEADER_LEN, end, Header::Udp)?;
    let Some(header) = bytes.read::<UdpHeader>(offset) else {
        return Err(missing(bytes, offset + HEADER_LEN, Header::Udp));
    };
    let length = usize::from(u16::from_be_bytes(header.length));
    if length < HEADER_LEN {
        return Err(Unreadable::wrong(Header::Udp));
    }
    let declared_end = offset + length;
    Ok(Udp {
        source_port: u16::from_be_bytes(header.source_port),
        destination_port: u16::from_be_bytes(header.destination_port),
        payload: offset + HEADER_LEN,
        end: if declared_end < end { declared_end } else { end },
    })
}
