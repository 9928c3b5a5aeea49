//! TCP headers (RFC 9293 section 3.1). Streams are not reassembled.

use super::{Bytes, Header, Plain, Unreadable, missing, require, require_declared};
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
    /// The number of its first byte (of its SYN, if it has one).
    pub sequence: u32,
    /// The number of the next byte that its sender waits for, where [`Flags::is_acknowledgment`].
    pub acknowledgment: u32,
    /// Its flags.
    pub flags: Flags,
    /// Where the header starts.
    offset: usize,
    /// Its length in words, in the upper half.
    data_offset: u8,
}

impl Tcp {
    /// Where the payload starts.
    #[inline(always)]
    pub const fn payload(&self) -> usize {
        self.offset + header_len(self.data_offset)
    }

    /// Its sequence number, and what it acknowledges.
    #[inline(always)]
    pub fn numbers<B: Bytes>(&self, bytes: &B) -> Option<Numbers> {
        let header: TcpHeader = bytes.read(self.offset)?;
        Some(Numbers {
            sequence: u32::from_be_bytes(header.sequence),
            acknowledgment: u32::from_be_bytes(header.acknowledgment),
        })
    }
}

#[inline(always)]
const fn header_len(data_offset: u8) -> usize {
    (data_offset >> 4) as usize * 4
}

/// Where a segment stands in its stream (RFC 9293 section 3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Of its first byte.
    pub sequence: u32,
    /// Of the next byte that its sender expects of the other side.
    pub acknowledgment: u32,
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

    /// SYN with ACK: the server takes the connection.
    #[inline(always)]
    pub const fn is_accept(self) -> bool {
        self.0 & (SYN | ACK | RST) == SYN | ACK
    }

    /// ACK: the acknowledgment number means something.
    #[inline(always)]
    pub const fn is_acknowledgment(self) -> bool {
        self.0 & ACK != 0
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
    if header_len(header.data_offset) < HEADER_LEN {
        return Err(Unreadable::wrong(Header::Tcp));
    }
    if header_len(header.data_offset) != HEADER_LEN {
        require(bytes, offset + header_len(header.data_offset), end, Header::Tcp)?;
    }
    Ok(Tcp {
        source_port: header.source_port,
        destination_port: header.destination_port,
        sequence: u32::from_be_bytes(header.sequence),
        acknowledgment: u32::from_be_bytes(header.acknowledgment),
        flags: Flags(header.flags),
        offset,
        data_offset: header.data_offset,
    })
}
