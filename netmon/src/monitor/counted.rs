//! The counts, as outlets get them.

use std::collections::BTreeMap;

use netmon_common::records::{self, Destination, Latency};
use netmon_common::{Address, limits};

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
        let destinations = destinations
            .iter()
            .map(|(address, counters)| self.destination(*address, counters, &latencies));
        let destinations = destinations.collect();
        Ok(self.counted_so(&totals, destinations, latencies))
    }

    /// One destination.
    pub(super) fn destination(
        &self,
        address: Address,
        counters: &Destination,
        latencies: &BTreeMap<Address, Latency>,
    ) -> DestinationCounts {
        DestinationCounts {
            address,
            counters: *counters,
            not_served: self.decider.not_served().of(address),
            latency_us: latencies.get(&address).map(latency::summary).unwrap_or_default(),
            server_info: self.config.names.of(address).cloned().map(Box::new),
        }
    }

    /// All of them, with what else belongs to them now.
    pub(super) fn counted_so(
        &self,
        totals: &records::Totals,
        destinations: Vec<DestinationCounts>,
        latencies: BTreeMap<Address, Latency>,
    ) -> Counted {
        Counted {
            totals: Totals {
                counters: *totals,
                not_served: self.decider.tallies().not_served,
            },
            destinations,
            retired: self.poller.retired(),
            tables: self.tables(),
            trace_lifetime: self.trace_lifetime,
            resolvers: self.mine.shown(),
            latencies,
        }
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
