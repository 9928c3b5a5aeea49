//! The counts of all destinations, for those who want them. Where there are many, they are read some at a time, and events are taken
//! in between: an incident does not wait for them. Meanwhile nothing retires, so that nothing is counted twice.

use std::collections::{BTreeMap, btree_map};
use std::future::pending;
use std::sync::Arc;

use netmon_common::Address;
use netmon_common::records::{Destination, Latency};
use tokio::task::yield_now;

use super::Monitor;
use crate::model::{DestinationCounts, Event};

/// How many destinations are read at once: a millisecond or so.
const AT_ONCE: usize = 1_024;

/// Who wants the counts, and how far they are read.
#[derive(Debug, Default)]
pub(super) struct Gathering {
    wanted: Wanted,
    stage: Stage,
}

/// Who wants them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wanted {
    /// The history, for its minute.
    pub by_history: bool,
    /// Whoever reads what is printed.
    pub by_reader: bool,
}

impl Wanted {
    const fn is_any(self) -> bool {
        self.by_history || self.by_reader
    }
}

#[derive(Debug, Default)]
enum Stage {
    /// Nothing is read.
    #[default]
    Idle,
    /// Those before this place are read.
    Reading(u32, BTreeMap<Address, Destination>),
    /// All are read; these are listed.
    Listing(Listing),
}

#[derive(Debug)]
struct Listing {
    left: btree_map::IntoIter<Address, Destination>,
    listed: Vec<DestinationCounts>,
    latencies: BTreeMap<Address, Latency>,
}

impl Gathering {
    /// Whether anybody waits for them.
    pub const fn is_wanted(&self) -> bool {
        self.wanted.is_any()
    }
}

impl Monitor<'_> {
    /// Has the counts read for these too. Few are there at once.
    pub(super) fn want_counts(&mut self, by: Wanted) -> anyhow::Result<()> {
        let wanted = &mut self.gathering.wanted;
        *wanted = Wanted {
            by_history: wanted.by_history || by.by_history,
            by_reader: wanted.by_reader || by.by_reader,
        };
        self.gather()
    }

    /// When more of them can be read: what has happened meanwhile comes first.
    pub(super) async fn can_gather(&self) {
        if self.gathering.is_wanted() && !self.retirement.is_busy() {
            yield_now().await;
        } else {
            pending::<()>().await;
        }
    }

    /// Reads some more, and hands them over once these are all.
    pub(super) fn gather(&mut self) -> anyhow::Result<()> {
        if !self.gathering.is_wanted() || self.retirement.is_busy() {
            return Ok(());
        }
        let (from, mut counts) = match std::mem::take(&mut self.gathering.stage) {
            Stage::Idle => (0, BTreeMap::new()),
            Stage::Reading(from, counts) => (from, counts),
            Stage::Listing(listing) => return self.list(listing),
        };
        let next = self.poller.some_counts(from, AT_ONCE, |address, counters| {
            counts.insert(address, counters);
        });
        if let Some(place) = next {
            self.gathering.stage = Stage::Reading(place, counts);
            return Ok(());
        }
        let listing = Listing {
            listed: Vec::with_capacity(counts.len()),
            left: counts.into_iter(),
            latencies: self.poller.latencies()?,
        };
        self.list(listing)
    }

    fn list(&mut self, listing: Listing) -> anyhow::Result<()> {
        let Listing {
            mut left,
            mut listed,
            latencies,
        } = listing;
        let some = left.by_ref().take(AT_ONCE);
        listed.extend(some.map(|(address, counters)| self.destination(address, &counters, &latencies)));
        if left.len() > 0 {
            self.gathering.stage = Stage::Listing(Listing {
                left,
                listed,
                latencies,
            });
            return Ok(());
        }
        let wanted = std::mem::take(&mut self.gathering.wanted);
        let totals = self.poller.totals()?;
        let (now, counted) = (self.now(), Arc::new(self.counted_so(&totals, listed, latencies)));
        if let Some(keeper) = self.partners.history.as_mut().filter(|_| wanted.by_history) {
            keeper.counted(now, &counted);
        }
        if wanted.by_reader {
            self.emit(&Event::Snapshot(counted));
        }
        Ok(())
    }
}
