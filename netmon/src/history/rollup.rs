//! Cumulative counts become one-minute ones: what each server's counters have grown by since the minute before.
//!
//! A minute is one of the wall clock, give or take a poll. Servers without a packet have no row. A wall clock that
//! is set back makes a minute have several parts, which the database adds up.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use netmon_common::Address;
use netmon_common::records::{self, Counters as _, Destination};

use super::columns;
use super::limits::SERVERS_A_MINUTE;
use crate::counts::RetiredSince;
use crate::latency;
use crate::model::{Counted, Latency, Totals};

/// Seconds in a minute.
pub(super) const MINUTE: i64 = 60;

/// The name of the row for the servers without one of their own.
pub(super) const OTHER: &str = "other";

/// What passed in a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Minute {
    /// When it began, in seconds of Unix time.
    pub start: i64,
    /// What passed in all.
    pub totals: Totals,
    /// What passed at each active server.
    pub servers: Vec<ServerMinute>,
}

/// What passed at a server in a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerMinute {
    /// The server; `None` for the sum of those without a row of their own.
    pub address: Option<Address>,
    /// Its counters.
    pub counters: Destination,
    /// How long its answers took.
    pub latency: Latency,
}

impl Minute {
    /// Rows that it takes.
    pub fn rows(&self) -> usize {
        1 + self.servers.len()
    }
}

/// What was counted up to the last minute. As much memory as there are destinations in the kernel's table.
#[derive(Debug, Default)]
pub(super) struct Rollup {
    totals: Totals,
    servers: HashMap<Address, Destination, RandomState>,
    retired: RetiredSince,
    latencies: BTreeMap<Address, records::Latency>,
}

impl Rollup {
    /// What has passed since the last call, as a minute that began then.
    pub fn minute(&mut self, start: i64, counted: &Counted) -> Minute {
        // They only grow while netmon runs.
        let totals = counted.totals.since(&self.totals).unwrap_or(counted.totals);
        self.totals = counted.totals;
        let mut active = Vec::new();
        let (mut before, mut gone) = (std::mem::take(&mut self.servers), Vec::new());
        for destination in &counted.destinations {
            let (address, now) = (destination.address, destination.counters);
            self.servers.insert(address, now);
            let before = before.remove(&address).unwrap_or_default();
            // One that has lost its place and come again has counted all of it since.
            let counters = now.since(&before).unwrap_or_else(|| {
                gone.push(before);
                now
            });
            if counters != Destination::ZERO {
                active.push((address, counters));
            }
        }
        // What was counted for servers that have lost their places meanwhile.
        let retired = self
            .retired
            .take(counted.retired, gone.iter().chain(before.values()));
        let latencies = self.latencies(counted);
        let mut rest = if active.len() > SERVERS_A_MINUTE {
            active.select_nth_unstable_by_key(SERVERS_A_MINUTE, |(address, counters)| {
                (std::cmp::Reverse(columns::activity(counters)), *address)
            });
            active.split_off(SERVERS_A_MINUTE)
        } else {
            Vec::new()
        };
        if retired != Destination::ZERO {
            rest.push((Address::UNSPECIFIED, retired));
        }
        let summary = |times: Option<&records::Latency>| times.map(latency::summary).unwrap_or_default();
        let mut servers: Vec<ServerMinute> = active
            .into_iter()
            .map(|(address, counters)| ServerMinute {
                address: Some(address),
                counters,
                latency: summary(latencies.get(&address)),
            })
            .collect();
        if !rest.is_empty() {
            servers.push(sum(&rest, &latencies));
        }
        Minute {
            start,
            totals,
            servers,
        }
    }

    /// What had been counted before: pinned maps have counted all along. Nothing of it belongs to a minute of this
    /// run.
    pub fn begin(&mut self, counted: &Counted) {
        self.totals = counted.totals;
        self.retired.begin(counted.retired);
        self.servers = counted
            .destinations
            .iter()
            .map(|destination| (destination.address, destination.counters))
            .collect();
        self.latencies.clone_from(&counted.latencies);
    }

    /// How long the answers since the last call took.
    fn latencies(&mut self, counted: &Counted) -> BTreeMap<Address, records::Latency> {
        let grown = counted.latencies.iter().map(|(address, now)| {
            let before = self.latencies.get(address);
            (
                *address,
                before.map_or(*now, |before| latency::since(now, before)),
            )
        });
        let grown = grown.collect();
        self.latencies.clone_from(&counted.latencies);
        grown
    }
}

fn sum(rest: &[(Address, Destination)], latencies: &BTreeMap<Address, records::Latency>) -> ServerMinute {
    let mut counters = Destination::ZERO;
    let mut times = records::Latency::ZERO;
    for (address, more) in rest {
        counters.merge(more);
        if let Some(more) = latencies.get(address) {
            times.merge(more);
        }
    }
    ServerMinute {
        address: None,
        counters,
        latency: latency::summary(&times),
    }
}
