//! From what the kernel programs tell and count to observations.

use std::collections::{BTreeSet, HashMap};

use netmon_common::records::{Destination, EventKind, RECURSION_DESIRED, RECURSION_KNOWN};
use netmon_common::wire::{name, udp};
use netmon_common::{Address, Code, Rcode, Transport};

use super::events::Event;
use super::questions::Questions;
use crate::observation::{Answer, Counts, Failure, Name, Observation, Proof, Query, Service, What};
use crate::time::Time;

/// The loopback interface's index, in every network namespace.
const LOOPBACK: u32 = 1;

/// Turns events and counts into observations.
///
/// Events are samples, and all packets are in the counts: no observation of an event is to be counted.
#[derive(Debug)]
pub struct Observer {
    local: BTreeSet<Address>,
    /// The port that counts are told for, which are by address: the first that is configured, or the one that
    /// an event of the server named last.
    port: u16,
    ports: HashMap<Address, u16>,
    tracking: bool,
    before: HashMap<Address, Known>,
    questions: Questions,
}

/// What was told of a destination already.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    counters: Destination,
    /// Errors that were told as events, by transport and code, and not yet seen in the counters.
    failures: [u64; Code::ALL.len()],
}

impl Observer {
    /// For these DNS ports; `tracking` tells whether the programs follow exchanges.
    pub fn new(ports: &[u16], tracking: bool) -> Self {
        Self {
            local: BTreeSet::new(),
            port: ports.first().copied().unwrap_or(53),
            ports: HashMap::new(),
            tracking,
            before: HashMap::new(),
            questions: Questions::default(),
        }
    }

    /// This host's own addresses, as they are now.
    pub fn set_local(&mut self, addresses: BTreeSet<Address>) {
        self.local = addresses;
    }

    /// What an event says; `None` for one that cannot be read, which no program of ours sends.
    pub fn event(&mut self, event: &Event<'_>) -> Option<Observation> {
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
        let what = match EventKind::from_number(header.kind)? {
            EventKind::Failure => What::Failure(self.failure(event, transport)?),
            EventKind::Query => What::Query(self.query(event)),
            EventKind::Answer => What::Answer(Answer {
                client: header.client,
                rcode: Rcode::from_number(header.detail)?,
                query_time: moment(header.query_time_ns),
                name: question(event.payload).or_else(|| self.asked(event)),
                recursion_desired: recursion_desired(header.flags),
                counted_here: false,
            }),
        };
        Some(Observation {
            time: Time::from_nanos(header.time_ns),
            service,
            what,
        })
    }

    fn query(&mut self, event: &Event<'_>) -> Query {
        let header = &event.header;
        let name = question(event.payload);
        if let Some(name) = &name {
            self.questions.note(header.time_ns, header.client, name);
        }
        Query {
            client: header.client,
            name,
            recursion_desired: recursion_desired(header.flags),
            counted_here: false,
        }
    }

    /// The name in the query that the event belongs to, where the packet itself does not say.
    fn asked(&self, event: &Event<'_>) -> Option<Name> {
        self.questions.of(event.header.query_time_ns, event.header.client)
    }

    fn failure(&mut self, event: &Event<'_>, transport: Transport) -> Option<Failure> {
        let header = &event.header;
        let code = Code::from_number(header.detail)?;
        let proof = self.proof(event);
        if !matches!(proof, Proof::None) {
            let known = self.before.entry(header.server).or_default();
            if let Some(told) = known.failures.get_mut(usize::from(header.detail)) {
                *told += 1;
            }
        }
        let message = usize::from(header.transport_offset) + udp::HEADER_LEN;
        Some(Failure {
            client: header.client,
            reporter: header.reporter,
            code,
            proof,
            name: match transport {
                Transport::Udp => event
                    .payload
                    .get(message..)
                    .and_then(question)
                    .or_else(|| self.asked(event)),
                // Nothing in a TCP header tells which of a stream's messages the segment belongs to.
                Transport::Tcp => None,
            },
            recursion_desired: recursion_desired(header.flags),
            last_answer: moment(header.last_answer_ns),
        })
    }

    /// Whether it is this host's own address: all of 127.0.0.0/8 is, and most of it is nowhere listed.
    fn is_own(&self, address: Address) -> bool {
        address.ip().is_loopback() || self.local.contains(&address)
    }

    fn proof(&self, event: &Event<'_>) -> Proof {
        let header = &event.header;
        let query = moment(header.query_time_ns);
        let is_ours =
            header.ifindex == LOOPBACK && self.is_own(header.reporter) && self.is_own(header.client);
        match query {
            _ if is_ours => Proof::RaisedByThisHost(query),
            Some(query) => Proof::QuerySeen(query),
            None if self.tracking => Proof::None,
            None => Proof::QueriesUnseen,
        }
    }

    /// Takes counts as told that an earlier netmon may have told.
    pub fn adopt(&mut self, address: Address, counters: &Destination) {
        self.before.entry(address).or_default().counters = *counters;
    }

    /// What was counted for a destination since it was told last, one observation for each transport. `time` is
    /// in the second that it belongs to.
    pub fn counted(&mut self, address: Address, now: &Destination, time: Time) -> [Option<Observation>; 2] {
        let known = self.before.entry(address).or_default();
        let before = std::mem::replace(&mut known.counters, *now);
        let failures = untold(&before, now, &mut known.failures);
        // Responses have one set of rcodes for both transports. It is told with the one that had more of them.
        let udp = now.dns_responses.saturating_sub(before.dns_responses);
        let tcp = now.tcp_dns_responses.saturating_sub(before.tcp_dns_responses);
        let failed = |rcode| now.rcode(rcode).saturating_sub(before.rcode(rcode));
        let rcodes = (failed(Rcode::ServFail), failed(Rcode::Refused));
        let rcodes = if udp >= tcp {
            [rcodes, (0, 0)]
        } else {
            [(0, 0), rcodes]
        };
        let [udp_rcodes, tcp_rcodes] = rcodes;
        let tcp_queries = now.tcp_connects + now.tcp_dns_queries;
        let tcp_queries_before = before.tcp_connects + before.tcp_dns_queries;
        let port = self.ports.get(&address).copied().unwrap_or(self.port);
        let observation = |transport, counts: Counts| {
            (counts != Counts::default()).then_some(Observation {
                time,
                service: Service {
                    server: address,
                    port,
                    transport,
                },
                what: What::Counts(counts),
            })
        };
        [
            observation(
                Transport::Udp,
                Counts {
                    queries: now.dns_queries.saturating_sub(before.dns_queries),
                    answers: udp,
                    servfail: udp_rcodes.0,
                    refused: udp_rcodes.1,
                    failures,
                },
            ),
            observation(
                Transport::Tcp,
                Counts {
                    queries: tcp_queries.saturating_sub(tcp_queries_before),
                    answers: tcp,
                    servfail: tcp_rcodes.0,
                    refused: tcp_rcodes.1,
                    // They are not counted by transport, and are told with the usual one.
                    failures: [0; Code::ALL.len()],
                },
            ),
        ]
    }
}

/// Errors that were counted and not told as events, by code. Those told and not counted yet stay for the next
/// time; a poll that falls between the two is nothing lost.
fn untold(
    before: &Destination,
    now: &Destination,
    told: &mut [u64; Code::ALL.len()],
) -> [u64; Code::ALL.len()] {
    let mut unsolicited = now.unsolicited.saturating_sub(before.unsolicited);
    let mut untold = [0; Code::ALL.len()];
    for ((code, told), untold) in Code::ALL.into_iter().zip(told).zip(&mut untold) {
        let counted = now
            .dns_unreachable(code)
            .saturating_sub(before.dns_unreachable(code));
        let here = counted.min(*told);
        *told -= here;
        let left = counted - here;
        // Unsolicited ones are not counted by code. Taking them off where they may be never makes errors up.
        let forged = left.min(unsolicited);
        unsolicited -= forged;
        *untold = left - forged;
    }
    untold
}

fn question(message: &[u8]) -> Option<Name> {
    name::read_question(message).map(|name| Name::new(name.as_str()))
}

fn recursion_desired(flags: u8) -> Option<bool> {
    (flags & RECURSION_KNOWN != 0).then_some(flags & RECURSION_DESIRED != 0)
}

fn moment(nanos: u64) -> Option<Time> {
    (nanos != 0).then(|| Time::from_nanos(nanos))
}
