//! Who talks to whom in a packet, as places and numbers.

use netmon_common::Transport;
use netmon_common::classify::{Conversation, Error, Message};
use netmon_common::wire::ip::{AddressAt, HeaderAt};

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
}

/// An exchange.
#[repr(C)]
pub struct Exchange {
    /// What the packet is of it.
    pub kind: Kind,
    /// What carries the messages.
    pub transport: Transport,
    /// The code of an error or the rcode of an answer, as a number.
    pub detail: u8,
    /// Whether a query asks for recursion.
    pub recursion_desired: bool,
    /// The id of a query or answer.
    pub id: u16,
    /// The client's port, host order.
    pub client_port: u16,
    /// The server's port, host order.
    pub server_port: u16,
    /// Where the client's address is.
    pub client: AddressAt,
    /// Where the server's address is.
    pub server: AddressAt,
    /// Where the bytes start that an event carries: the message, or the quoted packet.
    pub start: usize,
    /// Where they end.
    pub end: usize,
    /// Where the quoted packet's UDP or TCP header starts.
    pub transport_at: usize,
    /// Where an error's own IP header is.
    pub error: HeaderAt,
}

impl Exchange {
    /// A message.
    #[inline(always)]
    pub fn message(&mut self, kind: Kind, message: &Message) {
        self.conversation(kind, message.transport, &message.conversation);
        self.detail = message.header.rcode() as u8;
        self.recursion_desired = message.header.recursion_desired();
        self.id = message.header.id;
        self.start = message.offset;
        self.end = message.end;
    }

    /// A SYN.
    #[inline(always)]
    pub fn connect(&mut self, conversation: &Conversation) {
        self.conversation(Kind::Connect, Transport::Tcp, conversation);
        self.start = 0;
        self.end = 0;
    }

    #[inline(always)]
    fn conversation(&mut self, kind: Kind, transport: Transport, conversation: &Conversation) {
        self.kind = kind;
        self.transport = transport;
        self.client = conversation.client;
        self.server = conversation.server;
        self.client_port = conversation.client_port;
        self.server_port = conversation.server_port;
    }

    /// An ICMP error that quotes ports.
    #[inline(always)]
    pub fn error(&mut self, kind: Kind, error: &Error) {
        let quoted = &error.unreachable.quoted;
        let Some(ports) = quoted.ports else { return };
        self.kind = kind;
        self.transport = ports.transport;
        self.detail = error.unreachable.code as u8;
        self.start = quoted.header.offset;
        self.end = quoted.end;
        self.transport_at = ports.offset;
        self.error = error.header;
        let (source, destination) = (quoted.header.source(), quoted.header.destination());
        if matches!(kind, Kind::Late) {
            self.server = source;
            self.client = destination;
            self.server_port = ports.source;
            self.client_port = ports.destination;
        } else {
            self.client = source;
            self.server = destination;
            self.client_port = ports.source;
            self.server_port = ports.destination;
        }
    }
}
