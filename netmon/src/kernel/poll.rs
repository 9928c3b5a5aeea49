//! Reads the counters. The kernel goes on counting meanwhile, so that a reading is not one moment: a packet
//! may be in the totals and not yet at its destination.

use std::collections::BTreeMap;
use std::mem::offset_of;

use aya::maps::{Map, MapData, PerCpuArray};
use netmon_common::Address;
use netmon_common::records::{
    Counters as _, Destination, Entry, Exchanges, Latency, PerCpuCache, ServiceKey, Totals,
};

use super::activity::Activity;
use super::error::KernelError;
use super::load::Kernel;
use super::places::{Places, READ};
use super::switches::Switches;
use crate::counts::Counts;
use crate::time::Time;

const TOTALS: &str = "TOTALS";

/// How many places [`Poller::some_counts`] looks at, whoever has them.
const PLACES_AT_ONCE: u32 = 1 << 16;

/// Where the CPUs count their changes.
const DESTINATION_CHANGES: usize = offset_of!(Entry, cache) + offset_of!(PerCpuCache, changes);
const SERVICE_CHANGES: usize = offset_of!(Exchanges, changes);

/// Reads the counters of a loaded kernel side.
pub struct Poller {
    totals: PerCpuArray<MapData, Totals>,
    /// Where they are.
    pub places: Places,
    /// By place.
    pub(super) destinations: Vec<Activity>,
    pub(super) services: Vec<Activity>,
    /// How many destinations had places at the last look.
    taken: u64,
    /// In which second it was last looked for servers whose latency nobody needs.
    pub(super) latencies_looked_at: u64,
    /// In which one places were last taken because they were short.
    pub(super) latencies_taken_at: u64,
}

impl Kernel {
    /// Takes the counters' maps, to read them. Can be had once.
    pub fn poller(&mut self) -> Result<Poller, KernelError> {
        let places = self.places.take().ok_or(KernelError::Map {
            what: "find",
            map: TOTALS,
            reason: "it was taken before".to_owned(),
        })?;
        Poller::of(self.take(TOTALS)?, places)
    }
}

impl Poller {
    /// Reads the counters in these maps.
    pub(super) fn open(
        mut map: impl FnMut(&'static str) -> Result<Map, KernelError>,
    ) -> Result<Self, KernelError> {
        let totals = map(TOTALS)?;
        Self::of(totals, Places::open(true, &mut map)?)
    }

    fn of(totals: Map, places: Places) -> Result<Self, KernelError> {
        let none = |capacity: u32| vec![Activity::default(); capacity as usize];
        Ok(Self {
            totals: PerCpuArray::try_from(totals).map_err(|error| KernelError::map("open", TOTALS, error))?,
            destinations: none(places.destinations.capacity()),
            services: none(places.services.capacity()),
            taken: 0,
            latencies_looked_at: 0,
            latencies_taken_at: 0,
            places,
        })
    }

    /// How large a value of a map that it reads is, on each CPU: programs of another version may have others. `None` where any
    /// will do.
    pub(super) fn size_of(map: &str) -> Option<usize> {
        if map == TOTALS {
            return Some(size_of::<Totals>());
        }
        let known = READ.iter().find(|(name, _size)| *name == map);
        known.map(|(_name, size)| *size)
    }

    /// The counts as they are now, of all CPUs together.
    pub fn counts(&mut self) -> Result<Counts, KernelError> {
        let mut counts = Counts {
            totals: self.totals()?,
            ..Counts::default()
        };
        // One that came again while it retires has two places.
        for (place, address) in self.places.destinations.held(self.places.last_batch()) {
            let counters = counts.destinations.entry(address).or_insert(Destination::ZERO);
            counters.merge(&self.places.destination_at(place));
        }
        // Those that have places although nobody has asked them.
        counts
            .destinations
            .retain(|_address, counters| *counters != Destination::ZERO);
        Ok(counts)
    }

    /// Some of the counts, from a place on: calls `visit` with at most `most` destinations. Where it goes on; `None` at the end.
    /// As long as none retires, these are all of them in the end.
    pub fn some_counts(
        &self,
        from: u32,
        most: usize,
        mut visit: impl FnMut(Address, Destination),
    ) -> Option<u32> {
        let destinations = &self.places.destinations;
        let mut left = most;
        for place in from..destinations.capacity() {
            if left == 0 || place - from == PLACES_AT_ONCE {
                return Some(place);
            }
            let Some(address) = destinations.taker(place) else {
                continue;
            };
            let counters = self.places.destination_at(place);
            if counters != Destination::ZERO {
                visit(address, counters);
            }
            left -= 1;
        }
        None
    }

    /// Gives these services and their servers places, before anybody asks them, while nothing retires. Those that find none free
    /// come back.
    pub fn reserve(
        &mut self,
        services: Vec<ServiceKey>,
        switches: &mut Switches,
    ) -> Result<Vec<ServiceKey>, KernelError> {
        self.places.reserve(services, switches)
    }

    /// The totals as they are now.
    pub fn totals(&self) -> Result<Totals, KernelError> {
        let mut sum = Totals::default();
        let each = self
            .totals
            .get(&0, 0)
            .map_err(|error| KernelError::map("read", TOTALS, error))?;
        each.iter().for_each(|totals| sum.merge(totals));
        let retired = self.retired();
        sum.retired = retired.counted();
        sum.late_retired = retired.late_responses;
        Ok(sum)
    }

    /// What was counted for destinations that have lost their places.
    pub fn retired(&self) -> Destination {
        self.places.retired().destinations
    }

    /// Looks at all destinations. Calls `visit` with each that has changed, and its counters at the last time and now. Of one that
    /// has not, nothing is read but how many changes there were.
    pub fn look_at_destinations(
        &mut self,
        now: Time,
        mut visit: impl FnMut(Address, &Destination, &Destination),
    ) {
        self.taken = 0;
        let pool = &self.places.destinations;
        for (place, known) in (0..).zip(&mut self.destinations) {
            if !pool.is_taken(place) {
                continue;
            }
            self.taken += 1;
            if !known.has_changed(pool.changes(place, DESTINATION_CHANGES)) {
                continue;
            }
            let Some(address) = pool.taker(place) else {
                continue;
            };
            let counters = self.places.destination_at(place);
            if known.active_in().is_none() {
                known.since = now;
            }
            known.asked(counters.asked(), now.second());
            let last = known.counters.get_or_insert_with(|| Box::new(Destination::ZERO));
            if **last != counters {
                visit(address, last, &counters);
                **last = counters;
            }
        }
    }

    /// What was counted for a destination by the last look, and at which look it was there first.
    pub fn known(&mut self, address: Address) -> Option<(Destination, Time)> {
        let place = self.places.destinations.locate(address).ok()??;
        let known = self.destinations.get(place as usize)?;
        Some((**known.counters.as_ref()?, known.since))
    }

    /// How many destinations had places at the last look.
    pub const fn destinations(&self) -> u64 {
        self.taken
    }

    /// The counters of one destination; `None` if it has none.
    pub fn destination(&mut self, address: Address) -> Result<Option<Destination>, KernelError> {
        let place = self.places.destinations.locate(address)?;
        Ok(place.map(|place| self.places.destination_at(place)))
    }

    /// Each service that has a place, with what became of its queries; `None` where that is as it was at the last time. Those that
    /// `skips` wants are left for the next time.
    pub fn services(
        &mut self,
        second: u64,
        skips: impl Fn(ServiceKey) -> bool,
        mut visit: impl FnMut(ServiceKey, Option<&Exchanges>),
    ) {
        for (place, service) in self.places.services.taken() {
            if skips(service) {
                continue;
            }
            let changes = self.places.services.changes(place, SERVICE_CHANGES);
            let Some(known) = self.services.get_mut(place as usize) else {
                continue;
            };
            if known.has_changed(changes) {
                let exchanges = self.places.exchanges_at(place);
                known.asked(exchanges.queries.into(), second);
                visit(service, Some(&exchanges));
            } else {
                visit(service, None);
            }
        }
    }

    /// What became of the queries of one service; `None` if it has no place.
    pub fn service(&mut self, service: ServiceKey) -> Result<Option<Exchanges>, KernelError> {
        let place = self.places.services.locate(service)?;
        Ok(place.map(|place| self.places.exchanges_at(place)))
    }

    /// Each server whose answers are measured, and how long they took.
    pub fn latencies(&mut self) -> Result<BTreeMap<Address, Latency>, KernelError> {
        let mut servers: BTreeMap<Address, Latency> = BTreeMap::new();
        for (place, server) in self.places.latencies.taken() {
            let latency = self.places.latency_at(place);
            servers
                .entry(server)
                .and_modify(|sum| sum.merge(&latency))
                .or_insert(latency);
        }
        Ok(servers)
    }

    /// How many servers have places for latency.
    pub fn latency_places(&self) -> u32 {
        u32::try_from(self.places.latencies.taken().count()).unwrap_or(u32::MAX)
    }
}
