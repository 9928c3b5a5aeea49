//! From a packet's headers to what it means for DNS and ICMP: section 1 of the contract.

use crate::outcome::{Outcome, Transport};
use crate::ports::DnsPorts;
use crate::wire::dns::{DnsHeader, HEADER_LEN as DNS_HEADER_LEN, MessageHeader, TCP_LENGTH_LEN, TcpMessage};
use crate::wire::ethernet::Payload;
use crate::wire::icmp::Unreachable;
use crate::wire::ip::{AddressAt, HeaderAt, Ip, Protocol};
use crate::wire::{Bytes, Fault, Header, Unreadable, ethernet, icmp, ipv4, ipv6, tcp, udp};

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
    /// The quoted packet was on its way to a DNS port: the server cannot be reached.
    DnsUnreachable,
    /// The quoted packet came from a DNS port: an answer that came when the client no longer listened.
    LateResponse,
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
            Self::Other => Outcome::Other,
        }
    }

    /// Whom the packet is counted for; `None` for what is not counted for a destination.
    #[inline(always)]
    pub const fn destination(&self) -> Option<AddressAt> {
        match self {
            Self::Query(message) | Self::Response(message) => Some(message.conversation.server),
            Self::Connect(conversation) | Self::Reset(conversation) => Some(conversation.server),
            Self::Unreachable(error) => Some(error.unreachable.quoted.header.destination()),
            Self::Fragment | Self::Unreadable(_) | Self::NotIp | Self::Other => None,
        }
    }
}

/// Takes what a packet means.
///
/// A callback instead of a returned value: each call is inlined where the meaning is known, so that the
/// kernel's compiler never merges two meanings into one word, which the verifier would reject, and each
/// counter's place is a constant.
pub trait Sink {
    /// Called exactly once for each packet.
    fn take(&mut self, classified: &Classified);
}

/// Classifies an Ethernet frame.
pub fn classify<B: Bytes>(frame: &B, offload: Offload, ports: &DnsPorts) -> Classified {
    let mut sink = Keep(None);
    classify_into(frame, offload, ports, &mut sink);
    sink.kept()
}

/// Classifies what a link header of any kind announced.
pub fn classify_payload<B: Bytes>(
    frame: &B,
    payload: Payload,
    offload: Offload,
    ports: &DnsPorts,
) -> Classified {
    let mut sink = Keep(None);
    Packet {
        bytes: frame,
        offload,
        ports,
    }
    .classify_link(Ok(payload), &mut sink);
    sink.kept()
}

/// Classifies an Ethernet frame, into a sink.
#[inline(always)]
pub fn classify_into<B: Bytes, S: Sink>(frame: &B, offload: Offload, ports: &DnsPorts, sink: &mut S) {
    let payload = ethernet::parse(frame, offload.tags_removed);
    Packet {
        bytes: frame,
        offload,
        ports,
    }
    .classify_link(payload, sink);
}

struct Keep(Option<Classified>);

impl Keep {
    fn kept(self) -> Classified {
        // The sink is called once for each packet, so there is always one.
        self.0.unwrap_or(Classified {
            meaning: Meaning::Other,
            payload: 0,
        })
    }
}

impl Sink for Keep {
    fn take(&mut self, classified: &Classified) {
        self.0 = Some(*classified);
    }
}

/// A packet on its way through the classifier.
struct Packet<'a, B> {
    bytes: &'a B,
    offload: Offload,
    ports: &'a DnsPorts,
}

/// The ports of a datagram or segment, and which of them are DNS ports.
#[derive(Clone, Copy)]
struct Ports {
    source: u16,
    destination: u16,
    from_server: bool,
    to_server: bool,
}

impl<B: Bytes> Packet<'_, B> {
    #[inline(always)]
    fn classify_link<S: Sink>(&self, payload: Result<Payload, Unreadable>, sink: &mut S) {
        let result = match payload {
            Ok(Payload::Ipv4(offset)) => self.classify_ipv4(offset, sink),
            Ok(Payload::Ipv6(offset)) => self.classify_ipv6(offset, sink),
            Ok(Payload::NotIp) => {
                emit(sink, Meaning::NotIp, 0);
                Ok(())
            }
            Err(unreadable) => Err(unreadable),
        };
        if let Err(unreadable) = result {
            emit(sink, Meaning::Unreadable(unreadable), 0);
        }
    }

    #[inline(always)]
    fn classify_ipv4<S: Sink>(&self, offset: usize, sink: &mut S) -> Result<(), Unreadable> {
        let ip = ipv4::parse(self.bytes, offset, self.bytes.wire_len())?;
        self.classify_ip(&ip, sink)
    }

    #[inline(always)]
    fn classify_ipv6<S: Sink>(&self, offset: usize, sink: &mut S) -> Result<(), Unreadable> {
        let ip = ipv6::parse(self.bytes, offset, self.bytes.wire_len())?;
        self.classify_ip(&ip, sink)
    }

    #[inline(always)]
    fn classify_ip<S: Sink>(&self, ip: &Ip, sink: &mut S) -> Result<(), Unreadable> {
        if ip.later_fragment {
            emit(sink, Meaning::Fragment, 0);
            return Ok(());
        }
        match ip.protocol {
            Protocol::Udp => self.classify_udp(ip, sink),
            Protocol::Tcp => self.classify_tcp(ip, sink),
            Protocol::Icmpv4 => {
                let unreachable = icmp::parse_v4(self.bytes, ip.payload, ip.end)?;
                self.classify_icmp(ip, unreachable, sink);
                Ok(())
            }
            Protocol::Icmpv6 => {
                let unreachable = icmp::parse_v6(self.bytes, ip.payload, ip.end)?;
                self.classify_icmp(ip, unreachable, sink);
                Ok(())
            }
            Protocol::Other => {
                emit(sink, Meaning::Other, 0);
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn classify_udp<S: Sink>(&self, ip: &Ip, sink: &mut S) -> Result<(), Unreadable> {
        let datagram = udp::parse(self.bytes, ip.payload, ip.end)?;
        let ports = self.ports(datagram.source_port, datagram.destination_port);
        if !ports.from_server && !ports.to_server {
            emit(sink, Meaning::Other, datagram.payload);
            return Ok(());
        }
        if datagram.payload + DNS_HEADER_LEN > datagram.end {
            return Err(Unreadable::short(Header::Dns));
        }
        let header: DnsHeader = self
            .bytes
            .read(datagram.payload)
            .ok_or(Unreadable::cut(Header::Dns))?;
        let message = Place {
            transport: Transport::Udp,
            offset: datagram.payload,
            end: datagram.end,
        };
        emit_message(sink, ip, ports, header.message(), message, datagram.payload);
        Ok(())
    }

    #[inline(always)]
    fn classify_tcp<S: Sink>(&self, ip: &Ip, sink: &mut S) -> Result<(), Unreadable> {
        let segment = tcp::parse(self.bytes, ip.payload, ip.end)?;
        let ports = self.ports(segment.source_port, segment.destination_port);
        if ports.to_server && segment.is_connect() {
            emit(sink, Meaning::Connect(ports.to_server_of(ip)), segment.payload);
        } else if ports.from_server && segment.is_reset() {
            emit(sink, Meaning::Reset(ports.from_server_of(ip)), segment.payload);
        } else if ports.to_server || ports.from_server {
            self.classify_stream(ip, &segment, ports, sink)?;
        } else {
            emit(sink, Meaning::Other, segment.payload);
        }
        Ok(())
    }

    /// A segment whose payload may start a DNS message. Of a super-packet only the first segment may.
    #[inline(always)]
    fn classify_stream<S: Sink>(
        &self,
        ip: &Ip,
        segment: &tcp::Tcp,
        ports: Ports,
        sink: &mut S,
    ) -> Result<(), Unreadable> {
        let offset = segment.payload + TCP_LENGTH_LEN;
        if offset + DNS_HEADER_LEN > ip.end {
            emit(sink, Meaning::Other, segment.payload);
            return Ok(());
        }
        let message: TcpMessage = self
            .bytes
            .read(segment.payload)
            .ok_or(Unreadable::cut(Header::Dns))?;
        let available = ip.end - offset;
        let segment_size = self.offload.segment_size as usize;
        let rest = if segment_size > TCP_LENGTH_LEN && segment_size - TCP_LENGTH_LEN < available {
            segment_size - TCP_LENGTH_LEN
        } else {
            available
        };
        let length = usize::from(message.length());
        let header = message.header.message();
        let length_fits = if header.is_response() {
            length >= rest
        } else {
            length == rest
        };
        if length < DNS_HEADER_LEN || !length_fits || !message.header.is_plausible() {
            emit(sink, Meaning::Other, segment.payload);
            return Ok(());
        }
        let place = Place {
            transport: Transport::Tcp,
            offset,
            end: ip.end,
        };
        emit_message(sink, ip, ports, header, place, segment.payload);
        Ok(())
    }

    #[inline(always)]
    fn classify_icmp<S: Sink>(&self, ip: &Ip, unreachable: Option<Unreachable>, sink: &mut S) {
        let Some(unreachable) = unreachable else {
            emit(sink, Meaning::Other, 0);
            return;
        };
        let concern = match unreachable.quoted.ports {
            Some(quoted) if self.ports.contains(quoted.destination) => Concern::DnsUnreachable,
            Some(quoted) if self.ports.contains(quoted.source) => Concern::LateResponse,
            Some(_) | None => Concern::None,
        };
        emit(
            sink,
            Meaning::Unreachable(Error {
                header: ip.header,
                unreachable,
                concern,
            }),
            0,
        );
    }

    #[inline(always)]
    fn ports(&self, source: u16, destination: u16) -> Ports {
        Ports {
            source,
            destination,
            from_server: self.ports.contains(source),
            to_server: self.ports.contains(destination),
        }
    }
}

impl Ports {
    #[inline(always)]
    fn to_server_of(self, ip: &Ip) -> Conversation {
        Conversation {
            server: ip.header.destination(),
            client: ip.header.source(),
            server_port: self.destination,
            client_port: self.source,
        }
    }

    #[inline(always)]
    fn from_server_of(self, ip: &Ip) -> Conversation {
        Conversation {
            server: ip.header.source(),
            client: ip.header.destination(),
            server_port: self.source,
            client_port: self.destination,
        }
    }
}

/// Where a DNS message is.
#[derive(Clone, Copy)]
struct Place {
    transport: Transport,
    offset: usize,
    end: usize,
}

/// QR must agree with the direction that the ports give; with two DNS ports it decides alone.
#[inline(always)]
fn emit_message<S: Sink>(
    sink: &mut S,
    ip: &Ip,
    ports: Ports,
    header: MessageHeader,
    place: Place,
    payload: usize,
) {
    let Place {
        transport,
        offset,
        end,
    } = place;
    if header.is_response() && ports.from_server {
        let conversation = ports.from_server_of(ip);
        emit(
            sink,
            Meaning::Response(Message {
                transport,
                conversation,
                header,
                offset,
                end,
            }),
            payload,
        );
    } else if !header.is_response() && ports.to_server {
        let conversation = ports.to_server_of(ip);
        emit(
            sink,
            Meaning::Query(Message {
                transport,
                conversation,
                header,
                offset,
                end,
            }),
            payload,
        );
    } else {
        emit(sink, Meaning::Other, payload);
    }
}

#[inline(always)]
fn emit<S: Sink>(sink: &mut S, meaning: Meaning, payload: usize) {
    sink.take(&Classified { meaning, payload });
}
