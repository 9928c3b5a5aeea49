//! TCP headers (RFC 9293 section 3.1). Streams are not reassembled.

use super::{Bytes, Header, NOT_DECLARED, Plain, Unreadable, missing, read_header, require, require_declared};
use crate::ports::RawPort;

/// Length of the header without options, in bytes.
pub const HEADER_LEN: usize = 20;

const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

#[derive(Clone, Copy)]
#[repr(C)]
struct TcpHeader {
    source_port: RawPort,
    destination_port: RawPort,
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
    /// Source port.
    pub source_port: RawPort,
    /// Destination port.
    pub destination_port: RawPort,
    /// Where the payload starts.
    pub payload: usize,
}

/// The flags of a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// SYN without ACK: a client opens a connection.
    #[inline(always)]
    pub const fn is_connect(self) -> bool {
        self.0 & (SYN | ACK) == SYN
    }

    /// RST: the connection is refused or ended.
    #[inline(always)]
    pub const fn is_reset(self) -> bool {
        self.0 & RST != 0
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
        source_port: header.source_port,
        destination_port: header.destination_port,
        payload,
    })
}

/// Reads the flags of the segment at `offset`, which was read before. Few segments are asked for them.
#[inline(always)]
pub fn flags<B: Bytes>(bytes: &B, offset: usize) -> Result<Flags, Unreadable> {
    let header: TcpHeader = read_header(bytes, offset, NOT_DECLARED, Header::Tcp)?;
    Ok(Flags(header.flags))
}
