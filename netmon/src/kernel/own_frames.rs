//! Tells the kernel programs which frames are this host's.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use aya::maps::{Array, HashMap, MapData, MapError};
use netmon_common::limits::{INTERFACE_PLACES, STACKED_MACS};
use netmon_common::records::{Interface, MacAt};

use super::error::KernelError;
use super::interfaces::Frames;
use super::load::Kernel;

const INTERFACES: &str = "INTERFACES";
const STACKED: &str = "STACKED";

/// What the programs know of the watched interfaces.
pub(super) struct OwnFrames {
    interfaces: Array<MapData, Interface>,
    stacked: HashMap<MapData, MacAt, u32>,
    known: BTreeMap<u32, Interface>,
    written: BTreeSet<MacAt>,
}

impl OwnFrames {
    /// Takes the maps. Can be had once.
    pub fn open(kernel: &mut Kernel) -> Result<Self, KernelError> {
        let interfaces: Array<MapData, Interface> = kernel
            .take(INTERFACES)?
            .try_into()
            .map_err(|error| KernelError::map("open", INTERFACES, error))?;
        let stacked: HashMap<MapData, MacAt, u32> = kernel
            .take(STACKED)?
            .try_into()
            .map_err(|error| KernelError::map("open", STACKED, error))?;
        // Maps that were pinned have those of before.
        let written = stacked
            .keys()
            .collect::<Result<_, _>>()
            .map_err(|error| KernelError::map("read", STACKED, error))?;
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
            written,
        })
    }

    /// From now on it is these. A hardware address is known before its interface is looked at.
    pub fn set(&mut self, frames: &Frames) -> Result<(), KernelError> {
        for at in frames.stacked.iter().take(STACKED_MACS as usize) {
            if self.written.insert(*at) {
                self.stacked
                    .insert(at, 1, 0)
                    .map_err(|error| KernelError::map("write", STACKED, error))?;
            }
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
        let stale: Vec<MacAt> = self.written.difference(&frames.stacked).copied().collect();
        for at in stale {
            match self.stacked.remove(&at) {
                Ok(()) | Err(MapError::KeyNotFound) => self.written.remove(&at),
                Err(error) => return Err(KernelError::map("write", STACKED, error)),
            };
        }
        Ok(())
    }
}

impl fmt::Debug for OwnFrames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}
