//! What a packet means for DNS and ICMP, as types.

use crate::outcome::{Outcome, Transport};
use crate::wire::dns::MessageHeader;
use crate::wire::icmp::Unreachable;
use crate::wire::ip::{AddressAt, HeaderAt};
use crate::wire::{Fault, Unreadable};

/// What the network card or the kernel did to a packet, that its bytes do not show.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offload {
    /// VLAN tags taken off the frame: 0 or 1 in Linux (`skb->vlan_present`).
    pub tags_removed: u8,
    /// Payload bytes of each segment of a super-packet (`skb->gso_size`), or 0 for an ordinary packet.
    pub segment_size: u32,
}

/// A packet, classified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Classified {
    /// What it means.
    pub meaning: Meaning,
    /// Where the payload of UDP or TCP starts, in bytes from the start of the frame; 0 where there is none.
    pub payload: usize,
}

/// What a packet means; each variant is one [`Outcome`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A DNS query over UDP, or a TCP segment that starts one.
    Query(Message),
    /// A DNS response over UDP, or a TCP segment that starts one.
    Response(Message),
    /// A SYN without ACK to a DNS port.
    Connect(Conversation),
    /// A RST from a DNS port.
    Reset(Conversation),
    /// Another segment from a DNS port, which may say what became of a query. Its outcome is [`Outcome::Other`].
    Segment(Segment),
    /// An ICMP destination unreachable.
    Unreachable(Error),
    /// A fragment other than the first.
    Fragment,
    /// A packet that cannot be read: malformed or truncated.
    Unreadable(Unreadable),
    /// Neither IPv4 nor IPv6.
    NotIp,
    /// Anything else.
    Other,
}

impl Meaning {
    /// Whether it starts a message of a TCP stream. A super-packet of UDP is as many datagrams; one of TCP is one stream, whose
    /// first segment starts a message.
    #[inline(always)]
    pub const fn is_of_stream(&self) -> bool {
        matches!(
            self,
            Self::Query(message) | Self::Response(message) if matches!(message.transport, Transport::Tcp)
        )
    }
}

/// A DNS server and its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// Where the server's address is: whom the packet is counted for.
    pub server: AddressAt,
    /// Where the client's address is.
    pub client: AddressAt,
    /// The server's port, host order.
    pub server_port: u16,
    /// The client's port, host order.
    pub client_port: u16,
}

/// A segment of a server that starts no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Between whom.
    pub conversation: Conversation,
    /// The number of the next byte that the server waits for: the end of what it has read.
    pub acknowledgment: u32,
    /// What it says.
    pub says: Says,
}

/// What a segment of a server says that starts no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Says {
    /// SYN with ACK: the connection is there.
    Accepted,
    /// Payload, of what may be an answer.
    Data,
}

/// A DNS message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message {
    /// What carries it.
    pub transport: Transport,
    /// Between whom.
    pub conversation: Conversation,
    /// What its header says.
    pub header: MessageHeader,
    /// Where it starts, in bytes from the start of the frame.
    pub offset: usize,
    /// Where it ends, as far as this packet has it.
    pub end: usize,
    /// Over TCP, of a query: the number that acknowledges its segment; of a response: the number that it acknowledges.
    /// Over UDP 0.
    pub acknowledgment: u32,
}

/// An ICMP destination unreachable and who sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Error {
    /// Where the error's own IP header is: its source is the reporter.
    pub header: HeaderAt,
    /// The error and the packet that it quotes.
    pub unreachable: Unreachable,
    /// What it means for DNS.
    pub concern: Concern,
}

/// What an ICMP error means for DNS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// The quoted packet was on its way to a DNS port: the server cannot be reached over this transport.
    DnsUnreachable(Transport),
    /// The quoted packet came from a DNS port: an answer that came when the client no longer listened.
    LateResponse,
    /// One of these: both quoted ports are DNS ports, and the quote does not show which message it was. If a query was
    /// seen that it may be, that one; else it is a late response.
    Undecided(Transport),
    /// Nothing.
    None,
}

impl Meaning {
    /// The outcome that the packet is counted as.
    #[inline(always)]
    pub const fn outcome(&self) -> Outcome {
        match self {
            Self::Query(Message {
                transport: Transport::Udp,
                ..
            }) => Outcome::DnsQuery,
            Self::Query(Message {
                transport: Transport::Tcp,
                ..
            }) => Outcome::TcpDnsQuery,
            Self::Response(Message {
                transport: Transport::Udp,
                ..
            }) => Outcome::DnsResponse,
            Self::Response(Message {
                transport: Transport::Tcp,
                ..
            }) => Outcome::TcpDnsResponse,
            Self::Connect(_) => Outcome::TcpConnect,
            Self::Reset(_) => Outcome::TcpReset,
            Self::Unreachable(_) => Outcome::IcmpUnreachable,
            Self::Fragment => Outcome::Fragment,
            Self::Unreadable(Unreadable {
                fault: Fault::Cut, ..
            }) => Outcome::Truncated,
            Self::Unreadable(_) => Outcome::Malformed,
            Self::NotIp => Outcome::NotIp,
            Self::Segment(_) | Self::Other => Outcome::Other,
        }
    }

    /// Whom the packet is counted for; `None` for what is not counted for a destination.
    #[inline(always)]
    pub const fn destination(&self) -> Option<AddressAt> {
        match self {
            Self::Query(message) | Self::Response(message) => Some(message.conversation.server),
            Self::Connect(conversation) | Self::Reset(conversation) => Some(conversation.server),
            Self::Unreachable(error) => Some(error.unreachable.quoted.header.destination()),
            Self::Segment(_) | Self::Fragment | Self::Unreadable(_) | Self::NotIp | Self::Other => None,
        }
    }

    /// Who sent the packet, where it is counted for a destination or belongs to an exchange.
    #[inline(always)]
    pub const fn source(&self) -> Option<AddressAt> {
        match self {
            Self::Query(message) => Some(message.conversation.client),
            Self::Connect(conversation) => Some(conversation.client),
            Self::Response(message) => Some(message.conversation.server),
            Self::Reset(conversation) => Some(conversation.server),
            Self::Unreachable(error) => Some(error.header.source()),
            Self::Segment(segment) => Some(segment.conversation.server),
            Self::Fragment | Self::Unreadable(_) | Self::NotIp | Self::Other => None,
        }
    }
}
