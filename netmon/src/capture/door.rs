//! From packets to counts and observations.

mod errors;
mod queries;
mod sights;
mod stream;

use std::collections::{BTreeMap, HashSet};

use netmon_common::classify::{Classified, Concern, Conversation, Error, Meaning, Message, Offload, Says};
use netmon_common::records::{self, Totals};
use netmon_common::trace::Flow;
use netmon_common::wire::ethernet::Payload;
use netmon_common::wire::ip::{AddressAt, Family, HeaderAt};
use netmon_common::wire::{Captured, Unreadable};
use netmon_common::{Address, DnsPorts, Transport};

use super::addresses::{Addresses, LocalAddresses};
use super::asked::AskedNames;
use super::connections::Connections;
use super::exchanges::{Answer, Exchanges, Sent};
use super::frame::Frame;
use super::latencies::Latencies;
use super::link;
use super::links::{Interface, Links, scoped};
use super::names::Names;
use super::pairing::{Pairing, Settled};
use super::question;
use super::translations::Shown;
use super::unreadable::UnreadablePackets;
use crate::counter::Counter;
use crate::counts::Counts;
use crate::model::{Latency, Warning, WarningKind};
use crate::observation::{Details, Observation, Service, query_type};
use crate::time::Time;

/// The door for captures: packets in, counts kept, observations out.
///
/// Every exchange gives its observations, so that nothing is sampled.
pub struct Door {
    counter: Counter,
    pairing: Pairing,
    connections: Connections,
    exchanges: Exchanges,
    latencies: Latencies,
    names: Names,
    asked: AskedNames,
    addresses: Addresses,
    unreadable: UnreadablePackets,
    links: Links,
    local: LocalAddresses,
    first: Option<Time>,
    last: Time,
}

/// A packet, classified, with the time that it counts as.
struct Packet<'a> {
    time: Time,
    /// Whether the capture may show it several times without saying where.
    hides_interface: bool,
    /// The number of its interface, where that matters and is known ([`Links`]).
    interface: u32,
    /// Whether it was seen at a loopback interface.
    loopback: link::Loopback,
    /// Whether it is counted: not what was counted already, on the other side of a translation.
    is_counted: bool,
    bytes: &'a Captured<'a>,
}

impl Door {
    /// With these DNS ports.
    pub fn new(ports: DnsPorts) -> Self {
        Self {
            counter: Counter::new(ports),
            pairing: Pairing::new(),
            connections: Connections::new(),
            exchanges: Exchanges::default(),
            latencies: Latencies::default(),
            names: Names::new(),
            asked: AskedNames::new(),
            addresses: Addresses::default(),
            unreadable: UnreadablePackets::default(),
            links: Links::new(),
            local: LocalAddresses::default(),
            first: None,
            last: Time::default(),
        }
    }

    /// Learns the addresses of the host where the capture was made.
    pub fn set_local(&mut self, local: impl IntoIterator<Item = Address>) {
        self.local = LocalAddresses::new(local);
    }

    /// Takes the next packet, and tells `observe` what it means, if that is anything to the decider.
    ///
    /// Time never goes back: a packet with an earlier time counts as of the latest time that was seen.
    pub fn take(&mut self, frame: &Frame<'_>, observe: &mut impl FnMut(Observation)) {
        self.last = self.last.max(frame.time);
        self.first.get_or_insert(self.last);
        let bytes = Captured::new(frame.bytes, frame.wire_len);
        if link::is_for_another_host(frame.link, &bytes) {
            self.counter.not_ours(&bytes);
            return;
        }
        let payload = link::payload(frame.link, &bytes);
        if let Ok(payload) = payload {
            self.hear(&bytes, payload);
        }
        let classified = self.counter.classify(&bytes, payload, Offload::default());
        let mut packet = Packet {
            interface: payload.map_or(0, |payload| self.links.number(frame, &bytes, payload)),
            ..Packet::new(frame, self.last, &bytes)
        };
        // A host counts a packet once that it forwards.
        let shown = self.shown(&packet, payload, &classified.meaning);
        self.pairing.translations.leave_out(shown);
        match shown {
            Shown::First => {
                self.counter.add(&bytes, &classified, Offload::default());
                if let Meaning::Unreadable(Unreadable { fault, .. }) = classified.meaning {
                    self.unreadable.note(&bytes, payload, fault, self.counter.ports());
                }
            }
            Shown::Masqueraded => return,
            Shown::OfOtherService => packet.is_counted = false,
        }
        self.observe(&packet, payload, &classified, observe);
    }

    /// Whether the next packet is the second sight of one, on the other side of a translation: [`Self::take`] would count nothing.
    pub fn is_shown_again(&mut self, frame: &Frame<'_>) -> bool {
        let bytes = Captured::new(frame.bytes, frame.wire_len);
        let payload = link::payload(frame.link, &bytes);
        let classified = self.counter.classify(&bytes, payload, Offload::default());
        let packet = Packet::new(frame, self.last.max(frame.time), &bytes);
        self.shown(&packet, payload, &classified.meaning) != Shown::First
    }

    /// The service that a flow is of, of which this packet is.
    fn service(&self, flow: &Flow, packet: &Packet<'_>) -> Service {
        Service {
            server: flow.server,
            port: flow.server_port,
            transport: flow.transport,
            interface: self.links.of(flow, packet.interface),
        }
    }

    /// The interfaces that observations name by number, the first of which is 1.
    pub fn interfaces(&self) -> &[Interface] {
        self.links.interfaces()
    }

    /// Remembers whom an IP packet is for.
    fn hear(&mut self, bytes: &Captured<'_>, payload: Payload) {
        let (offset, family) = match payload {
            Payload::Ipv4(offset) => (offset, Family::V4),
            Payload::Ipv6(offset) => (offset, Family::V6),
            Payload::NotIp => return,
        };
        if let Some(address) = (HeaderAt { offset, family }).destination().read(bytes) {
            self.addresses.insert(address);
        }
    }

    /// Reports what a packet is of an exchange.
    fn observe(
        &mut self,
        packet: &Packet<'_>,
        payload: Result<Payload, Unreadable>,
        classified: &Classified,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        match &classified.meaning {
            Meaning::Query(message) => self.query(packet, payload, message, observe),
            Meaning::Response(message) => match message.transport {
                Transport::Udp => self.answer(packet, message, observe),
                Transport::Tcp => self.segment(packet, payload, Some(message), observe),
            },
            Meaning::Connect(conversation) => self.connect(packet, payload, conversation, observe),
            Meaning::Segment(segment) => match segment.says {
                Says::Accepted => self.accepted(packet, &segment.conversation, observe),
                Says::Data => self.segment(packet, payload, None, observe),
            },
            Meaning::Unreachable(error) => match error.concern {
                Concern::DnsUnreachable(_) | Concern::Undecided(_) => self.failure(packet, error, observe),
                Concern::LateResponse | Concern::None => None,
            },
            Meaning::Reset(_)
            | Meaning::Fragment
            | Meaning::Unreadable(_)
            | Meaning::NotIp
            | Meaning::Other => None,
        }
    }

    fn answer(
        &mut self,
        packet: &Packet<'_>,
        message: &Message,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let flow = packet.flow(&message.conversation, message.transport)?;
        let flow = self.pairing.exchange_of(&flow);
        let service = self.service(&flow, packet);
        let key = scoped(&flow, service.interface);
        let question = packet.question(message);
        let settled = self
            .pairing
            .answered(&key, message.header.id, question, packet.time);
        let queries = match settled {
            Settled::Queries(queries) => queries,
            Settled::Again => return None,
            Settled::Nothing => {
                self.unmatched(packet, &flow);
                return None;
            }
        };
        self.time(packet, flow.server, queries.first());
        let bytes = packet.slice(message.offset, message.end);
        let answer = Answer {
            is_new: true,
            client: flow.client,
            rcode: Some(message.header.rcode()),
            standard: message.header.opcode() == 0,
            name: self.names.of_question(bytes).or_else(|| {
                let newest = queries.first();
                newest.and_then(|(sent, _)| self.asked.of(sent.at, flow.client))
            }),
            details: details(&flow, message, bytes),
        };
        self.exchanges
            .answered(service, packet.time, &queries, answer, observe);
        None
    }

    /// A response is to no query that was seen.
    fn unmatched(&mut self, packet: &Packet<'_>, flow: &Flow) {
        if packet.is_counted {
            self.counter.unmatched(flow.server, flow.transport);
        }
    }

    /// Measures how long the first answer took.
    fn time(&mut self, packet: &Packet<'_>, server: Address, newest: Option<&(Sent, bool)>) {
        // Servers beyond the table of destinations are in `overflow`, so that memory stays bounded.
        if let Some((sent, _)) = newest
            && self.counter.destination(server).is_some()
        {
            let latency = packet.time.since(sent.at);
            let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            self.latencies.add(server, micros);
        }
    }

    /// Makes room in the table of destinations where it is full: not those who `stay`, who are asked for only then.
    pub fn make_room(&mut self, stay: impl FnOnce() -> HashSet<Address>) {
        for gone in self.counter.make_room(stay) {
            self.latencies.forget(gone);
        }
    }

    /// Totals so far, but for the traces that were overwritten.
    pub fn totals(&self) -> &Totals {
        self.counter.totals()
    }

    /// All counts so far.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counter.counts();
        counts.totals.traces_overwritten = self.traces_overwritten();
        counts
    }

    /// Times from queries to this server to their first answers.
    pub fn latency(&self, server: Address) -> Latency {
        self.latencies.of(server)
    }

    /// The same of all servers, in all buckets.
    pub fn latencies(&self) -> BTreeMap<Address, records::Latency> {
        self.latencies.all()
    }

    /// Whether any IP packet to this address is known to have been seen.
    pub fn heard(&self, address: Address) -> bool {
        self.addresses.heard(address)
    }

    /// What could not be remembered, as warnings.
    pub fn warnings(&self) -> Vec<Warning> {
        let overwritten = self.traces_overwritten();
        let overwritten = (overwritten > 0).then(|| {
            let message = format!(
                "{overwritten} queries waited when more were sent than are remembered, and were forgotten: what became of them is not \
                 known, and errors about them are not verified"
            );
            Warning::new(WarningKind::TracesOverwritten, message)
        });
        let warnings = [
            self.addresses.warning(),
            self.counter.warning(),
            self.pairing.warning(),
            self.unreadable.warning(),
            overwritten,
        ];
        let translations = self.pairing.translations.warnings();
        warnings.into_iter().flatten().chain(translations).collect()
    }

    /// Queries whose trace was overwritten within 60 s, unanswered.
    pub fn traces_overwritten(&self) -> u64 {
        self.pairing.overwritten() + self.connections.overwritten()
    }

    /// The times of the first and the last packet, of any kind.
    pub fn span(&self) -> Option<(Time, Time)> {
        self.first.map(|first| (first, self.last))
    }
}

impl<'a> Packet<'a> {
    /// At no known interface.
    fn new(frame: &Frame<'_>, time: Time, bytes: &'a Captured<'a>) -> Self {
        Self {
            time,
            hides_interface: link::hides_interface(frame.link),
            interface: 0,
            loopback: link::Loopback::of(frame.link, frame.bytes),
            is_counted: true,
            bytes,
        }
    }
}

impl<'a> Packet<'a> {
    fn address(&self, at: AddressAt) -> Option<Address> {
        at.read(self.bytes)
    }

    /// As many of these bytes as were captured.
    fn slice(&self, start: usize, end: usize) -> &'a [u8] {
        let bytes = self.bytes.bytes();
        bytes.get(start..end.min(bytes.len())).unwrap_or_default()
    }

    /// The mark of the question that a message over UDP names.
    fn question(&self, message: &Message) -> u16 {
        question::mark(self.slice(message.offset, message.end))
    }

    fn flow(&self, conversation: &Conversation, transport: Transport) -> Option<Flow> {
        Some(Flow {
            client: self.address(conversation.client)?,
            server: self.address(conversation.server)?,
            client_port: conversation.client_port,
            server_port: conversation.server_port,
            transport,
        })
    }

    /// The flow of the query that an error quotes; `None` where the quote shows no ports.
    fn quoted_flow(&self, error: &Error) -> Option<Flow> {
        let quoted = &error.unreachable.quoted;
        let ports = quoted.ports?;
        Some(Flow {
            client: self.address(quoted.header.source())?,
            server: self.address(quoted.header.destination())?,
            client_port: ports.source,
            server_port: ports.destination,
            transport: ports.transport,
        })
    }
}

fn details(flow: &Flow, message: &Message, bytes: &[u8]) -> Details {
    Details {
        client_port: Some(flow.client_port),
        id: Some(message.header.id),
        query_type: query_type(bytes),
    }
}
