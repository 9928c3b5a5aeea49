//! The DNS header (RFC 1035 section 4.1.1) and the length before it on TCP (RFC 7766 section 8).

use super::{Bytes, Header, Plain, Unreadable, read_header};
use crate::outcome::Rcode;

/// Length of the header, in bytes.
pub const HEADER_LEN: usize = 12;
/// Length of the length before a message on TCP, in bytes.
pub const TCP_LENGTH_LEN: usize = 2;

const RESPONSE: u16 = 0x8000;
const RECURSION_DESIRED: u16 = 0x0100;
/// The highest opcode assigned, DSO (RFC 8490).
const HIGHEST_OPCODE: u16 = 6;

/// A DNS header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct DnsHeader {
    id: [u8; 2],
    flags: [u8; 2],
    questions: [u8; 2],
    records: [u8; 6],
}
// SAFETY: byte arrays only.
unsafe impl Plain for DnsHeader {}
const _: () = assert!(size_of::<DnsHeader>() == HEADER_LEN);

impl DnsHeader {
    /// What netmon needs of it.
    #[inline(always)]
    pub const fn message(&self) -> MessageHeader {
        MessageHeader {
            id: u16::from_be_bytes(self.id),
            flags: u16::from_be_bytes(self.flags),
        }
    }

    /// How many questions the message has.
    #[inline(always)]
    pub const fn questions(&self) -> u16 {
        u16::from_be_bytes(self.questions)
    }

    /// Whether a TCP segment may well start with this header: a known opcode and one question.
    #[inline(always)]
    pub const fn is_plausible(&self) -> bool {
        self.message().opcode() <= HIGHEST_OPCODE && self.questions() == 1
    }
}

/// The id and the flags of a DNS message, host order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageHeader {
    /// The message's id.
    pub id: u16,
    flags: u16,
}

impl MessageHeader {
    /// A header with this id and these flags.
    pub const fn new(id: u16, flags: u16) -> Self {
        Self { id, flags }
    }

    /// QR: whether this is a response.
    #[inline(always)]
    pub const fn is_response(self) -> bool {
        self.flags & RESPONSE != 0
    }

    /// RD: whether the client asks the server to look further itself.
    #[inline(always)]
    pub const fn recursion_desired(self) -> bool {
        self.flags & RECURSION_DESIRED != 0
    }

    /// The kind of query, 0 to 15.
    #[inline(always)]
    pub const fn opcode(self) -> u16 {
        (self.flags >> 11) & 0x0f
    }

    /// The response code.
    #[inline(always)]
    pub const fn rcode(self) -> Rcode {
        Rcode::from_flags(self.flags)
    }
}

/// Reads the header of the message at `offset` of a datagram whose payload ends at `end`.
#[inline(always)]
pub fn parse<B: Bytes>(bytes: &B, offset: usize, end: usize) -> Result<DnsHeader, Unreadable> {
    read_header(bytes, offset, end, Header::Dns)
}

/// A DNS header behind its length, as a TCP segment starts a message.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct TcpMessage {
    length: [u8; 2],
    /// The header.
    pub header: DnsHeader,
}
// SAFETY: byte arrays only.
unsafe impl Plain for TcpMessage {}

impl TcpMessage {
    /// The length of the message, in bytes, without the length itself.
    #[inline(always)]
    pub const fn length(&self) -> u16 {
        u16::from_be_bytes(self.length)
    }
}
