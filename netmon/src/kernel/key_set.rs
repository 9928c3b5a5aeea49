//! A hash map that says to the kernel programs which keys there are. Only what changes is written.

use std::collections::BTreeSet;

use aya::Pod;
use aya::maps::{HashMap, MapData};

use super::error::{KernelError, os_error};
use super::load::Kernel;

/// The keys, as the programs have them.
#[derive(Debug)]
pub(super) struct KeySet<K> {
    map: HashMap<MapData, K, u32>,
    name: &'static str,
    written: BTreeSet<K>,
}

impl<K: Pod + Ord> KeySet<K> {
    /// Takes the map. Can be had once.
    pub fn open(kernel: &mut Kernel, name: &'static str) -> Result<Self, KernelError> {
        let map = HashMap::<MapData, K, u32>::try_from(kernel.take(name)?)
            .map_err(|error| KernelError::map("open", name, error))?;
        // A map that was pinned has those of before.
        let written = map
            .keys()
            .collect::<Result<BTreeSet<K>, _>>()
            .map_err(|error| KernelError::map("read", name, error))?;
        Ok(Self { map, name, written })
    }

    /// Puts a key in, if it is not there.
    pub fn insert(&mut self, key: K) -> Result<(), KernelError> {
        if !self.written.contains(&key) {
            self.map
                .insert(key, 1, 0)
                .map_err(|error| KernelError::map("write", self.name, error))?;
            self.written.insert(key);
        }
        Ok(())
    }

    /// Takes a key out, if it is there. aya gives the kernel's own error where it is not, and no `KeyNotFound`.
    pub fn remove(&mut self, key: K) -> Result<(), KernelError> {
        match self.map.remove(&key) {
            Err(error) if os_error(&error) != Some(libc::ENOENT) => {
                return Err(KernelError::map("write", self.name, error));
            }
            Ok(()) | Err(_) => self.written.remove(&key),
        };
        Ok(())
    }

    /// Takes out all that are not among these.
    pub fn keep_only(&mut self, keys: &BTreeSet<K>) -> Result<(), KernelError> {
        let stale: Vec<K> = self.written.difference(keys).copied().collect();
        stale.into_iter().try_for_each(|key| self.remove(key))
    }

    /// From now on it is these.
    pub fn set(&mut self, keys: &BTreeSet<K>) -> Result<(), KernelError> {
        self.keep_only(keys)?;
        keys.iter().try_for_each(|key| self.insert(*key))
    }
}
