//! From what the kernel programs report and count to observations.
//!
//! What became of each exchange is counted by service and by the second in which its query was sent ([`Readings`]). Events are
//! samples of the exchanges one by one: who asked for what, and when exactly. No event is counted, except of an exchange so old
//! that its second has lost its counters.

mod failures;

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use netmon_common::limits::TRACE_LIFETIME_NS;
use netmon_common::records::{
    BEFORE, BEHIND, EventKind, Exchanges, NOT_IN_SECONDS, RECURSION_DESIRED, RECURSION_KNOWN, ServiceKey,
};
use netmon_common::{Address, Rcode, Transport};

use super::event_parts::{details, moment, opcode, question};
use super::events::Event;
use super::questions::Questions;
use super::readings::Readings;
use crate::bounded::{Bounded, lasting};
use crate::observation::{
    Answered, Asked, Connected, Counts, Name, Observation, Seconds, Service, Side, What,
};
use crate::time::Time;

/// For how many seconds queries speak for a SYN.
const LATELY: u64 = 60;

/// Connections whose SYN was reported: each about 150 bytes.
const CONNECTIONS: usize = lasting(16_384);

/// Turns events and counts into observations.
#[derive(Debug)]
pub struct Observer {
    local: BTreeSet<Address>,
    tracking: bool,
    /// Watched interfaces by which queries may leave unseen.
    queries_unseen: BTreeSet<u32>,
    /// As many as the kernel has places for.
    services: HashMap<ServiceKey, Box<Readings>, RandomState>,
    /// In which second all of them were read last.
    read_in: u64,
    is_over: bool,
    questions: Questions,
    /// When the SYN was sent.
    connections: Bounded<(Service, Client), Time>,
}

/// A client, and its port.
type Client = (Address, u16);

/// When something was read, and what it is to be reported as.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The second of the boot clock in which it was read.
    pub second: u64,
    /// The time that the reading is reported for. Later seconds are left for the next reading.
    pub time: Time,
}

impl Observer {
    /// `tracking` says whether the programs follow exchanges; `now` is the second in which the programs begin.
    pub fn new(tracking: bool, now: u64) -> Self {
        Self {
            local: BTreeSet::new(),
            tracking,
            queries_unseen: BTreeSet::new(),
            services: HashMap::default(),
            read_in: now,
            is_over: false,
            questions: Questions::default(),
            connections: Bounded::new(CONNECTIONS),
        }
    }

    /// This host's own addresses, as they are now, as keys.
    pub fn set_local(&mut self, addresses: BTreeSet<Address>) {
        self.local = addresses;
    }

    /// This host's own addresses, as keys.
    pub const fn local(&self) -> &BTreeSet<Address> {
        &self.local
    }

    /// By these interfaces queries may leave unseen: what comes back by them cannot be verified.
    pub fn set_queries_unseen(&mut self, interfaces: BTreeSet<u32>) {
        self.queries_unseen = interfaces;
    }

    /// Takes counts as known that an earlier netmon may have reported, read in that second.
    pub fn adopt(&mut self, service: ServiceKey, exchanges: &Exchanges, second: u64) {
        let readings = self
            .services
            .entry(service)
            .or_insert_with(|| Box::new(Readings::new(second)));
        readings.begin(exchanges, second);
    }

    /// Takes what was counted of a service, and reports each second that has changed.
    pub fn counted(
        &mut self,
        service: ServiceKey,
        exchanges: &Exchanges,
        reading: Reading,
        observe: &mut impl FnMut(Observation),
    ) {
        let Reading { second, time } = reading;
        let read_in = self.read_in;
        let readings = self
            .services
            .entry(service)
            .or_insert_with(|| Box::new(Readings::new(read_in)));
        let report = |second, counts| observe(seconds(service, time, second, counts));
        readings.take(exchanges, second, time, report);
    }

    /// The same where nothing has changed since the last reading.
    pub fn unchanged(
        &mut self,
        service: ServiceKey,
        reading: Reading,
        observe: &mut impl FnMut(Observation),
    ) {
        if let Some(readings) = self.services.get_mut(&service) {
            let Reading { second, time } = reading;
            let report = |second, counts| observe(seconds(service, time, second, counts));
            readings.take_again(second, time, report);
        }
    }

    /// The service has lost its place, and its counters begin again with zeros if it comes again.
    pub fn forget(&mut self, service: ServiceKey) {
        self.services.remove(&service);
    }

    /// Whether queries of the service may wait.
    pub fn is_waiting(&self, service: ServiceKey, now: Time) -> bool {
        let since = now.second().saturating_sub(LATELY);
        self.services
            .get(&service)
            .is_some_and(|readings| readings.is_asked_since(since))
    }

    /// All services were read in that second or later. Reports the verified errors that have no event.
    pub fn all_counted(&mut self, second: u64, observe: &mut impl FnMut(Observation)) {
        self.read_in = second;
        for (key, readings) in &mut self.services {
            if let Some((counted, more)) = readings.untold(self.is_over) {
                observe(Observation {
                    time: counted,
                    service: service_of(*key),
                    what: What::MoreErrors(more),
                });
            }
        }
    }

    /// How many services have counters.
    pub fn services(&self) -> u64 {
        self.services.len() as u64
    }

    /// Nothing is counted any more, and all events were read: what is left over has none.
    pub fn is_over(&mut self) {
        self.is_over = true;
    }

    /// The service that an event belongs to, as the kernel counts it; `None` for one that cannot be read, which no program
    /// of ours sends.
    pub fn key_of(event: &Event<'_>) -> Option<ServiceKey> {
        let header = &event.header;
        let transport = Transport::ALL.get(usize::from(header.transport))?;
        let is_iterative = recursion_desired(header.flags) == Some(false);
        Some(ServiceKey::new(
            header.server,
            header.server_port,
            *transport,
            header.ifindex,
            is_iterative,
        ))
    }

    /// The service whose queries say whether the event's one is iterative, where nothing else does: over UDP at the same port.
    pub fn kin_of(event: &Event<'_>) -> Option<ServiceKey> {
        let key = Self::key_of(event)?;
        let is_unknown = recursion_desired(event.header.flags).is_none();
        (is_unknown && key.transport == Transport::Tcp as u8).then_some(ServiceKey {
            transport: Transport::Udp as u8,
            ..key
        })
    }

    /// What an event says; nothing where it cannot be read, and where it says nothing to the decider. `asked_over_udp` is how
    /// many queries over UDP the server got, whatever their RD.
    pub fn event(
        &mut self,
        event: &Event<'_>,
        asked_over_udp: u64,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let header = &event.header;
        let key = Self::key_of(event)?;
        let service = service_of(key);
        let time = Time::from_nanos(header.time_ns);
        let recursion_desired =
            recursion_desired(header.flags).unwrap_or_else(|| !self.is_iterative(event, asked_over_udp));
        let observation = |what| Observation { time, service, what };
        match EventKind::from_number(header.kind)? {
            EventKind::Failure => self.failure(event, key, recursion_desired, observe)?,
            EventKind::Query => {
                if let Some(connected) = self.connects(event, service) {
                    observe(observation(What::Connected(connected)));
                }
                let asked = self.query(event, service, recursion_desired);
                observe(observation(What::Asked(asked)));
            }
            EventKind::Answer => {
                let sent = moment(header.query_time_ns)?;
                let rcode = Rcode::from_number(header.detail);
                if header.flags & NOT_IN_SECONDS != 0
                    && let Some(readings) = self.services.get_mut(&key)
                    && let Some((second, counts)) = readings.answered_later(sent.second(), rcode)
                {
                    observe(seconds(key, time, second, counts));
                }
                observe(observation(What::Answered(Answered {
                    client: header.client,
                    side: side(header.flags),
                    sent,
                    // The kernel counts them, and does not tell.
                    earlier: Vec::new(),
                    rcode,
                    standard: opcode(event.payload) == 0,
                    name: question(event.payload).or_else(|| self.asked(event)),
                    recursion_desired,
                    details: details(event, event.payload),
                })));
            }
        }
        Some(())
    }

    /// Whether a query is taken to be iterative of which RD is not known, a SYN: where the server is asked over UDP, and none of
    /// the queries of the last minute asked for recursion.
    fn is_iterative(&self, event: &Event<'_>, asked_over_udp: u64) -> bool {
        let kin = Self::kin_of(event).and_then(|kin| self.services.get(&kin));
        match kin {
            None => asked_over_udp > 0,
            Some(kin) => {
                let queries = u64::from(kin.queries());
                let lately = Time::from_nanos(event.header.time_ns)
                    .second()
                    .saturating_sub(LATELY);
                // Both come round at different numbers; a kernel counts for long until then.
                !kin.is_asked_since(lately) && asked_over_udp & u64::from(u32::MAX) > queries
            }
        }
    }

    fn query(&mut self, event: &Event<'_>, service: Service, recursion_desired: bool) -> Asked {
        let header = &event.header;
        let name = question(event.payload);
        if let Some(name) = &name {
            self.questions.note(header.time_ns, header.client, name);
        }
        Asked {
            client: header.client,
            name,
            recursion_desired,
            is_syn: is_syn(event, service),
            details: details(event, event.payload),
        }
    }

    /// Remembers a SYN; the first query of a connection says that the server took it. The kernel does not tell of others that it took.
    fn connects(&mut self, event: &Event<'_>, service: Service) -> Option<Connected> {
        let header = &event.header;
        let connection = (service, (header.client, header.client_port));
        if is_syn(event, service) {
            self.connections
                .insert(connection, Time::from_nanos(header.time_ns));
            return None;
        }
        let syn = self.connections.remove(&connection)?;
        let waits = header.time_ns.saturating_sub(syn.nanos()) < TRACE_LIFETIME_NS;
        waits.then(|| Connected {
            client: header.client,
            syns: vec![syn],
        })
    }

    /// The name in the query that the event belongs to, where the packet itself does not say.
    fn asked(&self, event: &Event<'_>) -> Option<Name> {
        self.questions.of(event.header.query_time_ns, event.header.client)
    }
}

/// RD of an event's query, where that is known.
fn recursion_desired(flags: u8) -> Option<bool> {
    (flags & RECURSION_KNOWN != 0).then_some(flags & RECURSION_DESIRED != 0)
}

/// On which side of a translation an event's packet was seen.
const fn side(flags: u8) -> Side {
    if flags & BEHIND != 0 {
        Side::Behind
    } else if flags & BEFORE != 0 {
        Side::Before
    } else {
        Side::Only
    }
}

/// Whether a query is a SYN.
const fn is_syn(event: &Event<'_>, service: Service) -> bool {
    matches!(service.transport, Transport::Tcp) && event.payload.is_empty()
}

/// As the decider knows the service; what is iterative of it is told apart by [`Seconds`].
pub(crate) fn service_of(key: ServiceKey) -> Service {
    Service {
        server: key.server,
        port: key.port,
        transport: if key.transport == Transport::Tcp as u8 {
            Transport::Tcp
        } else {
            Transport::Udp
        },
        interface: key.interface,
    }
}

fn seconds(key: ServiceKey, time: Time, second: u64, counts: Counts) -> Observation {
    Observation {
        time,
        service: service_of(key),
        what: What::Seconds(Seconds {
            second,
            iterative: key.iterative != 0,
            counts,
        }),
    }
}

#[cfg(test)]
mod tests;
