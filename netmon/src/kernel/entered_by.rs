//! Tells the kernel programs which interfaces are watched, so that a packet that this host forwards is counted
//! where it enters and not again where it leaves.

use std::collections::BTreeSet;

use aya::maps::{HashMap, MapData, MapError};

use super::error::KernelError;
use super::load::Kernel;

const WATCHED: &str = "WATCHED";

/// The indexes by which a packet may be known to have entered through a watched interface, as the programs have
/// them.
#[derive(Debug)]
pub(super) struct EnteredBy {
    map: HashMap<MapData, u32, u32>,
    written: BTreeSet<u32>,
}

impl EnteredBy {
    /// Takes the map. Can be had once.
    pub fn open(kernel: &mut Kernel) -> Result<Self, KernelError> {
        let map = kernel.take(WATCHED)?;
        let map: HashMap<MapData, u32, u32> =
            HashMap::try_from(map).map_err(|error| KernelError::map("open", WATCHED, error))?;
        // A map that was pinned has those of before.
        let written = map
            .keys()
            .collect::<Result<_, _>>()
            .map_err(|error| KernelError::map("read", WATCHED, error))?;
        Ok(Self { map, written })
    }

    /// From now on it is these. Where the map is full the rest is left out: what enters there is counted where it
    /// leaves.
    pub fn set(&mut self, indexes: &BTreeSet<u32>) -> Result<(), KernelError> {
        let stale: Vec<u32> = self.written.difference(indexes).copied().collect();
        for index in stale {
            match self.map.remove(&index) {
                Ok(()) | Err(MapError::KeyNotFound) => self.written.remove(&index),
                Err(error) => return Err(KernelError::map("write", WATCHED, error)),
            };
        }
        let new: Vec<u32> = indexes.difference(&self.written).copied().collect();
        for index in new {
            self.map
                .insert(index, 1, 0)
                .map_err(|error| KernelError::map("write", WATCHED, error))?;
            self.written.insert(index);
        }
        Ok(())
    }
}
