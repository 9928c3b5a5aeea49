//! Reads the counters. The kernel goes on counting meanwhile, so that a reading is not one moment: a packet
//! may be in the totals and not yet at its destination.

use aya::maps::{MapData, PerCpuArray};
use netmon_common::Address;
use netmon_common::records::{Destination, Latency, Totals};

use super::error::KernelError;
use super::load::Kernel;
use super::table::Table;
use crate::counts::Counts;

const TOTALS: &str = "TOTALS";

/// Reads the counters of a loaded kernel side.
pub struct Poller {
    totals: PerCpuArray<MapData, Totals>,
    destinations: Table,
    latency: Table,
}

impl Kernel {
    /// Takes the counters' maps, to read them. Can be had once.
    pub fn poller(&mut self) -> Result<Poller, KernelError> {
        let totals = self.take(TOTALS)?;
        Ok(Poller {
            totals: PerCpuArray::try_from(totals).map_err(|error| KernelError::map("open", TOTALS, error))?,
            destinations: Table::open(self, "DESTINATIONS", size_of::<Destination>())?,
            latency: Table::open(self, "LATENCY", size_of::<Latency>())?,
        })
    }
}

impl Poller {
    /// The counts as they are now, of all CPUs together.
    pub fn counts(&mut self) -> Result<Counts, KernelError> {
        let mut counts = Counts {
            totals: self.totals()?,
            ..Counts::default()
        };
        self.destinations(|address, counters| {
            counts.destinations.insert(address, counters);
        })?;
        Ok(counts)
    }

    /// The totals as they are now.
    pub fn totals(&self) -> Result<Totals, KernelError> {
        let mut sum = Totals::default();
        let each = self
            .totals
            .get(&0, 0)
            .map_err(|error| KernelError::map("read", TOTALS, error))?;
        each.iter().for_each(|totals| sum.merge(totals));
        Ok(sum)
    }

    /// Each destination with its counters.
    pub fn destinations(&mut self, mut visit: impl FnMut(Address, Destination)) -> Result<(), KernelError> {
        self.destinations
            .each(|address, words| visit(address, Destination::sum(words)))
    }

    /// The counters of one destination; `None` if it has none.
    pub fn destination(&mut self, address: Address) -> Result<Option<Destination>, KernelError> {
        Ok(self.destinations.get(address)?.map(Destination::sum))
    }

    /// Each server that has answered a query that was seen, and how long its answers took.
    pub fn latencies(&mut self, mut visit: impl FnMut(Address, Latency)) -> Result<(), KernelError> {
        self.latency
            .each(|address, words| visit(address, Latency::sum(words)))
    }
}
