//! Errors that open nothing, by destination: counted and shown. They quote no query that was seen, or are about an address of
//! this host where nothing has served their client.
//!
//! Anybody can forge them, for any destination; so only so many destinations are counted apart, and none of
//! them becomes a server that is tracked.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::COUNTED_DESTINATIONS;

/// Errors by destination.
#[derive(Clone, Debug, Default)]
pub struct ByDestination {
    total: u64,
    elsewhere: u64,
    of: HashMap<Address, u64, RandomState>,
}

impl ByDestination {
    /// Takes one.
    pub fn note(&mut self, destination: Address) {
        self.note_many(destination, 1);
    }

    /// Takes so many.
    pub fn note_many(&mut self, destination: Address, errors: u64) {
        self.total += errors;
        if let Some(count) = self.of.get_mut(&destination) {
            *count += errors;
        } else if self.of.len() < COUNTED_DESTINATIONS {
            self.of.insert(destination, errors);
        } else {
            self.elsewhere += errors;
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
