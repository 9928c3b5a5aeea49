//! What a line of tcpdump's text says of its packet, in the words of the contract.
//!
//! Text says less than the packet did: a field that a form of the output leaves out is `None`, never guessed.

use netmon_common::trace::Flow;
use netmon_common::wire::Unreadable;
use netmon_common::wire::ip::Family;
use netmon_common::{Address, Code, Meaning, Outcome, Rcode, Transport};

use crate::capture::link::Loopback;
use crate::capture::translations::Hop;
use crate::observation::{Name, Service};
use crate::time::Time;

/// A packet that tcpdump printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextPacket {
    /// When it was captured. Not corrected where the text goes back in time.
    pub time: Time,
    /// The line of the text that it begins on, from 1.
    pub line: u64,
    /// The outermost length that is printed: with `-e` the frame's, with `-v` the IP packet's, else the
    /// payload's. In bytes.
    pub bytes: Option<u32>,
    /// The addresses in its IP header, where they are printed.
    pub ends: Option<Ends>,
    /// What it is.
    pub what: TextWhat,
    /// Where it was seen, and as what, where the text says where.
    pub sight: Option<Sight>,
    /// Where it stands in its stream, if it is a TCP segment.
    pub stream: Stream,
}

/// One sight of a packet: the same one may be seen at several interfaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// At which interface, and whether it came in or went out there.
    pub at: String,
    /// All that is printed of it, but for what a router changes.
    pub text: String,
    /// What is known of the packet's way, if anything is.
    pub hop: Option<Hop>,
    /// Whether the text may be of several interfaces, and does not say at which the packet was seen.
    pub hides_interface: bool,
    /// Whether the frame was for another host's network card.
    pub for_another_host: bool,
    /// Whether it was seen at a loopback interface.
    pub loopback: Loopback,
}

impl TextPacket {
    /// Whether the text may show the packet several times without saying where.
    pub fn hides_interface(&self) -> bool {
        self.sight.as_ref().is_none_or(|sight| sight.hides_interface)
    }
}

/// Where a TCP segment stands in its stream. What is not printed is 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stream {
    /// Where its payload starts, and where it ends.
    pub sequence: (u32, u32),
    /// What it acknowledges.
    pub acknowledgment: u32,
}

/// Where a packet comes from, and where it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Who sent it.
    pub source: Address,
    /// Whom it is for.
    pub destination: Address,
}

/// What a packet is; each variant is one [`Outcome`] (and one for each transport).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextWhat {
    /// A DNS query.
    Query(Query),
    /// A DNS response.
    Response(Response),
    /// A SYN without ACK to a DNS port.
    Connect(Conversation),
    /// A RST from a DNS port.
    Reset(Conversation),
    /// A SYN with ACK from a DNS port: the server takes the connection.
    Accepted(Conversation),
    /// Another TCP segment with payload from a DNS port, which starts no message that is printed.
    Segment(Conversation),
    /// An ICMP destination unreachable.
    Unreachable(Unreachable),
    /// A fragment other than the first.
    Fragment,
    /// A packet that tcpdump could not read either: malformed, or cut off by the snap length.
    Unreadable(Unreadable),
    /// Neither IPv4 nor IPv6.
    NotIp,
    /// Anything else.
    Other {
        /// Its IP version.
        family: Family,
    },
}

impl TextWhat {
    /// The outcome that the packet is counted as.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Query(query) => match query.conversation.service.transport {
                Transport::Udp => Outcome::DnsQuery,
                Transport::Tcp => Outcome::TcpDnsQuery,
            },
            Self::Response(response) => match response.conversation.service.transport {
                Transport::Udp => Outcome::DnsResponse,
                Transport::Tcp => Outcome::TcpDnsResponse,
            },
            Self::Connect(_) => Outcome::TcpConnect,
            Self::Reset(_) => Outcome::TcpReset,
            Self::Unreachable(_) => Outcome::IcmpUnreachable,
            Self::Fragment => Outcome::Fragment,
            Self::Unreadable(unreadable) => Meaning::Unreadable(*unreadable).outcome(),
            Self::NotIp => Outcome::NotIp,
            Self::Accepted(_) | Self::Segment(_) | Self::Other { .. } => Outcome::Other,
        }
    }

    /// Whom the packet is counted for; `None` for what is not counted for a destination.
    pub fn destination(&self) -> Option<Address> {
        match self {
            Self::Query(query) => Some(query.conversation.service.server),
            Self::Response(response) => Some(response.conversation.service.server),
            Self::Connect(conversation) | Self::Reset(conversation) => Some(conversation.service.server),
            Self::Unreachable(unreachable) => Some(unreachable.destination),
            Self::Accepted(_)
            | Self::Segment(_)
            | Self::Fragment
            | Self::Unreadable(_)
            | Self::NotIp
            | Self::Other { .. } => None,
        }
    }
}

/// A DNS server and its client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// The server.
    pub service: Service,
    /// The client.
    pub client: Address,
    /// The client's port; `None` if it is printed by a name that netmon does not know.
    pub client_port: Option<u16>,
}

impl Conversation {
    /// As captures know it. A client's port that is not known counts as one.
    pub fn flow(&self) -> Flow {
        Flow {
            client: self.client,
            server: self.service.server,
            client_port: self.client_port.unwrap_or_default(),
            server_port: self.service.port,
            transport: self.service.transport,
        }
    }
}

/// A DNS query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Query {
    /// Between whom.
    pub conversation: Conversation,
    /// The message's id; `None` with `-q`, and on ports that tcpdump does not decode.
    pub id: Option<u16>,
    /// RD; `None` as above.
    pub recursion_desired: Option<bool>,
    /// The name of the first question, where it is printed whole.
    pub name: Option<Name>,
    /// The type that it asks for.
    pub query_type: Option<u16>,
}

/// A DNS response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Between whom.
    pub conversation: Conversation,
    /// The message's id; `None` with `-q`, and on ports that tcpdump does not decode.
    pub id: Option<u16>,
    /// Its rcode; [`Rcode::Other`] where it is not printed.
    pub rcode: Rcode,
    /// Whether it answers a standard query (opcode 0); so it is taken where its opcode is not printed.
    pub standard: bool,
    /// The name of the first question, which is printed with `-vv` only.
    pub name: Option<Name>,
}

/// An ICMP destination unreachable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreachable {
    /// Who sent it.
    pub reporter: Address,
    /// Whom it is for.
    pub receiver: Address,
    /// What it says is unreachable.
    pub code: Code,
    /// The destination of the packet that it quotes.
    pub destination: Address,
    /// What else is known of that packet.
    pub about: About,
    /// The quoted packet itself, which is printed with `-v`.
    pub quoted: Option<Quoted>,
}

impl Unreachable {
    /// Who sent the packet that it quotes.
    pub fn client(&self) -> Address {
        self.quoted.as_ref().map_or(self.receiver, |quoted| quoted.source)
    }
}

/// What an error quotes, as far as the text tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// Not told: `host 203.0.113.2 unreachable`.
    Anything,
    /// Not even to whom: `Destination unreachable (Port unreachable)`. The destination is then taken to be whoever sent
    /// the error, unless a query says better.
    Unsaid,
    /// Of this transport, the port is not told: `203.0.113.2 protocol 17 unreachable`.
    Transport(Transport),
    /// To this port: `203.0.113.2 udp port 53 unreachable`.
    Port(Transport, u16),
    /// Something that has no UDP or TCP port, or one that is printed by an unknown name.
    NoPort,
}

/// A quoted packet with a UDP or TCP header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quoted {
    /// Who sent it.
    pub source: Address,
    /// From which port; `None` if it is printed by a name that netmon does not know.
    pub source_port: Option<u16>,
    /// What it is, if it is a DNS message and enough of it is quoted.
    pub message: Option<QuotedMessage>,
}

/// A quoted DNS message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuotedMessage {
    /// Its id.
    pub id: u16,
    /// QR, where anything that is printed tells it.
    pub response: Option<bool>,
    /// RD; `None` in a response.
    pub recursion_desired: Option<bool>,
    /// The name of the first question, where it is printed whole.
    pub name: Option<Name>,
}
