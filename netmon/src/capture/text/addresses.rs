//! Which addresses play which part in a text. Bounded.

use std::collections::HashSet;

use netmon_common::Address;

/// Addresses that are remembered with their parts. Each costs about 40 bytes: 3 MB at most.
const ADDRESSES: usize = 65_536;

/// The part that an address plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// An IP packet was sent to it.
    Heard,
    /// It sent a query.
    Asker,
    /// It was sent a query.
    Asked,
}

/// Which addresses play which part.
#[derive(Debug, Default)]
pub struct Addresses(HashSet<(Part, Address)>);

impl Addresses {
    /// Remembers it.
    pub fn insert(&mut self, part: Part, address: Address) {
        if !self.is_full() {
            self.0.insert((part, address));
        }
    }

    /// Whether the address plays the part. When too many do to remember all, any may.
    pub fn contains(&self, part: Part, address: Address) -> bool {
        self.is_full() || self.0.contains(&(part, address))
    }

    fn is_full(&self) -> bool {
        self.0.len() >= ADDRESSES
    }
}
