//! UDP (RFC 768).

use super::{Bytes, Header, Plain, Unreadable, missing, require_declared};
use crate::ports::RawPort;

/// Length of the header, in bytes.
pub const HEADER_LEN: usize = 8;

#[derive(Clone, Copy)]
#[repr(C)]
struct UdpHeader {
    source_port: RawPort,
    destination_port: RawPort,
    length: [u8; 2],
    checksum: [u8; 2],
}
// SAFETY: byte arrays only.
unsafe impl Plain for UdpHeader {}
const _: () = assert!(size_of::<UdpHeader>() == HEADER_LEN);

/// A UDP datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Udp {
    /// Source port.
    pub source_port: RawPort,
    /// Destination port.
    pub destination_port: RawPort,
    /// Where the payload starts.
    pub payload: usize,
    /// Where it declares to end, which may be beyond the end of the IP packet.
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
    Ok(Udp {
        source_port: header.source_port,
        destination_port: header.destination_port,
        payload: offset + HEADER_LEN,
        end: offset + length,
    })
}
