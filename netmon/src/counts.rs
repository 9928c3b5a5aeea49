//! What was counted, by either door: totals, and the counters of each destination.

use std::collections::BTreeMap;

use netmon_common::Address;
use netmon_common::records::{Destination, Totals};

/// Cumulative counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Of everything.
    pub totals: Totals,
    /// By destination, in the order of addresses.
    pub destinations: BTreeMap<Address, Destination>,
}

impl Counts {
    /// Whether nothing was lost on the way: every packet has one outcome, and every packet of a counted
    /// outcome is at a destination or in `overflow`.
    ///
    /// Holds when no packet was counted while the maps were read.
    pub fn add_up(&self) -> bool {
        let outcomes: u64 = self.totals.outcomes.iter().sum();
        let destinations: u64 = self.destinations.values().map(Destination::counted).sum();
        outcomes == self.totals.frames && destinations + self.totals.overflow == self.totals.counted()
    }
}
