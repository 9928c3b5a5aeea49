//! The places of destinations, services and latency in the kernel's arrays, and how one becomes free again without a count
//! being lost.
//!
//! A place retires in steps ([`Batch`]). Programs run all the while, and netmon may be killed between any two of them: what it
//! has begun is written down in the maps, and the next netmon finishes it ([`Places::prepare`]).

mod batch;
mod grace;
mod mapped;
mod pool;
mod retired;
mod retirement;

use std::mem::offset_of;
use std::ops::Range;

use aya::maps::Map;
use netmon_common::Address;
use netmon_common::limits::{NAMED_SHARE, SURE_SHARE};
use netmon_common::records::{
    Counters as _, Destination, Entry, Exchanges, Latency, PerCpuCache, Retired, ServiceKey,
};

use super::error::KernelError;
use super::switches::Switches;
pub use batch::{Batch, Leaving, Step};
use pool::Names;
pub(super) use pool::{Held, Pool};
pub(super) use retired::RETIRED;
use retired::Sums;
pub use retirement::{Gone, Retirement};

/// What of a service's exchanges is not by second: of a CPU that has counted any, some of it is no zero.
const SUMS: Range<usize> = offset_of!(Exchanges, untold)..size_of::<Exchanges>();

const DESTINATIONS: Names = Names {
    index: "DESTINATIONS",
    free: &[
        ("DEST_FREE_NAMED", NAMED_SHARE),
        ("DEST_FREE_SURE", SURE_SHARE),
        ("DEST_FREE", 1),
    ],
    owners: "DEST_OWNERS",
    counts: "DEST_COUNTS",
    state: None,
};

/// The same where all have the same places.
static DESTINATIONS_TOGETHER: Names = Names {
    free: &[
        ("DEST_FREE_NAMED", u32::MAX),
        ("DEST_FREE_SURE", u32::MAX),
        ("DEST_FREE", 1),
    ],
    ..DESTINATIONS
};

static SERVICES: Names = Names {
    index: "SERVICES",
    free: &[("SERVICE_SURE", SURE_SHARE), ("SERVICE_FREE", 1)],
    owners: "SERVICE_OWNERS",
    counts: "EXCHANGES",
    state: Some("SERVICE_STATE"),
};

static LATENCIES: Names = Names {
    index: "LATENCIES",
    free: &[("LATENCY_FREE", 1)],
    owners: "LATENCY_OWNERS",
    counts: "LATENCY",
    state: None,
};

/// The maps whose number of entries is that of destinations.
pub(super) const BY_DESTINATION: [&str; 5] = [
    "DESTINATIONS",
    "DEST_FREE",
    "DEST_FREE_NAMED",
    "DEST_FREE_SURE",
    "DEST_OWNERS",
];

/// The maps that have an entry of each CPU for a place.
pub(super) const BY_CPU: [&str; 3] = ["DEST_COUNTS", "EXCHANGES", "LATENCY"];

/// What is read of the kernel, and how large a value is: programs of another version may have others.
pub(super) const READ: [(&str, usize); 10] = [
    (DESTINATIONS.index, size_of::<u64>()),
    (
        DESTINATIONS.owners,
        size_of::<netmon_common::records::Owner<Address>>(),
    ),
    (DESTINATIONS.counts, size_of::<Entry>()),
    (SERVICES.index, size_of::<u64>()),
    (
        SERVICES.owners,
        size_of::<netmon_common::records::Owner<ServiceKey>>(),
    ),
    (SERVICES.counts, size_of::<Exchanges>()),
    (LATENCIES.index, size_of::<u64>()),
    (
        LATENCIES.owners,
        size_of::<netmon_common::records::Owner<Address>>(),
    ),
    (LATENCIES.counts, size_of::<Latency>()),
    (RETIRED, size_of::<Retired>()),
];

/// All places.
#[derive(Debug)]
pub struct Places {
    pub(super) destinations: Pool<Address>,
    pub(super) services: Pool<ServiceKey>,
    pub(super) latencies: Pool<Address>,
    sums: Sums,
}

impl Places {
    /// Opens the maps, to read what is in them.
    pub(super) fn open(
        apart: bool,
        map: &mut impl FnMut(&'static str) -> Result<Map, KernelError>,
    ) -> Result<Self, KernelError> {
        Ok(Self {
            destinations: Pool::open(
                if apart {
                    &DESTINATIONS
                } else {
                    &DESTINATIONS_TOGETHER
                },
                map,
            )?,
            services: Pool::open(&SERVICES, map)?,
            latencies: Pool::open(&LATENCIES, map)?,
            sums: Sums::open(map(RETIRED)?)?,
        })
    }

    /// Opens what gives places back too. Finishes what an earlier netmon began where its maps have `survived` it, and puts all
    /// places that nobody has among the free ones, if they are not.
    pub(super) fn prepare(
        &mut self,
        map: &mut impl FnMut(&'static str) -> Result<Map, KernelError>,
        switches: &mut Switches,
        survived: bool,
    ) -> Result<(), KernelError> {
        self.destinations.open_free(map)?;
        self.services.open_free(map)?;
        self.latencies.open_free(map)?;
        if switches.is_whole()? {
            return Ok(());
        }
        if survived {
            self.finish_what_was_begun(switches)?;
            // Twice: a program that could not use what it took gives it back.
            for _ in 0..2 {
                self.destinations.drain()?;
                self.services.drain()?;
                self.latencies.drain()?;
                grace::wait();
            }
        }
        self.destinations.fill()?;
        self.services.fill()?;
        self.latencies.fill()?;
        switches.set_whole(true)
    }

    /// Goes on with the batch in which an earlier netmon was killed.
    fn finish_what_was_begun(&mut self, switches: &mut Switches) -> Result<(), KernelError> {
        let batch = self.sums.batch();
        let (mut destinations, mut services, mut latencies) = (
            self.destinations.leaving(),
            self.services.leaving(),
            self.latencies.leaving(),
        );
        // What is in the sums already only has to be released.
        let is_added = |number: u64| number <= batch;
        let added = Leaving {
            destinations: taken_out(&mut destinations, is_added),
            services: taken_out(&mut services, is_added),
            latencies: taken_out(&mut latencies, is_added),
        };
        self.release(&added)?;
        let all = |_| true;
        let rest = Leaving {
            destinations: taken_out(&mut destinations, all),
            services: taken_out(&mut services, all),
            latencies: taken_out(&mut latencies, all),
        };
        if rest.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::left(self.next_batch(), rest);
        while batch.next() != Step::Done {
            if batch.step(self, switches)? {
                grace::wait();
            }
        }
        Ok(())
    }

    /// The sums of what has retired.
    pub(super) fn retired(&self) -> Retired {
        self.sums.now()
    }

    /// The counters of a place, of all CPUs together.
    pub(super) fn destination_at(&self, place: u32) -> Destination {
        let mut sum = Destination::ZERO;
        let counts = self.destinations.counts();
        for entry in self.destinations.entries(place) {
            for (word, counter) in sum.words_mut().iter_mut().enumerate() {
                let offset = offset_of!(Entry, counters) + word * size_of::<u64>();
                *counter = counter.wrapping_add(counts.word(entry, offset).unwrap_or(0));
            }
        }
        sum
    }

    /// What became of the queries of a place's service, as all CPUs have counted it. On a large host most CPUs never meet most
    /// services: of these, nothing is read but the sums.
    pub(super) fn exchanges_at(&self, place: u32) -> Exchanges {
        let counts = self.services.counts();
        let has_counted = |entry: &u32| {
            let mut sums = SUMS.step_by(size_of::<u64>());
            sums.any(|at| counts.word(*entry, at).unwrap_or(0_u64) != 0)
        };
        let entries = self.services.entries(place).filter(has_counted);
        self.services.sum(entries, Exchanges::ZERO, Exchanges::merge)
    }

    pub(super) fn latency_at(&self, place: u32) -> Latency {
        let entries = self.latencies.entries(place);
        self.latencies.sum(entries, Latency::ZERO, Latency::merge)
    }

    /// The last batch whose counts are in the sums.
    pub(super) fn last_batch(&self) -> u64 {
        self.sums.batch()
    }

    /// Has these retire, step by step.
    pub fn batch(&self, leaving: Leaving) -> Batch {
        Batch::new(self.next_batch(), leaving)
    }

    fn next_batch(&self) -> u64 {
        self.sums.batch().max(1) + 1
    }

    /// Gives these services and their servers places, before anybody asks them. Those that find none free come back.
    pub(super) fn reserve(
        &mut self,
        services: Vec<ServiceKey>,
        switches: &mut Switches,
    ) -> Result<Vec<ServiceKey>, KernelError> {
        // Killed in here, the next netmon looks for free places.
        switches.set_whole(false)?;
        let mut without = Vec::new();
        for service in services {
            if !self.destinations.give(service.server)? || !self.services.give(service)? {
                without.push(service);
            }
        }
        switches.set_whole(true)?;
        Ok(without)
    }

    /// Sets back what CPUs remember of these places, beside their counters of the server.
    fn forget(&mut self, leaving: &Leaving) -> Result<(), KernelError> {
        for (place, service) in &leaving.services {
            let Some(server) = self.destinations.find(service.server)? else {
                continue;
            };
            let transport = usize::from(service.transport) & 1;
            let cache = offset_of!(Entry, cache);
            let port_at = cache + offset_of!(PerCpuCache, port) + transport * size_of::<u16>();
            let place_at = cache + offset_of!(PerCpuCache, place) + transport * size_of::<u32>();
            let counts = self.destinations.counts();
            for entry in self.destinations.entries(server) {
                if counts.word::<u16>(entry, port_at) == Some(service.port)
                    && counts.word::<u32>(entry, place_at) == Some(*place)
                {
                    counts.set_word(entry, port_at, 0_u16);
                }
            }
        }
        for (place, server) in &leaving.latencies {
            let Some(server) = self.destinations.find(*server)? else {
                continue;
            };
            self.forget_latency(server, place + 1);
        }
        Ok(())
    }

    /// Has the CPUs look again for a server's place of latency, where they remember this.
    pub(super) fn forget_latency(&self, server: u32, remembered: u32) {
        let at = offset_of!(Entry, cache) + offset_of!(PerCpuCache, latency);
        let counts = self.destinations.counts();
        for entry in self.destinations.entries(server) {
            if counts.word::<u32>(entry, at) == Some(remembered) {
                counts.set_word(entry, at, 0_u32);
            }
        }
    }

    /// Adds what these have counted to the sums, as that batch.
    fn add(&mut self, leaving: &Leaving, batch: u64) {
        let mut sums = self.sums.now();
        for (place, _) in &leaving.destinations {
            sums.destinations.merge(&self.destination_at(*place));
        }
        for (place, _) in &leaving.latencies {
            sums.latency.merge(&self.latency_at(*place));
        }
        sums.batch = batch;
        self.sums.set(&sums);
    }

    fn release(&mut self, leaving: &Leaving) -> Result<(), KernelError> {
        self.destinations.release(&leaving.destinations)?;
        self.services.release(&leaving.services)?;
        self.latencies.release(&leaving.latencies)
    }
}

/// Those whose batch is so, taken out.
fn taken_out<K>(from: &mut Vec<(u64, Held<K>)>, is_so: impl Fn(u64) -> bool) -> Vec<Held<K>> {
    let taken = from.extract_if(.., |(batch, _held)| is_so(*batch));
    taken.map(|(_batch, held)| held).collect()
}
