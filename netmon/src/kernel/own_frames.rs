//! Tells the kernel programs which frames are this host's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aya::maps::{Array, MapData};
use netmon_common::limits::{INTERFACE_PLACES, STACKED_MACS};
use netmon_common::records::{Interface, MacAt};

use super::error::KernelError;
use super::interfaces::Frames;
use super::key_set::KeySet;
use super::load::Kernel;

const INTERFACES: &str = "INTERFACES";
const STACKED: &str = "STACKED";

/// What the programs know of the watched interfaces.
pub(super) struct OwnFrames {
    interfaces: Array<MapData, Interface>,
    stacked: KeySet<MacAt>,
    known: BTreeMap<u32, Interface>,
}

impl OwnFrames {
    /// Takes the maps. Can be had once.
    pub fn open(kernel: &mut Kernel) -> Result<Self, KernelError> {
        let interfaces: Array<MapData, Interface> = kernel
            .take(INTERFACES)?
            .try_into()
            .map_err(|error| KernelError::map("open", INTERFACES, error))?;
        let stacked = KeySet::open(kernel, STACKED)?;
        // A map that was pinned has those of before.
        let mut known = BTreeMap::new();
        for place in 0..INTERFACE_PLACES {
            let interface = interfaces
                .get(&place, 0)
                .map_err(|error| KernelError::map("read", INTERFACES, error))?;
            if interface.ifindex != 0 {
                known.insert(place, interface);
            }
        }
        Ok(Self {
            interfaces,
            stacked,
            known,
        })
    }

    /// From now on it is these. A hardware address is known before its interface is looked at.
    pub fn set(&mut self, frames: &Frames) -> Result<(), KernelError> {
        for at in frames.stacked.iter().take(STACKED_MACS as usize) {
            self.stacked.insert(*at)?;
        }
        let places: BTreeSet<u32> = self
            .known
            .keys()
            .chain(frames.interfaces.keys())
            .copied()
            .collect();
        for place in places {
            let interface = frames.interfaces.get(&place).copied().unwrap_or_default();
            if self.known.get(&place) != Some(&interface) {
                self.interfaces
                    .set(place, interface, 0)
                    .map_err(|error| KernelError::map("write", INTERFACES, error))?;
            }
        }
        self.known.clone_from(&frames.interfaces);
        self.stacked.keep_only(&frames.stacked)
    }
}

impl fmt::Debug for OwnFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.stacked.fmt(f)
    }
}
