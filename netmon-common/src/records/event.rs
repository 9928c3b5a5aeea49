//! What the kernel tells at once, through the ring: an ICMP error about DNS, and samples of queries and
//! answers where counts are not enough.

use crate::address::Address;
use crate::limits::{MESSAGE_BYTES, QUOTE_BYTES, SHORT_BYTES};

/// Where in the kernel a packet was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Hook {
    /// XDP, what arrives.
    Xdp,
    /// TC, what arrives.
    Ingress,
    /// TC, what leaves.
    Egress,
}

/// What an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum EventKind {
    /// An ICMP unreachable that quotes a packet to a DNS port. The quoted packet follows.
    Failure,
    /// A query. The message follows.
    Query,
    /// A response. The message follows.
    Answer,
}

impl EventKind {
    /// The kind with this number, as it stands in records.
    pub const fn from_number(number: u8) -> Option<Self> {
        match number {
            0 => Some(Self::Failure),
            1 => Some(Self::Query),
            2 => Some(Self::Answer),
            _ => None,
        }
    }
}

/// The query was seen, and asked for recursion.
pub const RECURSION_DESIRED: u8 = 1;
/// The query was seen, and its header was read: [`RECURSION_DESIRED`] says whether it asked for recursion.
pub const RECURSION_KNOWN: u8 = 2;

/// The query that was answered, or that the error is about, was sent too long ago to be in [`Exchanges`]: this event alone
/// says what became of it.
///
/// [`Exchanges`]: super::Exchanges
pub const NOT_IN_SECONDS: u8 = 4;

/// Another error about the same query was reported as verified: this one is counted, and verifies nothing.
pub const AGAIN: u8 = 8;

/// The query was seen before with another client: this one is the address that it left with, behind a translation (masquerading).
/// The exchange is that of the client before it.
pub const BEHIND: u8 = 16;

/// The answer leaves this host, and was looked at where it entered: where its client's address was translated, this is the client
/// before that.
pub const BEFORE: u8 = 32;

/// What stands before the bytes of the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct EventHeader {
    /// When, in nanoseconds of the boot clock, as all times here.
    pub time_ns: u64,
    /// When the query was seen that the error quotes or the response answers; 0 if no trace of it was found.
    pub query_time_ns: u64,
    /// When the server last answered anybody over this transport, before this; 0 for never, or not known.
    pub last_answer_ns: u64,
    /// The interface; of a link-local server its [link](super::Interface::link).
    pub ifindex: u32,
    /// How many bytes of the packet follow.
    pub payload_len: u16,
    /// The [`EventKind`], as a number.
    pub kind: u8,
    /// The [`Hook`], as a number.
    pub hook: u8,
    /// Who sent the error; unspecified for queries and answers.
    pub reporter: Address,
    /// Whom the error was sent to; unspecified for queries and answers.
    pub receiver: Address,
    /// The client: the quoted packet's source.
    pub client: Address,
    /// The server: the quoted packet's destination.
    pub server: Address,
    /// The client's port, host order.
    pub client_port: u16,
    /// The server's port, host order.
    pub server_port: u16,
    /// Where the quoted packet's UDP or TCP header starts, in bytes from the start of the quote.
    pub transport_offset: u16,
    /// The [`Transport`](crate::Transport), as a number.
    pub transport: u8,
    /// The [`Code`](crate::Code) of an error or the [`Rcode`](crate::Rcode) of an answer, as a number.
    pub detail: u8,
    /// [`RECURSION_KNOWN`], [`RECURSION_DESIRED`], [`NOT_IN_SECONDS`], [`AGAIN`], [`BEHIND`] and [`BEFORE`].
    pub flags: u8,
    /// The cookie of the socket of this host that the query came from, the lowest byte first; 0 where that is not known.
    pub asker: [u8; 7],
}

impl EventHeader {
    /// The cookie of the socket that the query came from; 0 where that is not known.
    pub fn asker(&self) -> u64 {
        let mut bytes = [0; 8];
        if let Some(first) = bytes.first_chunk_mut() {
            *first = self.asker;
        }
        u64::from_le_bytes(bytes)
    }
}

/// An event as it stands in the ring, with room for so many bytes of the packet: [`SHORT_BYTES`], or, where that is too
/// little, [`QUOTE_BYTES`] or [`MESSAGE_BYTES`].
#[repr(C)]
pub struct Event<const BYTES: usize> {
    /// What stands before the bytes.
    pub header: EventHeader,
    /// The quoted packet or the message; only the first [`EventHeader::payload_len`] bytes are meant.
    pub payload: [u8; BYTES],
}

const _: () = assert!(size_of::<EventHeader>() == 112 && align_of::<EventHeader>() == 8);
const _: () = assert!(size_of::<Event<SHORT_BYTES>>() == 112 + SHORT_BYTES && SHORT_BYTES.is_multiple_of(8));
const _: () = assert!(size_of::<Event<QUOTE_BYTES>>() == 112 + QUOTE_BYTES && QUOTE_BYTES.is_multiple_of(8));
const _: () =
    assert!(size_of::<Event<MESSAGE_BYTES>>() == 112 + MESSAGE_BYTES && MESSAGE_BYTES.is_multiple_of(8));
