//! The counts, as outlets get them.

use netmon_common::limits;

use super::Monitor;
use crate::counts::Counts;
use crate::model::{Counted, DestinationCounts, Table, Totals};
use crate::{detect, latency};

impl Monitor<'_> {
    /// The counts now.
    pub(super) fn counted(&mut self) -> anyhow::Result<Counted> {
        let counts = self.poller.counts()?;
        self.counted_of(counts)
    }

    /// The same, of counts that were read.
    pub(super) fn counted_of(&mut self, counts: Counts) -> anyhow::Result<Counted> {
        let Counts { totals, destinations } = counts;
        let latencies = self.poller.latencies()?;
        let destinations = destinations.iter().map(|(address, counters)| DestinationCounts {
            address: *address,
            counters: *counters,
            not_served: self.decider.not_served().of(*address),
            latency_us: latencies.get(address).map(latency::summary).unwrap_or_default(),
            server_info: self.config.names.of(*address).cloned().map(Box::new),
        });
        Ok(Counted {
            totals: Totals {
                counters: totals,
                not_served: self.decider.tallies().not_served,
            },
            destinations: destinations.collect(),
            retired: self.poller.retired(),
            tables: self.tables(),
            trace_lifetime: self.trace_lifetime,
            resolvers: self.mine.shown(),
            latencies,
        })
    }

    /// How full the tables are, the kernel's and the decider's.
    pub(super) fn tables(&self) -> Vec<Table> {
        let table = |name, entries: u64, capacity: u64| Table {
            name,
            entries,
            capacity,
        };
        let (destinations, timed) = (self.poller.destinations(), self.poller.latency_places());
        vec![
            table(
                "destinations",
                destinations,
                self.config.settings.destinations.into(),
            ),
            table("services", self.observer.services(), limits::SERVICES.into()),
            table("latency", timed.into(), limits::LATENCY_SERVERS.into()),
            table(
                "servers",
                self.decider.tallies().servers,
                detect::limits::SERVERS as u64,
            ),
        ]
    }
}
