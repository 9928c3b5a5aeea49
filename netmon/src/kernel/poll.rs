//! Reads the counters. The kernel goes on counting meanwhile, so that a reading is not one moment: a packet
//! may be in the totals and not yet at its destination.

use std::collections::BTreeMap;

use aya::Pod;
use aya::maps::{Map, MapData, PerCpuArray};
use netmon_common::Address;
use netmon_common::limits::LATENCY_SERVERS;
use netmon_common::records::{Destination, Entry, Exchanges, Latency, ServiceKey, Totals};

use super::error::KernelError;
use super::load::Kernel;
use super::table::Table;
use crate::counts::Counts;

const TOTALS: &str = "TOTALS";
const DESTINATIONS: &str = "DESTINATIONS";
const LATENCY: &str = "LATENCY";
const PLACES: &str = "PLACES";
const EXCHANGES: &str = "EXCHANGES";

/// Reads the counters of a loaded kernel side.
pub struct Poller {
    totals: PerCpuArray<MapData, Totals>,
    destinations: Table<Address>,
    places: Table<ServiceKey>,
    exchanges: PerCpuArray<MapData, Exchanges>,
    latency: PerCpuArray<MapData, Latency>,
    latency_places: u32,
}

impl Kernel {
    /// Takes the counters' maps, to read them. Can be had once.
    pub fn poller(&mut self) -> Result<Poller, KernelError> {
        Poller::open(|name| self.take(name))
    }
}

impl Poller {
    /// Reads the counters in these maps.
    pub(super) fn open(
        mut map: impl FnMut(&'static str) -> Result<Map, KernelError>,
    ) -> Result<Self, KernelError> {
        Ok(Self {
            totals: per_cpu_array(map(TOTALS)?, TOTALS)?,
            destinations: Table::open(map(DESTINATIONS)?, DESTINATIONS, size_of::<Entry>())?,
            places: Table::open(map(PLACES)?, PLACES, size_of::<u64>())?,
            exchanges: per_cpu_array(map(EXCHANGES)?, EXCHANGES)?,
            latency: per_cpu_array(map(LATENCY)?, LATENCY)?,
            latency_places: 0,
        })
    }

    /// The maps that it reads, and how large a value is on each CPU: programs of another version may have others.
    pub(super) const MAPS: [(&'static str, usize); 5] = [
        (TOTALS, size_of::<Totals>()),
        (DESTINATIONS, size_of::<Entry>()),
        (LATENCY, size_of::<Latency>()),
        (PLACES, size_of::<u64>()),
        (EXCHANGES, size_of::<Exchanges>()),
    ];

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
            .each(|address, words| visit(address, Entry::sum(words)))
    }

    /// The counters of one destination; `None` if it has none.
    pub fn destination(&mut self, address: Address) -> Result<Option<Destination>, KernelError> {
        Ok(self.destinations.get(address)?.map(Entry::sum))
    }

    /// Each service that was asked, with what became of its queries.
    pub fn services(&mut self, mut visit: impl FnMut(ServiceKey, &Exchanges)) -> Result<(), KernelError> {
        let mut places = Vec::new();
        self.places
            .each(|service, place| places.extend(place_of(place).map(|place| (service, place))))?;
        for (service, place) in places {
            visit(service, &self.exchanges_at(place)?);
        }
        Ok(())
    }

    /// What became of the queries of one service; `None` if it was never asked, or found no place.
    pub fn service(&mut self, service: ServiceKey) -> Result<Option<Exchanges>, KernelError> {
        match self.places.get(service)?.and_then(place_of) {
            Some(place) => self.exchanges_at(place).map(Some),
            None => Ok(None),
        }
    }

    fn exchanges_at(&self, place: u32) -> Result<Exchanges, KernelError> {
        let each = self
            .exchanges
            .get(&place, 0)
            .map_err(|error| KernelError::map("read", EXCHANGES, error))?;
        let mut sum = Exchanges::ZERO;
        each.iter().for_each(|exchanges| sum.merge(exchanges));
        Ok(sum)
    }

    /// Each server that has answered a query that was seen, and how long its answers took.
    pub fn latencies(&mut self) -> Result<BTreeMap<Address, Latency>, KernelError> {
        let mut servers: BTreeMap<Address, Latency> = BTreeMap::new();
        self.latency_places = 0;
        for place in 0..LATENCY_SERVERS {
            let each = self
                .latency
                .get(&place, 0)
                .map_err(|error| KernelError::map("read", LATENCY, error))?;
            let mut taken = each
                .iter()
                .filter(|latency| latency.server != Address::UNSPECIFIED)
                .peekable();
            // A CPU takes its places in order.
            if taken.peek().is_none() {
                break;
            }
            self.latency_places = place + 1;
            for latency in taken {
                servers
                    .entry(latency.server)
                    .and_modify(|sum| sum.merge(latency))
                    .or_insert(*latency);
            }
        }
        Ok(servers)
    }

    /// Places for latency that the fullest CPU had given away at the last reading of [`Self::latencies`], of
    /// [`LATENCY_SERVERS`].
    pub const fn latency_places(&self) -> u32 {
        self.latency_places
    }
}

fn place_of(words: &[u64]) -> Option<u32> {
    words.first().and_then(|place| u32::try_from(*place).ok())
}

fn per_cpu_array<T: Pod>(map: Map, name: &'static str) -> Result<PerCpuArray<MapData, T>, KernelError> {
    PerCpuArray::try_from(map).map_err(|error| KernelError::map("open", name, error))
}
