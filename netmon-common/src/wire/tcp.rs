//! TCP headers (RFC 9293 section 3.1). Streams are not reassembled.

use super::{Bytes, Header, Plain, Unreadable, missing, require, require_declared};

/// Length of the header without options, in bytes.
pub const HEADER_LEN: usize = 20;

const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

#[derive(Clone, Copy)]
#[repr(C)]
struct TcpHeader {
    source_port: [u8; 2],
    destination_port: [u8; 2],
    sequence: [u8; 4],
    acknowledgment: [u8; 4],
    data_offset: u8,
    flags: u8,
    window: [u8; 2],
    checksum: [u8; 2],
    urgent: [u8; 2],
}
// SAFETY: bytes only.
unsafe impl Plain for TcpHeader {}
const _: () = assert!(size_of::<TcpHeader>() == HEADER_LEN);

/// A TCP segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tcp {
    /// Source port, host order.
    pub source_port: u16,
    /// Destination port, host order.
    pub destination_port: u16,
    /// Where the payload starts.
    pub payload: usize,
    flags: u8,
}

impl Tcp {
    /// SYN without ACK: a client opens a connection.
    #[inline(always)]
    pub const fn is_connect(&self) -> bool {
        self.flags & (SYN | ACK) == SYN
    }

    /// RST: the connection is refused or ended.
    #[inline(always)]
    pub const fn is_reset(&self) -> bool {
        self.flags & RST != 0
    }
}

/// Reads the segment at `offset` of an IP packet that ends at `end`.
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<Tcp, Unreadable> {
    require_declared(offset + HEADER_LEN, end, Header::Tcp)?;
    let Some(header) = bytes.read::<TcpHeader>(offset) else {
        return Err(missing(bytes, offset + HEADER_LEN, Header::Tcp));
    };
    let header_len = usize::from(header.data_offset >> 4) * 4;
    if header_len < HEADER_LEN {
        return Err(Unreadable::wrong(Header::Tcp));
    }
    let payload = offset + header_len;
    if header_len != HEADER_LEN {
        require(bytes, payload, end, Header::Tcp)?;
    }
    Ok(Tcp {
        source_port: u16::from_be_bytes(header.source_port),
        destination_port: u16::from_be_bytes(header.destination_port),
        payload,
        flags: header.flags,
    })
}
