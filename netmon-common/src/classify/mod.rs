//! From a packet's headers to what it means for DNS and ICMP: section 1 of docs/contract.md.

mod concern;
mod meaning;
mod stream;

use core::hint::cold_path;

use crate::outcome::Transport;
use crate::ports::{DnsPorts, Ports, RawPort};
use crate::wire::dns::MessageHeader;
use crate::wire::ethernet::Payload;
use crate::wire::icmp::Unreachable;
use crate::wire::ip::{Family, Ip, Protocol};
use crate::wire::{Bytes, Unreadable, dns, ethernet, icmp, ipv4, ipv6, udp};

pub use meaning::{Classified, Concern, Conversation, Error, Meaning, Message, Offload, Says, Segment};

/// Takes what a packet means.
///
/// A callback instead of a returned value: each call is inlined where the meaning is known, so that the
/// kernel's compiler never merges two meanings into one word, which the verifier would reject, and each
/// counter's place is a constant.
pub trait Sink {
    /// Called exactly once for each packet. `end` is where the IP packet ends, in bytes from the start of the
    /// frame; 0 where that is not known.
    fn take(&mut self, classified: &Classified, end: usize);
}

/// Classifies an Ethernet frame.
pub fn classify<B: Bytes>(frame: &B, offload: Offload, ports: &DnsPorts) -> Classified {
    let mut sink = Keep(None);
    classify_into(frame, || offload, ports, &mut sink);
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
    classify_payload_into(frame, payload, || offload, ports, &mut sink);
    sink.kept()
}

/// Classifies what a link header of any kind announced, into a sink.
#[inline(always)]
pub fn classify_payload_into<B: Bytes, O: Fn() -> Offload, P: Ports, S: Sink>(
    frame: &B,
    payload: Payload,
    offload: O,
    ports: &P,
    sink: &mut S,
) {
    let packet = Packet {
        bytes: frame,
        offload,
        ports,
    };
    let result = packet.classify(payload, sink);
    take_unreadable(result, sink);
}

/// Classifies an Ethernet frame, into a sink.
#[inline(always)]
pub fn classify_into<B: Bytes, O: Fn() -> Offload, P: Ports, S: Sink>(
    frame: &B,
    offload: O,
    ports: &P,
    sink: &mut S,
) {
    let packet = Packet {
        bytes: frame,
        offload,
        ports,
    };
    let result = match ethernet::parse_header(frame) {
        // What is read in place is classified apart without tags: most frames have none, and then the first headers
        // are where the compiler knows.
        Ok(ethernet::IPV4) if !B::DEEP => packet.classify_ipv4(ethernet::HEADER_LEN, sink),
        Ok(ethernet::IPV6) if !B::DEEP => packet.classify_ipv6(ethernet::HEADER_LEN, sink),
        Ok(ether_type) => {
            let tags_removed = (packet.offload)().tags_removed;
            match ethernet::parse_tags(frame, ether_type, ethernet::HEADER_LEN, tags_removed) {
                Ok(payload) => packet.classify(payload, sink),
                Err(unreadable) => Err(unreadable),
            }
        }
        Err(unreadable) => Err(unreadable),
    };
    take_unreadable(result, sink);
}

#[inline(always)]
fn take_unreadable<S: Sink>(result: Result<(), Unreadable>, sink: &mut S) {
    if let Err(unreadable) = result {
        emit(sink, Meaning::Unreadable(unreadable), 0, 0);
    }
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
    fn take(&mut self, classified: &Classified, _end: usize) {
        self.0 = Some(*classified);
    }
}

/// A packet on its way through the classifier.
struct Packet<'a, B, O, P> {
    bytes: &'a B,
    /// Asked where it matters, which is not in most packets.
    offload: O,
    ports: &'a P,
}

/// The ports of a datagram or segment, one of which is a DNS port.
#[derive(Clone, Copy)]
struct Ends {
    source: RawPort,
    destination: RawPort,
}

impl<B: Bytes, O: Fn() -> Offload, P: Ports> Packet<'_, B, O, P> {
    #[inline(always)]
    fn classify<S: Sink>(&self, payload: Payload, sink: &mut S) -> Result<(), Unreadable> {
        match payload {
            Payload::Ipv4(offset) => self.classify_ipv4(offset, sink),
            Payload::Ipv6(offset) => self.classify_ipv6(offset, sink),
            Payload::NotIp => {
                emit(sink, Meaning::NotIp, 0, 0);
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn classify_ipv4<S: Sink>(&self, offset: usize, sink: &mut S) -> Result<(), Unreadable> {
        let ip = ipv4::parse(self.bytes, offset)?;
        self.classify_ip(&ip, sink)
    }

    #[inline(always)]
    fn classify_ipv6<S: Sink>(&self, offset: usize, sink: &mut S) -> Result<(), Unreadable> {
        let ip = ipv6::parse(self.bytes, offset)?;
        self.classify_ip(&ip, sink)
    }

    #[inline(always)]
    fn classify_ip<S: Sink>(&self, ip: &Ip, sink: &mut S) -> Result<(), Unreadable> {
        if ip.later_fragment {
            cold_path();
            emit(sink, Meaning::Fragment, 0, ip.end);
            return Ok(());
        }
        match (ip.protocol, ip.header.family) {
            (Protocol::TCP, _) => self.classify_tcp(ip, sink),
            (Protocol::UDP, _) => self.classify_udp(ip, sink),
            (Protocol::ICMPV4, Family::V4) => {
                cold_path();
                let unreachable = icmp::parse_v4(self.bytes, ip.payload, ip.end)?;
                self.classify_icmp(ip, unreachable, sink)
            }
            (Protocol::ICMPV6, Family::V6) => {
                cold_path();
                let unreachable = icmp::parse_v6(self.bytes, ip.payload, ip.end)?;
                self.classify_icmp(ip, unreachable, sink)
            }
            _ => {
                emit(sink, Meaning::Other, 0, ip.end);
                Ok(())
            }
        }
    }

    #[inline(always)]
    fn classify_udp<S: Sink>(&self, ip: &Ip, sink: &mut S) -> Result<(), Unreadable> {
        let datagram = udp::parse(self.bytes, ip.payload, ip.end)?;
        if !self
            .ports
            .contains_one(datagram.source_port, datagram.destination_port)
        {
            emit(sink, Meaning::Other, datagram.payload, ip.end);
            return Ok(());
        }
        // Read again, so that most datagrams need not keep what few need.
        let datagram = udp::parse(self.bytes, self.bytes.forget(ip.payload), ip.end)?;
        let ends = Ends {
            source: datagram.source_port,
            destination: datagram.destination_port,
        };
        // The payload is what both the UDP length and the IP length allow.
        let end = if datagram.end < ip.end {
            datagram.end
        } else {
            ip.end
        };
        let header = dns::parse(self.bytes, datagram.payload, end)?;
        let message = Place {
            transport: Transport::Udp,
            offset: datagram.payload,
            end: self.bytes.clamp(end),
            acknowledgment: 0,
        };
        self.emit_message(sink, ip, ends, header.message(), message, datagram.payload);
        Ok(())
    }

    #[inline(always)]
    fn classify_icmp<S: Sink>(
        &self,
        ip: &Ip,
        unreachable: Option<Unreachable>,
        sink: &mut S,
    ) -> Result<(), Unreadable> {
        let Some(unreachable) = unreachable else {
            emit(sink, Meaning::Other, 0, ip.end);
            return Ok(());
        };
        let concern = concern::of(self.bytes, self.ports, &unreachable)?;
        emit(
            sink,
            Meaning::Unreachable(Error {
                header: ip.header,
                unreachable,
                concern,
            }),
            0,
            ip.end,
        );
        Ok(())
    }

    #[inline(always)]
    fn is_from_server(&self, ends: Ends) -> bool {
        self.ports.contains(ends.source)
    }

    #[inline(always)]
    fn is_to_server(&self, ends: Ends) -> bool {
        self.ports.contains(ends.destination)
    }

    /// QR must agree with the direction that the ports give; with two DNS ports it decides alone.
    #[inline(always)]
    fn emit_message<S: Sink>(
        &self,
        sink: &mut S,
        ip: &Ip,
        ends: Ends,
        header: MessageHeader,
        place: Place,
        payload: usize,
    ) {
        let Place {
            transport,
            offset,
            end,
            acknowledgment,
        } = place;
        let message = |conversation| Message {
            transport,
            conversation,
            header,
            offset,
            end,
            acknowledgment,
        };
        if header.is_response() {
            if self.is_from_server(ends) {
                let response = Meaning::Response(message(ends.away_from_server(ip)));
                emit(sink, response, payload, ip.end);
                return;
            }
        } else if self.is_to_server(ends) {
            let query = Meaning::Query(message(ends.toward_server(ip)));
            emit(sink, query, payload, ip.end);
            return;
        }
        emit(sink, Meaning::Other, payload, ip.end);
    }
}

impl Ends {
    #[inline(always)]
    fn toward_server(self, ip: &Ip) -> Conversation {
        Conversation {
            server: ip.header.destination(),
            client: ip.header.source(),
            server_port: u16::from_be_bytes(self.destination),
            client_port: u16::from_be_bytes(self.source),
        }
    }

    #[inline(always)]
    fn away_from_server(self, ip: &Ip) -> Conversation {
        Conversation {
            server: ip.header.source(),
            client: ip.header.destination(),
            server_port: u16::from_be_bytes(self.source),
            client_port: u16::from_be_bytes(self.destination),
        }
    }
}

/// Where a DNS message is.
#[derive(Clone, Copy)]
struct Place {
    transport: Transport,
    offset: usize,
    end: usize,
    acknowledgment: u32,
}

#[inline(always)]
fn emit<S: Sink>(sink: &mut S, meaning: Meaning, payload: usize, end: usize) {
    sink.take(&Classified { meaning, payload }, end);
}
