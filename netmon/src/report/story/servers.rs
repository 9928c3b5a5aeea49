//! The servers of a report, each with what became of its queries: by exchanges where these are known, else by packets.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use netmon_common::{Address, Rcode, Transport};

use crate::model::DestinationCounts;
use crate::report::Report;
use crate::served::{Served, ServedBy};

/// A server that somebody tried to ask, or that answered.
#[derive(Clone, Copy, Debug)]
pub struct Server<'a> {
    /// Its address.
    pub address: Address,
    /// What became of its queries, over UDP and TCP.
    pub served: Served,
    /// Attempts to connect over TCP where no query over TCP came: of these, nobody knows how the server does.
    pub only_connects: u64,
    /// The packets that were counted for it; `None` where there are none: all were counted for another server, because the address is
    /// translated, or it lost its place among the destinations.
    pub counts: Option<&'a DestinationCounts>,
}

/// How servers did together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// How many were asked.
    pub servers: u64,
    /// Queries to them.
    pub queries: u64,
    /// Their answers.
    pub answers: u64,
}

impl Together {
    /// Adds a server.
    pub fn add(&mut self, served: &Served) {
        self.servers += 1;
        self.queries += served.queries;
        // What is only known by packets may have been asked before the log began.
        self.answers += served.answers.min(served.queries);
    }

    /// Whether they do well enough to say that DNS as such works.
    pub fn work(&self) -> bool {
        self.answers > 0 && works(self.queries, self.answers)
    }
}

/// Whether nine of ten queries were answered.
pub fn works(queries: u64, answers: u64) -> bool {
    answers.saturating_mul(10) >= queries.saturating_mul(9)
}

/// The servers that somebody tried to ask, or that answered, over UDP or TCP; the busiest first.
pub fn all<'a>(report: &Report<'a>) -> Vec<Server<'a>> {
    let counted = report.document.destinations.iter();
    let mut counts: BTreeMap<Address, Option<&DestinationCounts>> = counted
        .map(|destination| (destination.address, Some(destination)))
        .collect();
    for server in report.served.into_iter().flat_map(ServedBy::servers) {
        counts.entry(server).or_default();
    }
    let mut servers: Vec<_> = counts
        .into_iter()
        .map(|(address, counts)| Server::new(report, address, counts))
        .filter(|server| server.served.tried() + server.served.answers > 0)
        .collect();
    servers.sort_by_key(|server| (Reverse(server.served.queries), server.address));
    servers
}

/// The server with this address, if anything is known of it.
pub fn one<'a>(report: &Report<'a>, address: Address) -> Option<Server<'a>> {
    let mut counted = report.document.destinations.iter();
    let counts = counted.find(|destination| destination.address == address);
    let server = Server::new(report, address, counts);
    (counts.is_some() || server.served != Served::default()).then_some(server)
}

/// What became of a server's queries over one transport.
pub fn served(
    report: &Report<'_>,
    address: Address,
    transport: Transport,
    counts: Option<&DestinationCounts>,
) -> Served {
    match report.served.filter(|served| served.knows(address)) {
        Some(by_exchanges) => by_exchanges.of(address, transport),
        None => counts.map_or_else(Served::default, |counts| counted(counts, transport)),
    }
}

/// How many queries a server answered at one port over one transport, and how many anywhere else. As packets are counted, all
/// ports are one.
pub fn answers(
    report: &Report<'_>,
    address: Address,
    (transport, port): (Transport, u16),
    counts: Option<&DestinationCounts>,
) -> (u64, u64) {
    let over = |transport| served(report, address, transport, counts).answers;
    let all: u64 = Transport::ALL.into_iter().map(over).sum();
    let here = match report.served.filter(|served| served.knows(address)) {
        Some(by_exchanges) => by_exchanges.answers_at(address, transport, port),
        None => over(transport),
    };
    (here, all.saturating_sub(here))
}

/// What became of a server's queries over one transport, as its packets were counted.
fn counted(destination: &DestinationCounts, transport: Transport) -> Served {
    let counters = &destination.counters;
    let (queries, connects, answers) = match transport {
        Transport::Udp => (counters.dns_queries, 0, counters.dns_responses),
        Transport::Tcp => (
            counters.tcp_dns_queries,
            counters.tcp_connects,
            counters.tcp_dns_responses,
        ),
    };
    let errors = counters.dns_unreachable.get(transport as usize);
    Served {
        queries,
        connects,
        answers,
        rcodes: Rcode::ALL.map(|rcode| counters.rcode_over(transport, rcode)),
        errors: errors.into_iter().flatten().sum(),
    }
}

impl<'a> Server<'a> {
    fn new(report: &Report<'a>, address: Address, counts: Option<&'a DestinationCounts>) -> Self {
        let mut all = Served::default();
        let mut only_connects = 0;
        for transport in Transport::ALL {
            let over = served(report, address, transport, counts);
            if over.queries == 0 {
                only_connects += over.connects;
            }
            all += over;
        }
        Self {
            address,
            served: all,
            only_connects,
            counts,
        }
    }
}
