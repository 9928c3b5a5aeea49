//! Times from queries to their first answers, by server.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::RandomState;
use netmon_common::latency::bucket;
use netmon_common::{Address, records};

use crate::latency::summary;
use crate::model::Latency;

/// The times of all servers that were counted, 1.5 KiB each: the caller keeps their number bounded.
#[derive(Clone, Debug, Default)]
pub struct Latencies(HashMap<Address, Box<records::Latency>, RandomState>);

impl Latencies {
    /// Adds a time of this server, in microseconds.
    pub fn add(&mut self, server: Address, micros: u64) {
        let times = self
            .0
            .entry(server)
            .or_insert_with(|| Box::new(records::Latency::ZERO));
        times.max_us = times.max_us.max(micros);
        if let Some(count) = times.counts.get_mut(bucket(micros)) {
            *count = count.saturating_add(1);
        }
    }

    /// The server is counted no more.
    pub fn forget(&mut self, server: Address) {
        self.0.remove(&server);
    }

    /// Of all servers.
    pub fn all(&self) -> BTreeMap<Address, records::Latency> {
        let all = self.0.iter();
        all.map(|(server, times)| (*server, **times)).collect()
    }

    /// What is known of this server.
    pub fn of(&self, server: Address) -> Latency {
        self.0
            .get(&server)
            .map(|times| summary(times))
            .unwrap_or_default()
    }
}
