//! Cumulative counts become one-minute ones: what each server's counters have grown by since the minute before.
//!
//! A minute is one of the wall clock, give or take a poll. Servers without a packet have no row. A wall clock that
//! is set back makes a minute have several parts, which the database adds up.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use netmon_common::latency::{BUCKETS, shortest};
use netmon_common::{Address, records};

use super::columns::{self, ServerCounts, TotalCounts};
use super::limits::SERVERS_A_MINUTE;
use crate::latency;
use crate::model::Counted;
use crate::model::Latency;

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
    pub totals: TotalCounts,
    /// What passed at each active server.
    pub servers: Vec<ServerMinute>,
}

/// What passed at a server in a minute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerMinute {
    /// The server; `None` for the sum of those without a row of their own.
    pub address: Option<Address>,
    /// Its counters.
    pub counts: ServerCounts,
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
#[derive(Debug)]
pub(super) struct Rollup {
    totals: TotalCounts,
    servers: HashMap<Address, ServerCounts, RandomState>,
    latencies: BTreeMap<Address, records::Latency>,
}

impl Default for Rollup {
    fn default() -> Self {
        Self {
            totals: [0; columns::TOTALS.len()],
            servers: HashMap::default(),
            latencies: BTreeMap::new(),
        }
    }
}

impl Rollup {
    /// What has passed since the last call, as a minute that began then.
    pub fn minute(&mut self, start: i64, counted: &Counted) -> Minute {
        let now = columns::of_totals(&counted.totals);
        let totals = columns::grown(&now, &std::mem::replace(&mut self.totals, now));
        let mut active = Vec::new();
        for destination in &counted.destinations {
            let now = columns::of_server(destination);
            let address = destination.address;
            let before = self.servers.insert(address, now);
            let counts = before.map_or(now, |before| columns::grown(&now, &before));
            if counts.iter().any(|count| *count > 0) {
                active.push((address, counts));
            }
        }
        let latencies = self.latencies(counted);
        let rest = if active.len() > SERVERS_A_MINUTE {
            active.select_nth_unstable_by_key(SERVERS_A_MINUTE, |(address, counts)| {
                (std::cmp::Reverse(columns::activity(counts)), *address)
            });
            active.split_off(SERVERS_A_MINUTE)
        } else {
            Vec::new()
        };
        let summary = |times: Option<&records::Latency>| times.map(latency::summary).unwrap_or_default();
        let mut servers: Vec<ServerMinute> = active
            .into_iter()
            .map(|(address, counts)| ServerMinute {
                address: Some(address),
                counts,
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
        self.totals = columns::of_totals(&counted.totals);
        self.servers = counted
            .destinations
            .iter()
            .map(|destination| (destination.address, columns::of_server(destination)))
            .collect();
        self.latencies.clone_from(&counted.latencies);
    }

    /// How long the answers since the last call took.
    fn latencies(&mut self, counted: &Counted) -> BTreeMap<Address, records::Latency> {
        let grown = counted.latencies.iter().map(|(address, now)| {
            let before = self.latencies.get(address);
            (*address, before.map_or(*now, |before| grown(now, before)))
        });
        let grown = grown.collect();
        self.latencies.clone_from(&counted.latencies);
        grown
    }
}

fn grown(now: &records::Latency, before: &records::Latency) -> records::Latency {
    let mut grown = *now;
    for (count, before) in grown.counts.iter_mut().zip(&before.counts) {
        // As the kernel counts: around 2^32.
        *count = count.wrapping_sub(*before);
    }
    if now.max_us == before.max_us {
        // The longest time is of an earlier minute: what is known of this one is the bucket of its longest.
        let last = grown.counts.iter().rposition(|count| *count > 0).unwrap_or(0);
        grown.max_us = now
            .max_us
            .min(shortest((last + 1).min(BUCKETS)).saturating_sub(1));
    }
    grown
}

fn sum(rest: &[(Address, ServerCounts)], latencies: &BTreeMap<Address, records::Latency>) -> ServerMinute {
    let mut counts = [0; columns::SERVER.len()];
    let mut times = records::Latency::ZERO;
    for (address, more) in rest {
        columns::add(&mut counts, more);
        if let Some(more) = latencies.get(address) {
            times.max_us = times.max_us.max(more.max_us);
            for (count, more) in times.counts.iter_mut().zip(&more.counts) {
                *count = count.saturating_add(*more);
            }
        }
    }
    ServerMinute {
        address: None,
        counts,
        latency: latency::summary(&times),
    }
}
