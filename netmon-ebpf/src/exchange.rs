//! Who talks to whom in a packet of an exchange, noted down while it is read.

use netmon_common::classify::{Conversation, Error, Message, Says, Segment};
use netmon_common::records::{RECURSION_DESIRED, RECURSION_KNOWN, UNSEEN_RCODE};
use netmon_common::wire::dns::{DnsHeader, MessageHeader, Question};
use netmon_common::wire::icmp::Quoted;
use netmon_common::wire::ip::AddressAt;
use netmon_common::wire::{Bytes, Plain, udp};
use netmon_common::{Address, Rcode, Transport};

use crate::settings::tracking;

/// What of an exchange between a client and a server a packet is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Nothing of one, or nothing that is followed.
    None,
    /// A query.
    Query,
    /// A SYN.
    Connect,
    /// An answer.
    Answer,
    /// An ICMP error about a query.
    Failure,
    /// An ICMP error about an answer: it came when the client no longer listened.
    Late,
    /// An ICMP error about a query, if one was seen that it may be about; else about an answer.
    Undecided,
    /// SYN with ACK.
    Accepted,
    /// Payload of a server that starts no message.
    Data,
}

/// An exchange.
#[repr(C)]
pub struct Exchange {
    /// Who asks.
    pub client: Address,
    /// Who is asked.
    pub server: Address,
    /// Who sent the error about it.
    pub reporter: Address,
    /// Whom the error was sent to.
    pub receiver: Address,
    /// Where the bytes start that an event carries: the message, or the quoted packet.
    pub start: usize,
    /// Where they end.
    pub end: usize,
    /// Where the quoted packet's UDP or TCP header starts.
    pub transport_at: usize,
    /// The client's port, host order.
    pub client_port: u16,
    /// The server's port, host order.
    pub server_port: u16,
    /// The id of a query or answer, or of the query that an error quotes.
    pub id: u16,
    /// Over TCP, of a query the number that acknowledges it; of what a server sends the number that it acknowledges.
    pub acknowledgment: u32,
    /// What a query over UDP asks for, or an answer names.
    pub question: Question,
    /// What carries the messages.
    pub transport: Transport,
    /// The code of an error or the rcode of an answer, as a number.
    pub detail: u8,
    /// The opcode of a query or an answer.
    pub opcode: u8,
    /// The flags of an event: what is known of a query's RD.
    pub flags: u8,
    /// Whether the id is known: that of each message over UDP is, and that of a query that an error quotes so far.
    pub is_id_known: bool,
}

impl Exchange {
    /// Notes a message, of this kind; where exchanges are not followed, nothing.
    #[inline(always)]
    pub fn message<B: Bytes>(&mut self, kind: Kind, message: &Message, bytes: &B) -> Kind {
        if !tracking() {
            return Kind::None;
        }
        self.conversation(message.transport, &message.conversation, bytes);
        self.detail = message.header.rcode() as u8;
        self.header(message.header);
        self.opcode = message.header.opcode() as u8;
        match message.transport {
            Transport::Udp => self.question = Question::read(bytes, message.offset, message.end),
            Transport::Tcp => self.acknowledgment = message.acknowledgment,
        }
        self.start = message.offset;
        self.end = message.end;
        kind
    }

    /// Notes a SYN; where exchanges are not followed, nothing.
    #[inline(always)]
    pub fn connect<B: Bytes>(&mut self, conversation: &Conversation, bytes: &B) -> Kind {
        if !tracking() {
            return Kind::None;
        }
        self.conversation(Transport::Tcp, conversation, bytes);
        self.flags = 0;
        self.start = 0;
        self.end = 0;
        Kind::Connect
    }

    /// Notes a segment of a server; where exchanges are not followed, nothing.
    #[inline(always)]
    pub fn segment<B: Bytes>(&mut self, segment: &Segment, bytes: &B) -> Kind {
        if !tracking() {
            return Kind::None;
        }
        self.conversation(Transport::Tcp, &segment.conversation, bytes);
        self.acknowledgment = segment.acknowledgment;
        self.detail = UNSEEN_RCODE;
        self.opcode = 0;
        self.flags = 0;
        self.start = 0;
        self.end = 0;
        match segment.says {
            Says::Accepted => Kind::Accepted,
            Says::Data => Kind::Data,
        }
    }

    #[inline(always)]
    fn conversation<B: Bytes>(&mut self, transport: Transport, conversation: &Conversation, bytes: &B) {
        self.transport = transport;
        self.client = address(conversation.client, bytes);
        self.server = address(conversation.server, bytes);
        self.client_port = conversation.client_port;
        self.server_port = conversation.server_port;
        self.is_id_known = matches!(transport, Transport::Udp);
    }

    #[inline(always)]
    fn header(&mut self, header: MessageHeader) {
        self.id = header.id;
        self.flags = recursion(header.recursion_desired());
    }

    /// Notes an error about a query, of this kind.
    #[inline(always)]
    pub fn failure<B: Bytes>(&mut self, kind: Kind, error: &Error, bytes: &B) -> Kind {
        let quoted = &error.unreachable.quoted;
        let Some(ports) = quoted.ports else {
            return Kind::None;
        };
        self.transport = ports.transport;
        self.detail = error.unreachable.code as u8;
        self.start = quoted.header.offset;
        self.end = quoted.end;
        self.transport_at = ports.offset;
        self.reporter = address(error.header.source(), bytes);
        self.receiver = address(error.header.destination(), bytes);
        self.client = address(quoted.header.source(), bytes);
        self.server = address(quoted.header.destination(), bytes);
        self.client_port = ports.source;
        self.server_port = ports.destination;
        self.flags = 0;
        self.is_id_known = false;
        if matches!(ports.transport, Transport::Udp) {
            let at = ports.offset + udp::HEADER_LEN;
            if let Some(id) = shown::<[u8; 2], B>(quoted, at, bytes) {
                self.id = u16::from_be_bytes(id);
                self.is_id_known = true;
            }
            if let Some(header) = shown::<DnsHeader, B>(quoted, at, bytes) {
                self.flags = recursion(header.message().recursion_desired());
            }
        }
        kind
    }

    /// Notes the server of an answer that came too late, which is all that matters of it.
    #[inline(always)]
    pub fn late<B: Bytes>(&mut self, error: &Error, bytes: &B) -> Kind {
        self.server = address(error.unreachable.quoted.header.source(), bytes);
        Kind::Late
    }
}

impl Exchange {
    /// Whether it is an answer which says that the server could not do what it was asked: to a standard query, because dynamic
    /// updates and the like are refused every day.
    #[inline(always)]
    pub const fn is_fault(&self) -> bool {
        const STANDARD: u8 = 0;
        self.opcode == STANDARD && Rcode::FAULTS >> (self.detail & 7) & 1 != 0
    }

    /// The mark of its question; over TCP, where it is not looked at, 0.
    #[inline(always)]
    pub fn question_mark(&self) -> u16 {
        match self.transport {
            Transport::Udp => self.question.mark(),
            Transport::Tcp => 0,
        }
    }
}

/// What stands there in the packet that an error quotes, where it quotes that much.
#[inline(always)]
fn shown<T: Plain, B: Bytes>(quoted: &Quoted, at: usize, bytes: &B) -> Option<T> {
    if at + size_of::<T>() > quoted.end {
        return None;
    }
    bytes.read::<T>(at)
}

/// The address. Headers that were found can be read, so that there is always one.
#[inline(always)]
pub fn address<B: Bytes>(at: AddressAt, bytes: &B) -> Address {
    match at.read(bytes) {
        Some(address) => address,
        None => Address::UNSPECIFIED,
    }
}

/// The flags of an event about a query of which this is known.
#[inline(always)]
pub const fn recursion(desired: bool) -> u8 {
    if desired {
        RECURSION_KNOWN | RECURSION_DESIRED
    } else {
        RECURSION_KNOWN
    }
}
