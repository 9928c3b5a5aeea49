//! What was counted, by either door: totals, and the counters of each destination.

use std::collections::BTreeMap;

use netmon_common::Address;
use netmon_common::records::{Counters as _, Destination, Totals};

/// What was counted for destinations that have lost their places, as far as it was not counted for them before: each reading
/// takes what has retired since the last one, less what those had counted by then that are gone or began again.
#[derive(Clone, Copy, Debug, Default)]
pub struct RetiredSince {
    known: Destination,
    /// What one reading had too much of, because it was made while one retired.
    owed: Destination,
}

impl RetiredSince {
    /// Takes what has retired by now. Nothing is new of what a first reading says.
    pub fn begin(&mut self, retired: Destination) {
        self.known = retired;
    }

    /// The same; `gone` had counted so much each.
    pub fn take<'a>(
        &mut self,
        retired: Destination,
        gone: impl Iterator<Item = &'a Destination>,
    ) -> Destination {
        let mut new = retired;
        new.take_off(&self.known);
        new.take_off(&self.owed);
        gone.for_each(|gone| new.take_off(gone));
        self.known = retired;
        self.owed = Destination::ZERO;
        for (count, owed) in new.words_mut().iter_mut().zip(self.owed.words_mut()) {
            if count.cast_signed() < 0 {
                *owed = count.wrapping_neg();
                *count = 0;
            }
        }
        new
    }
}

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
    /// outcome is at a destination, `retired` or in `overflow`.
    ///
    /// Holds when no packet was counted while the maps were read.
    pub fn add_up(&self) -> bool {
        let outcomes: u64 = self.totals.outcomes.iter().sum();
        let destinations: u64 = self.destinations.values().map(Destination::counted).sum();
        outcomes == self.totals.frames
            && destinations + self.totals.retired + self.totals.overflow == self.totals.counted()
    }
}
