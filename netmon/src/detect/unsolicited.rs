//! Errors that quote no query that was seen, by destination: counted and shown, they open nothing.
//!
//! Anybody can forge them, for any destination; so only so many destinations are counted apart, and none of
//! them becomes a server that is tracked.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::UNSOLICITED_DESTINATIONS;

/// Unsolicited errors.
#[derive(Debug, Default)]
pub(super) struct Unsolicited {
    total: u64,
    elsewhere: u64,
    of: HashMap<Address, u64, RandomState>,
}

impl Unsolicited {
    /// Takes one.
    pub fn note(&mut self, destination: Address) {
        self.total += 1;
        if let Some(count) = self.of.get_mut(&destination) {
            *count += 1;
        } else if self.of.len() < UNSOLICITED_DESTINATIONS {
            self.of.insert(destination, 1);
        } else {
            self.elsewhere += 1;
        }
    }

    /// All.
    pub const fn total(&self) -> u64 {
        self.total
    }

    /// Those about destinations beyond the bound.
    pub const fn elsewhere(&self) -> u64 {
        self.elsewhere
    }

    /// Those about one destination.
    pub fn of(&self, destination: Address) -> u64 {
        self.of.get(&destination).copied().unwrap_or(0)
    }
}
