//! Segments of TCP: connections, where each segment stands in its stream, and what a server's answers.

use netmon_common::classify::{Conversation, Message};
use netmon_common::trace::Flow;
use netmon_common::wire::dns::{DnsHeader, HEADER_LEN, MessageHeader, TCP_LENGTH_LEN, TcpMessage};
use netmon_common::wire::ethernet::Payload;
use netmon_common::wire::ip::Protocol;
use netmon_common::wire::{Bytes, Unreadable, ipv4, ipv6, tcp};
use netmon_common::{Address, Transport};

use super::{Door, Packet};
use crate::capture::exchanges::{Answer, Question, Sent};
use crate::capture::links::scoped;
use crate::observation::{Details, Observation, query_type};

impl Door {
    /// A client opens a connection.
    pub(super) fn connect(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        conversation: &Conversation,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let flow = packet.flow(conversation, Transport::Tcp)?;
        let number = packet.stream(payload).map(|stream| stream.sequence.0);
        self.links.asked(&flow, packet.interface);
        let service = self.service(&flow, packet);
        let sent = Sent {
            at: packet.time,
            iterative: self.exchanges.syn_is_iterative(service, packet.time),
        };
        if self.connections.opens(
            scoped(&flow, service.interface),
            sent,
            number,
            packet.hides_interface,
        ) {
            let asked = Question {
                client: flow.client,
                name: None,
                is_syn: true,
                details: Details {
                    client_port: Some(flow.client_port),
                    ..Details::default()
                },
            };
            self.exchanges.connects(service, sent, asked, observe);
        }
        None
    }

    /// The server takes a connection.
    pub(super) fn accepted(
        &mut self,
        packet: &Packet<'_>,
        conversation: &Conversation,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let flow = packet.flow(conversation, Transport::Tcp)?;
        let flow = self.pairing.exchange_of(&flow);
        let service = self.service(&flow, packet);
        let syns = self
            .connections
            .accepts(&scoped(&flow, service.interface), packet.time);
        self.exchanges
            .connected(service, flow.client, packet.time, &syns, observe);
        None
    }

    /// A segment of a server: what it acknowledges is answered, if it has any payload.
    pub(super) fn segment(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        message: Option<&Message>,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let stream = packet.stream(payload)?;
        let (start, end) = stream.sequence;
        if start == end || !self.counter.ports().contains(stream.source_port) {
            return None;
        }
        let flow = Flow {
            client: stream.destination,
            server: stream.source,
            client_port: stream.destination_port,
            server_port: stream.source_port,
            transport: Transport::Tcp,
        };
        let flow = self.pairing.exchange_of(&flow);
        let service = self.service(&flow, packet);
        let key = scoped(&flow, service.interface);
        let messages = packet.messages(stream.payload);
        let ids: Vec<u16> = messages.iter().map(|(header, _)| header.id).collect();
        let settled = self
            .connections
            .answers(&key, (stream.acknowledgment, true), &ids, packet.time);
        if settled.is_empty() && message.is_some() && !self.connections.is_answering(&key, packet.time) {
            self.unmatched(packet, &flow);
        }
        for one in settled {
            if one.is_new {
                self.time(packet, flow.server, one.queries.first());
            }
            let said = one.message.and_then(|at| messages.get(at));
            let bytes = said.map_or(&[][..], |(_, bytes)| *bytes);
            let header = said.map(|(header, _)| *header);
            let answer = Answer {
                is_new: one.is_new,
                client: flow.client,
                rcode: header.map(MessageHeader::rcode),
                standard: header.is_none_or(|header| header.opcode() == 0),
                name: self.names.of_question(bytes).or(one.name),
                details: Details {
                    client_port: Some(flow.client_port),
                    id: header.map(|header| header.id),
                    query_type: query_type(bytes),
                },
            };
            self.exchanges
                .answered(service, packet.time, &one.queries, answer, observe);
        }
        None
    }
}

impl<'a> Packet<'a> {
    /// The responses that begin in a segment, each behind its length (RFC 7766 section 8), as far as the segment has them; or the
    /// one whose length was in the segment before.
    fn messages(&self, (start, end): (usize, usize)) -> Vec<(MessageHeader, &'a [u8])> {
        let (mut messages, mut next) = (Vec::new(), start);
        let is_response = |header: &DnsHeader| header.is_plausible() && header.message().is_response();
        while let Some(message) = self.bytes.read::<TcpMessage>(next)
            && is_response(&message.header)
            && usize::from(message.length()) >= HEADER_LEN
            && next + TCP_LENGTH_LEN + HEADER_LEN <= end
        {
            let at = next + TCP_LENGTH_LEN;
            next = at + usize::from(message.length());
            messages.push((message.header.message(), self.slice(at, next.min(end))));
        }
        if messages.is_empty()
            && start + HEADER_LEN <= end
            && let Some(header) = self.bytes.read::<DnsHeader>(start).filter(is_response)
        {
            messages.push((header.message(), self.slice(start, end)));
        }
        messages
    }

    /// Where a TCP segment stands in its stream.
    pub(super) fn stream(&self, payload: Result<Payload, Unreadable>) -> Option<Stream> {
        let ip = match payload.ok()? {
            Payload::Ipv4(offset) => ipv4::parse(self.bytes, offset).ok()?,
            Payload::Ipv6(offset) => ipv6::parse(self.bytes, offset).ok()?,
            Payload::NotIp => return None,
        };
        if ip.protocol != Protocol::TCP || ip.later_fragment {
            return None;
        }
        let segment = tcp::parse(self.bytes, ip.payload, ip.end).ok()?;
        let numbers = segment.numbers(self.bytes)?;
        let end = self.bytes.clamp(ip.end);
        let len = u32::try_from(end.saturating_sub(segment.payload())).ok()?;
        Some(Stream {
            source: self.address(ip.header.source())?,
            destination: self.address(ip.header.destination())?,
            source_port: u16::from_be_bytes(segment.source_port),
            destination_port: u16::from_be_bytes(segment.destination_port),
            sequence: (numbers.sequence, numbers.sequence.wrapping_add(len)),
            payload: (segment.payload(), end),
            acknowledgment: numbers.acknowledgment,
        })
    }
}

/// A TCP segment, as far as its stream goes.
pub(super) struct Stream {
    source: Address,
    destination: Address,
    source_port: u16,
    destination_port: u16,
    /// Where its payload starts, and where it ends.
    pub sequence: (u32, u32),
    /// Where its payload starts in the frame, and where it ends.
    payload: (usize, usize),
    acknowledgment: u32,
}
