//! From what the kernel programs report and count to observations.
//!
//! The programs count packets by destination and send samples of them; what became of each exchange is worked out here as
//! far as that goes. Answers of a second settle queries of that second first, then of the ones before: most answers come at
//! once. Answers beyond the queries settle nothing.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use netmon_common::records::{Destination, EventKind, RECURSION_DESIRED, RECURSION_KNOWN};
use netmon_common::wire::udp;
use netmon_common::{Address, Code, Rcode, Transport};

use super::counted_errors::CountedErrors;
use super::event_parts::{details, moment, opcode, question};
use super::events::Event;
use super::exchanges::{Exchanges, Packets, SECONDS};
use super::questions::Questions;
use crate::bounded::Bounded;
use crate::observation::{Answered, Asked, Failed, Name, Observation, Proof, Service, Unverified, What, Why};
use crate::time::Time;

/// The loopback interface's index, in every network namespace.
const LOOPBACK: u32 = 1;

/// Queries that errors have been verified by, and connections whose SYN was reported: each about 150 bytes.
const REMEMBERED: usize = 8_192;

/// Services whose exchanges are worked out: about 200 bytes each, and up to 5 KiB where they are asked in every second.
const SERVICES: usize = 16_384;

/// Turns events and counts into observations.
#[derive(Debug)]
pub struct Observer {
    local: BTreeSet<Address>,
    /// The port that counts are reported for, which are by address: the first that is configured, or the one that
    /// an event of the server named last.
    port: u16,
    ports: HashMap<Address, u16>,
    tracking: bool,
    before: HashMap<Address, Known>,
    services: HashMap<Service, Exchanges, RandomState>,
    /// Destinations of which more errors were counted than reported.
    left_over: BTreeSet<Address>,
    is_over: bool,
    questions: Questions,
    failed: Bounded<(Service, Client, u64), ()>,
    connections: Bounded<(Service, Client), ()>,
    /// In which second it was last looked which services can make room.
    looked_at: u64,
}

/// A client, and its port.
type Client = (Address, u16);

/// What was reported of a destination already.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    counters: Destination,
    errors: CountedErrors,
}

impl Observer {
    /// For these DNS ports; `tracking` says whether the programs follow exchanges.
    pub fn new(ports: &[u16], tracking: bool) -> Self {
        Self {
            local: BTreeSet::new(),
            port: ports.first().copied().unwrap_or(53),
            ports: HashMap::new(),
            tracking,
            before: HashMap::new(),
            services: HashMap::default(),
            left_over: BTreeSet::new(),
            is_over: false,
            questions: Questions::default(),
            failed: Bounded::new(REMEMBERED),
            connections: Bounded::new(REMEMBERED),
            looked_at: 0,
        }
    }

    /// This host's own addresses, as they are now.
    pub fn set_local(&mut self, addresses: BTreeSet<Address>) {
        self.local = addresses;
    }

    /// What an event says; nothing where it cannot be read, which no program of ours sends, and where it says nothing to
    /// the decider.
    pub fn event(&mut self, event: &Event<'_>, observe: &mut impl FnMut(Observation)) -> Option<()> {
        let header = &event.header;
        let transport = match header.transport {
            0 => Transport::Udp,
            1 => Transport::Tcp,
            _ => return None,
        };
        let service = Service {
            server: header.server,
            port: header.server_port,
            transport,
        };
        if service.port != self.port {
            self.ports.insert(service.server, service.port);
        }
        let time = Time::from_nanos(header.time_ns);
        let recursion_desired = self.recursion_desired(service, time, header.flags);
        let observation = |what| Observation { time, service, what };
        match EventKind::from_number(header.kind)? {
            EventKind::Failure => self.failure(event, service, recursion_desired, observe)?,
            EventKind::Query => {
                let asked = self.query(event, service, recursion_desired);
                observe(observation(What::Asked(asked)));
            }
            EventKind::Answer => {
                // One that answers no query seen decides nothing.
                let sent = moment(header.query_time_ns)?;
                observe(observation(What::Answered(Answered {
                    client: header.client,
                    sent,
                    rcode: Some(Rcode::from_number(header.detail)?),
                    standard: opcode(event.payload) == 0,
                    name: question(event.payload).or_else(|| self.asked(event)),
                    recursion_desired,
                    details: details(event),
                })));
            }
        }
        Some(())
    }

    /// RD of an event's query, or what is presumed of it.
    fn recursion_desired(&mut self, service: Service, time: Time, flags: u8) -> bool {
        let second = time.second();
        if flags & RECURSION_KNOWN != 0 {
            let desired = flags & RECURSION_DESIRED != 0;
            if let Some(exchanges) = self.exchanges(service, second) {
                exchanges.recursion.note(second, desired);
            }
            return desired;
        }
        self.presumed(service, second)
    }

    /// What is presumed of queries of this service of which RD is not known.
    fn presumed(&self, service: Service, second: u64) -> bool {
        let of = |service| {
            let exchanges: &Exchanges = self.services.get(&service)?;
            exchanges.recursion.presumed(second)
        };
        let kin = Service {
            transport: Transport::Udp,
            ..service
        };
        of(service).or_else(|| of(kin)).unwrap_or(true)
    }

    fn query(&mut self, event: &Event<'_>, service: Service, recursion_desired: bool) -> Asked {
        let header = &event.header;
        let name = question(event.payload);
        if let Some(name) = &name {
            self.questions.note(header.time_ns, header.client, name);
        }
        let connection = (service, (header.client, header.client_port));
        let is_syn = service.transport == Transport::Tcp && event.payload.is_empty();
        let is_of_syn = !is_syn && self.connections.remove(&connection).is_some();
        if is_syn {
            self.connections.insert(connection, ());
        }
        Asked {
            client: header.client,
            name,
            recursion_desired,
            is_of_syn,
            details: details(event),
        }
    }

    /// The name in the query that the event belongs to, where the packet itself does not say.
    fn asked(&self, event: &Event<'_>) -> Option<Name> {
        self.questions.of(event.header.query_time_ns, event.header.client)
    }

    fn failure(
        &mut self,
        event: &Event<'_>,
        service: Service,
        recursion_desired: bool,
        observe: &mut impl FnMut(Observation),
    ) -> Option<()> {
        let header = &event.header;
        let time = Time::from_nanos(header.time_ns);
        let code = Code::from_number(header.detail)?;
        let proof = self.proof(event, service);
        if !matches!(proof, Err(Why::Unsolicited | Why::QueriesUnseen)) {
            let known = self.before.entry(header.server).or_default();
            known.errors.reported(code);
        }
        let what = match proof {
            Err(why) => What::Unverified(Unverified {
                client: header.client,
                reporter: header.reporter,
                code,
                why,
            }),
            Ok(proof) => {
                self.fails(service, time, proof, !recursion_desired, observe);
                let message = usize::from(header.transport_offset) + udp::HEADER_LEN;
                What::Failed(Failed {
                    client: header.client,
                    reporter: header.reporter,
                    code,
                    proof,
                    name: match service.transport {
                        Transport::Udp => event
                            .payload
                            .get(message..)
                            .and_then(question)
                            .or_else(|| self.asked(event)),
                        // Nothing in a TCP header says which of a stream's messages the segment belongs to.
                        Transport::Tcp => None,
                    },
                    recursion_desired,
                    last_answer: moment(header.last_answer_ns),
                    details: details(event),
                })
            }
        };
        observe(Observation { time, service, what });
        Some(())
    }

    /// Whether it is this host's own address: all of 127.0.0.0/8 is, and most of it is nowhere listed.
    fn is_own(&self, address: Address) -> bool {
        address.ip().is_loopback() || self.local.contains(&address)
    }

    fn proof(&mut self, event: &Event<'_>, service: Service) -> Result<Proof, Why> {
        let header = &event.header;
        let query = moment(header.query_time_ns);
        let is_ours =
            header.ifindex == LOOPBACK && self.is_own(header.reporter) && self.is_own(header.client);
        if query.is_some() {
            let client = (header.client, header.client_port);
            let key = (service, client, header.query_time_ns);
            if self.failed.get(&key).is_some() {
                return Err(Why::Again);
            }
            self.failed.insert(key, ());
        }
        match query {
            _ if is_ours => Ok(Proof::RaisedByThisHost(query)),
            Some(query) => Ok(Proof::QuerySeen(query)),
            None if self.tracking => Err(Why::Unsolicited),
            None => Err(Why::QueriesUnseen),
        }
    }

    /// A query has failed. One that this host raised about a query that no hook saw is an exchange by itself.
    fn fails(
        &mut self,
        service: Service,
        time: Time,
        proof: Proof,
        iterative: bool,
        observe: &mut impl FnMut(Observation),
    ) {
        let Some(exchanges) = self.exchanges(service, time.second()) else {
            return;
        };
        let second = if let Some(sent) = proof.sent() {
            exchanges.settle_failure(sent.second(), iterative)
        } else {
            if let Some(counts) = exchanges.second(time.second(), iterative) {
                counts.asked += 1;
                counts.failed += 1;
            }
            Some(time.second())
        };
        if let Some(second) = second {
            exchanges.report(service, time, second, iterative, observe);
        }
    }

    /// Takes counts as reported that an earlier netmon may have reported.
    pub fn adopt(&mut self, address: Address, counters: &Destination) {
        self.before.entry(address).or_default().counters = *counters;
    }

    /// Nothing is counted any more, and all events were read: what is left over has none.
    pub fn is_over(&mut self) {
        self.is_over = true;
    }

    /// Errors that were counted and have no event, of destinations for which nothing else is counted.
    pub fn overdue(&mut self, time: Time, observe: &mut impl FnMut(Observation)) {
        for address in std::mem::take(&mut self.left_over) {
            if let Some(known) = self.before.get(&address) {
                let counters = known.counters;
                self.counted(address, &counters, time, observe);
            }
        }
    }

    /// What was counted for a destination since it was reported last. `time` is in the second that it belongs to.
    pub fn counted(
        &mut self,
        address: Address,
        now: &Destination,
        time: Time,
        observe: &mut impl FnMut(Observation),
    ) {
        let known = self.before.entry(address).or_default();
        let before = std::mem::replace(&mut known.counters, *now);
        let failures = known.errors.counted(&before, now, time, self.is_over);
        if known.errors.are_left() {
            self.left_over.insert(address);
        }
        // Responses have one set of rcodes for both transports. It is reported with the one that had more of them.
        let udp = now.dns_responses.saturating_sub(before.dns_responses);
        let tcp = now.tcp_dns_responses.saturating_sub(before.tcp_dns_responses);
        let failed = |rcode| now.rcode(rcode).saturating_sub(before.rcode(rcode));
        let rcodes = (failed(Rcode::ServFail), failed(Rcode::Refused));
        let (udp_rcodes, tcp_rcodes) = if udp >= tcp {
            (rcodes, (0, 0))
        } else {
            ((0, 0), rcodes)
        };
        // A SYN and the first query of its connection are one.
        let tcp_queries = |counters: &Destination| counters.tcp_connects.max(counters.tcp_dns_queries);
        let port = self.ports.get(&address).copied().unwrap_or(self.port);
        let packets = [
            (
                Transport::Udp,
                Packets {
                    queries: now.dns_queries.saturating_sub(before.dns_queries),
                    answers: udp,
                    servfail: udp_rcodes.0,
                    refused: udp_rcodes.1,
                    failures: failures.iter().sum(),
                },
            ),
            (
                Transport::Tcp,
                Packets {
                    queries: tcp_queries(now).saturating_sub(tcp_queries(&before)),
                    answers: tcp,
                    servfail: tcp_rcodes.0,
                    refused: tcp_rcodes.1,
                    // They are not counted by transport, and are reported with the usual one.
                    failures: 0,
                },
            ),
        ];
        for (transport, packets) in packets {
            if packets == Packets::default() {
                continue;
            }
            let service = Service {
                server: address,
                port,
                transport,
            };
            if transport == Transport::Udp && packets.failures > 0 {
                observe(Observation {
                    time,
                    service,
                    what: What::MoreErrors(failures),
                });
            }
            let iterative = !self.presumed(service, time.second());
            if let Some(exchanges) = self.exchanges(service, time.second()) {
                let changed = exchanges.take(time.second(), iterative, packets);
                for second in changed {
                    exchanges.report(service, time, second, iterative, observe);
                }
            }
        }
    }

    /// The exchanges of a service. Where there are too many services, those that wait for nothing make room.
    fn exchanges(&mut self, service: Service, second: u64) -> Option<&mut Exchanges> {
        if self.services.len() >= SERVICES && !self.services.contains_key(&service) {
            // Looking at all of them takes its time.
            if self.looked_at == second {
                return None;
            }
            self.looked_at = second;
            self.services
                .retain(|_, exchanges| exchanges.touched.saturating_add(SECONDS) >= second);
            if self.services.len() >= SERVICES {
                return None;
            }
        }
        let exchanges = self.services.entry(service).or_default();
        exchanges.touched = second;
        Some(exchanges)
    }
}
