//! Counts and incidents with something of everything.

use std::collections::BTreeMap;
use std::time::Duration;

use netmon::model::{
    Cause, CloseReason, DestinationCounts, Diagnosis, Incident, Kind, Latency, Likelihood, State, Totals,
    Wall,
};
use netmon::model::{Counted, Names, Resolver, ResolverState, ServerInfo, Table};
use netmon_common::records::{self, Destination};
use netmon_common::{Address, Outcome, latency};

/// The server that is in trouble.
pub const SERVER: Address = Address::v4([203, 0, 113, 2]);

/// So many servers, each asked more often than the one before, and the first of all in trouble.
pub fn counted(servers: u32) -> Counted {
    let mut totals = records::Totals {
        bytes: 123_456,
        events_lost: 3,
        overflow: 2,
        traces_overwritten: 1,
        ..records::Totals::default()
    };
    for (outcome, count) in Outcome::ALL.into_iter().zip(100..) {
        totals.outcomes[outcome as usize] = count;
        totals.frames += count;
    }
    let mut latencies = BTreeMap::new();
    let destinations = (0..servers).map(|number| {
        let address = match number {
            0 => SERVER,
            number => Address::from(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number)),
        };
        let number = u64::from(number);
        let counters = Destination {
            dns_queries: 1_000 + number,
            dns_responses: 900 + number,
            tcp_dns_queries: 5,
            tcp_dns_responses: 4,
            tcp_connects: 6,
            tcp_resets: 1,
            rcodes: [[796 + number, 0, 50, 40, 0, 10, 4], [4, 0, 0, 0, 0, 0, 0]],
            icmp_unreachable: [0, 1, 0, 7, 2, 1],
            dns_unreachable: [[0, 1, 0, 6, 2, 0], [0; 6]],
            unsolicited: [[0, 0, 0, 1, 0, 0], [0; 6]],
            late_responses: 2,
            unmatched_responses: [0; 2],
        };
        let mut times = records::Latency::ZERO;
        for micros in [80, 300, 300, 4_000, 20_000_000] {
            times.counts[latency::bucket(micros)] += 1;
        }
        latencies.insert(address, times);
        DestinationCounts {
            address,
            counters,
            not_served: 0,
            latency_us: Latency::default(),
            server_info: None,
        }
    });
    Counted {
        totals: Totals {
            counters: totals,
            not_served: 9,
        },
        destinations: destinations.collect(),
        retired: Destination::ZERO,
        latencies,
        resolvers: vec![Resolver {
            server: SERVER,
            interface: None,
            position: 1,
            of: 1,
            by: "/etc/resolv.conf".to_owned(),
            state: ResolverState::Up,
        }],
        tables: vec![Table {
            name: "destinations",
            entries: u64::from(servers),
            capacity: 8_192,
        }],
        trace_lifetime: Some(Duration::from_millis(12_500)),
    }
}

/// What the configuration says of [`SERVER`].
pub fn names() -> Names {
    let info = ServerInfo {
        name: Some("ns1".to_owned()),
        owner: Some("Network team".to_owned()),
        note: None,
    };
    [(SERVER, info)].into_iter().collect()
}

/// An incident of [`SERVER`], which is open.
pub fn incident() -> Incident {
    let wall: Wall = Wall("2026-11-24T13:24:36.098564Z".parse().unwrap());
    Incident {
        queries: 3,
        verified: 3,
        reporters: vec![SERVER],
        clients: vec![Address::v4([192, 51, 100, 15])],
        clients_more: 4,
        causes: vec![Diagnosis {
            cause: Cause::ServiceDown,
            likelihood: Likelihood::Likely,
            evidence: String::new(),
        }],
        ..Incident::opened("one", SERVER, Kind::Unreachable, wall)
    }
}

/// One of a stub that this one explains.
pub fn explained() -> Incident {
    let root = incident();
    Incident {
        because_of: Some(root.id),
        ..Incident::opened("two", Address::v4([127, 0, 0, 53]), Kind::Unanswered, root.opened)
    }
}

/// The same, closed.
pub fn closed() -> Incident {
    Incident {
        state: State::Closed,
        closed_because: Some(CloseReason::Answered),
        ..incident()
    }
}
