//! Reads the counters. The kernel goes on counting meanwhile, so that a reading is not one moment: a packet
//! may be in the totals and not yet at its destination.

use std::os::fd::AsFd as _;

use aya::maps::{Map, MapData, MapError, PerCpuArray};
use netmon_common::Address;
use netmon_common::records::{Destination, Totals};

use super::batch::Batch;
use super::error::KernelError;
use super::load::Kernel;
use crate::counts::Counts;

const TOTALS: &str = "TOTALS";
const DESTINATIONS: &str = "DESTINATIONS";

/// Reads the counters of a loaded kernel side, with buffers that are used again.
pub struct Poller {
    totals: PerCpuArray<MapData, Totals>,
    destinations: MapData,
    batch: Batch<Address>,
}

impl Kernel {
    /// Takes the counters' maps, to read them. Can be had once.
    pub fn poller(&mut self) -> Result<Poller, KernelError> {
        let totals = self.take(TOTALS)?;
        let Map::PerCpuHashMap(destinations) = self.take(DESTINATIONS)? else {
            return Err(KernelError::Map {
                what: "open",
                map: DESTINATIONS,
                reason: "it is of another type".to_owned(),
            });
        };
        Ok(Poller {
            totals: PerCpuArray::try_from(totals).map_err(|error| KernelError::map("open", TOTALS, error))?,
            destinations,
            batch: Batch::new(size_of::<Destination>(), Address::UNSPECIFIED)
                .map_err(|error| KernelError::map("open", DESTINATIONS, MapError::IoError(error)))?,
        })
    }

    pub(super) fn take(&mut self, name: &'static str) -> Result<Map, KernelError> {
        self.ebpf.take_map(name).ok_or(KernelError::Map {
            what: "find",
            map: name,
            reason: "it is not in the kernel object, or was taken before".to_owned(),
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
        let map = self.destinations.fd().as_fd();
        self.batch
            .read(map, Address::UNSPECIFIED, |address, words| {
                visit(*address, Destination::sum(words));
            })
            .map_err(|error| KernelError::map("read", DESTINATIONS, MapError::IoError(error)))
    }
}
