//! Tells the kernel programs of which servers' answers user space wants to know.

use std::collections::BTreeMap;

use aya::maps::{HashMap, MapData, MapError};
use netmon_common::Address;

use super::error::KernelError;
use super::load::Kernel;

/// The map's name.
pub(super) const WATCHLIST: &str = "WATCHLIST";

/// The servers on the list, each as often as it was put there.
pub struct Watchlist {
    map: HashMap<MapData, Address, u32>,
    listed: BTreeMap<Address, u32>,
}

impl Kernel {
    /// Takes the list, to write it. Can be had once.
    pub fn watchlist(&mut self) -> Result<Watchlist, KernelError> {
        let map = self.take(WATCHLIST)?;
        let mut map: HashMap<MapData, Address, u32> =
            HashMap::try_from(map).map_err(|error| KernelError::map("open", WATCHLIST, error))?;
        // A map that was pinned has those of before: whoever is still waited for is put there again.
        let before: Vec<_> = map.keys().filter_map(Result::ok).collect();
        for server in before {
            remove(&mut map, server)?;
        }
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
        self.map
            .insert(server, 1, 0)
            .map_err(|error| KernelError::map("write", WATCHLIST, error))
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
        remove(&mut self.map, server)
    }
}

fn remove(map: &mut HashMap<MapData, Address, u32>, server: Address) -> Result<(), KernelError> {
    match map.remove(&server) {
        Ok(()) | Err(MapError::KeyNotFound) => Ok(()),
        Err(error) => Err(KernelError::map("write", WATCHLIST, error)),
    }
}
