//! From packets to counts and observations.

use netmon_common::classify::{Classified, Concern, Conversation, Error, Meaning, Message, Offload};
use netmon_common::records::Totals;
use netmon_common::trace::{Asked, Flow};
use netmon_common::wire::ethernet::Payload;
use netmon_common::wire::ip::{AddressAt, Family, HeaderAt};
use netmon_common::wire::{Captured, udp};
use netmon_common::{Address, DnsPorts, Transport};

use super::addresses::{Addresses, Part};
use super::frame::Frame;
use super::latencies::Latencies;
use super::link;
use super::names::Names;
use super::quote::QuotedHeader;
use super::traces::Traces;
use crate::counter::Counter;
use crate::counts::Counts;
use crate::model::{Latency, Warning};
use crate::observation::{Answer, Failure, Name, Observation, Proof, Query, Service, What};
use crate::time::Time;

/// The door for captures: packets in, counts kept, observations out.
///
/// Every packet of DNS gives an observation, so that nothing is sampled: `counted_here` is always set.
pub struct Door {
    counter: Counter,
    traces: Traces,
    latencies: Latencies,
    names: Names,
    addresses: Addresses,
    first: Option<Time>,
    last: Time,
}

/// A packet, classified, with the time that it counts as.
struct Packet<'a> {
    time: Time,
    bytes: &'a Captured<'a>,
}

impl Door {
    /// With these DNS ports.
    pub fn new(ports: DnsPorts) -> Self {
        Self {
            counter: Counter::new(ports),
            traces: Traces::new(),
            latencies: Latencies::default(),
            names: Names::new(),
            addresses: Addresses::default(),
            first: None,
            last: Time::default(),
        }
    }

    /// Takes the next packet, and tells `observe` what it means, if that is anything to the decider.
    ///
    /// Time never goes back: a packet with an earlier time counts as of the latest time that was seen.
    pub fn take(&mut self, frame: &Frame<'_>, observe: &mut impl FnMut(Observation)) {
        self.last = self.last.max(frame.time);
        self.first.get_or_insert(self.last);
        let bytes = Captured::new(frame.bytes, frame.wire_len);
        let payload = link::payload(frame.link, &bytes);
        if let Ok(payload) = payload {
            self.hear(&bytes, payload);
        }
        let classified = self.counter.count(&bytes, payload, Offload::default());
        let packet = Packet {
            time: self.last,
            bytes: &bytes,
        };
        if let Some(observation) = self.observe(&packet, &classified) {
            observe(observation);
        }
    }

    /// Remembers whom an IP packet is for.
    fn hear(&mut self, bytes: &Captured<'_>, payload: Payload) {
        let (offset, family) = match payload {
            Payload::Ipv4(offset) => (offset, Family::V4),
            Payload::Ipv6(offset) => (offset, Family::V6),
            Payload::NotIp => return,
        };
        if let Some(address) = (HeaderAt { offset, family }).destination().read(bytes) {
            self.addresses.insert(Part::Heard, address);
        }
    }

    fn observe(&mut self, packet: &Packet<'_>, classified: &Classified) -> Option<Observation> {
        match &classified.meaning {
            Meaning::Query(message) => self.query(packet, message),
            Meaning::Response(message) => self.answer(packet, message),
            Meaning::Connect(conversation) => self.connect(packet, conversation),
            Meaning::Unreachable(error) if error.concern == Concern::DnsUnreachable => {
                self.failure(packet, error)
            }
            Meaning::Unreachable(_)
            | Meaning::Reset(_)
            | Meaning::Fragment
            | Meaning::Unreadable(_)
            | Meaning::NotIp
            | Meaning::Other => None,
        }
    }

    fn query(&mut self, packet: &Packet<'_>, message: &Message) -> Option<Observation> {
        let flow = packet.flow(&message.conversation, message.transport)?;
        let recursion_desired = message.header.recursion_desired();
        let asked = Asked::Query {
            id: message.header.id,
            recursion_desired,
        };
        let name = self.names.of_question(packet.slice(message.offset, message.end));
        Some(self.asked(packet, &flow, asked, name, Some(recursion_desired)))
    }

    fn connect(&mut self, packet: &Packet<'_>, conversation: &Conversation) -> Option<Observation> {
        let flow = packet.flow(conversation, Transport::Tcp)?;
        Some(self.asked(packet, &flow, Asked::Connect, None, None))
    }

    fn asked(
        &mut self,
        packet: &Packet<'_>,
        flow: &Flow,
        asked: Asked,
        name: Option<Name>,
        recursion_desired: Option<bool>,
    ) -> Observation {
        self.traces.record(flow, asked, packet.time);
        self.addresses.insert(Part::Asker, flow.client);
        self.addresses.insert(Part::Asked, flow.server);
        packet.observation(
            flow,
            What::Query(Query {
                client: flow.client,
                name,
                recursion_desired,
                counted_here: true,
            }),
        )
    }

    fn answer(&mut self, packet: &Packet<'_>, message: &Message) -> Option<Observation> {
        let flow = packet.flow(&message.conversation, message.transport)?;
        let trace = self.traces.answer(&flow, message.header.id);
        let query_time = trace.map(|trace| Time::from_nanos(trace.time_ns()));
        if let Some(trace) = trace
            && !trace.is_answered()
            // Servers beyond the table of destinations are in `overflow`, so that memory stays bounded.
            && self.counter.destination(flow.server).is_some()
        {
            let latency = packet.time.since(Time::from_nanos(trace.time_ns()));
            let micros = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
            self.latencies.add(flow.server, micros);
        }
        let answer = Answer {
            client: flow.client,
            rcode: message.header.rcode(),
            query_time,
            name: self.names.of_question(packet.slice(message.offset, message.end)),
            recursion_desired: Some(message.header.recursion_desired()),
            counted_here: true,
        };
        Some(packet.observation(&flow, What::Answer(answer)))
    }

    fn failure(&mut self, packet: &Packet<'_>, error: &Error) -> Option<Observation> {
        let quoted = &error.unreachable.quoted;
        let ports = quoted.ports?;
        let flow = Flow {
            client: packet.address(quoted.header.source())?,
            server: packet.address(quoted.header.destination())?,
            client_port: ports.source,
            server_port: ports.destination,
            transport: ports.transport,
        };
        let message = match ports.transport {
            Transport::Udp => packet.slice(ports.offset + udp::HEADER_LEN, quoted.end),
            // Nothing in a TCP header tells which of a stream's messages the segment belongs to.
            Transport::Tcp => &[],
        };
        let quote = QuotedHeader::read(message);
        let trace = self.traces.find(&flow, quote.id);
        let proof = match trace {
            Some(trace) => Proof::QuerySeen(Time::from_nanos(trace.time_ns())),
            None => self.unseen(&flow),
        };
        if proof == Proof::None {
            self.counter.unsolicited(flow.server);
        }
        let failure = Failure {
            client: flow.client,
            reporter: packet.address(error.header.source())?,
            code: error.unreachable.code,
            proof,
            name: self.names.of_question(message),
            recursion_desired: quote
                .recursion_desired
                .or_else(|| trace.and_then(|trace| trace.recursion_desired())),
            // Every answer is told.
            last_answer: None,
        };
        Some(packet.observation(&flow, What::Failure(failure)))
    }

    /// What an error proves that quotes no query in the capture.
    ///
    /// A capture does not say in which direction it looks. Where it shows no query from this client to anybody,
    /// and none to this server from anybody, up to now, it is taken to look away from them.
    fn unseen(&self, flow: &Flow) -> Proof {
        if self.addresses.queries_unseen(flow.client, flow.server) {
            Proof::QueriesUnseen
        } else {
            Proof::None
        }
    }

    /// Totals so far, but for the traces that were overwritten.
    pub fn totals(&self) -> &Totals {
        self.counter.totals()
    }

    /// All counts so far.
    pub fn counts(&self) -> Counts {
        let mut counts = self.counter.counts();
        counts.totals.traces_overwritten = self.traces.overwritten();
        counts
    }

    /// Times from queries to this server to their first answers.
    pub fn latency(&self, server: Address) -> Latency {
        self.latencies.of(server)
    }

    /// Whether any IP packet to this address is known to have been seen.
    pub fn heard(&self, address: Address) -> bool {
        self.addresses.heard(address)
    }

    /// What could not be remembered, as warnings.
    pub fn warnings(&self) -> Vec<Warning> {
        self.addresses.warning().into_iter().collect()
    }

    /// Queries whose trace was overwritten within 60 s, unanswered.
    pub fn traces_overwritten(&self) -> u64 {
        self.traces.overwritten()
    }

    /// The times of the first and the last packet, of any kind.
    pub fn span(&self) -> Option<(Time, Time)> {
        self.first.map(|first| (first, self.last))
    }
}

impl Packet<'_> {
    fn address(&self, at: AddressAt) -> Option<Address> {
        at.read(self.bytes)
    }

    /// As many of these bytes as were captured.
    fn slice(&self, start: usize, end: usize) -> &[u8] {
        let bytes = self.bytes.bytes();
        bytes.get(start..end.min(bytes.len())).unwrap_or_default()
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

    fn observation(&self, flow: &Flow, what: What) -> Observation {
        Observation {
            time: self.time,
            service: Service {
                server: flow.server,
                port: flow.server_port,
                transport: flow.transport,
            },
            what,
        }
    }
}
