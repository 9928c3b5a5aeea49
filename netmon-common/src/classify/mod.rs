//! From a packet's headers to what it means for DNS and ICMP: section 1 of the contract.

mod meaning;

use crate::outcome::Transport;
use crate::ports::DnsPorts;
use crate::wire::dns::{DnsHeader, HEADER_LEN as DNS_HEADER_LEN, MessageHeader, TCP_LENGTH_LEN, TcpMessage};
use crate::wire::ethernet::Payload;
use crate::wire::icmp::Unreachable;
use crate::wire::ip::{Ip, Protocol};
use crate::wire::{Bytes, Header, Unreadable, ethernet, icmp, ipv4, ipv6, tcp, udp};

pub use meaning::{Classified, Concern, Conversation, Error, Meaning, Message, Offload};

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
            emit(sink, Meaning::Connect(ports.toward_server(ip)), segment.payload);
        } else if ports.from_server && segment.is_reset() {
            emit(sink, Meaning::Reset(ports.away_from_server(ip)), segment.payload);
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
    fn toward_server(self, ip: &Ip) -> Conversation {
        Conversation {
            server: ip.header.destination(),
            client: ip.header.source(),
            server_port: self.destination,
            client_port: self.source,
        }
    }

    #[inline(always)]
    fn away_from_server(self, ip: &Ip) -> Conversation {
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
        let conversation = ports.away_from_server(ip);
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
        let conversation = ports.toward_server(ip);
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
