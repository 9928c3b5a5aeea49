//! Tells the kernel programs of which servers' answers user space wants to know.

use std::collections::{BTreeMap, BTreeSet};

use netmon_common::Address;

use super::error::KernelError;
use super::key_set::KeySet;
use super::load::Kernel;

/// The map's name.
pub(super) const WATCHLIST: &str = "WATCHLIST";

/// The servers on the list, each as often as it was put there.
pub struct Watchlist {
    map: KeySet<Address>,
    listed: BTreeMap<Address, u32>,
}

impl Kernel {
    /// Takes the list, to write it. Can be had once.
    pub fn watchlist(&mut self) -> Result<Watchlist, KernelError> {
        let mut map = KeySet::open(self, WATCHLIST)?;
        // Whoever is still waited for is put there again.
        map.keep_only(&BTreeSet::new())?;
        Ok(Watchlist {
            map,
            listed: BTreeMap::new(),
        })
    }
}

impl Watchlist {
    /// Puts a server on the list, once more if it is there.
    pub fn add(&mut self, server: Address) -> Result<(), KernelError> {
        let times = self.listed.entry(server).or_default();
        *times += 1;
        if *times > 1 {
            return Ok(());
        }
        self.map.insert(server)
    }

    /// Takes a server off the list, once.
    pub fn remove(&mut self, server: Address) -> Result<(), KernelError> {
        let Some(times) = self.listed.get_mut(&server) else {
            return Ok(());
        };
        *times -= 1;
        if *times > 0 {
            return Ok(());
        }
        self.listed.remove(&server);
        self.map.remove(server)
    }
}
