//! Tells the kernel programs which addresses are this host's own.

use std::collections::BTreeSet;
use std::fmt;

use aya::maps::{Array, HashMap, MapData, MapError};
use netmon_common::Address;
use netmon_common::limits::{OWN_ADDRESS_BITS, OWN_ADDRESSES};

use super::error::KernelError;
use super::load::Kernel;

const LOCAL: &str = "LOCAL";
const OWN_FILTER: &str = "OWN_FILTER";

/// Bits of a word of the filter.
const WORD: u64 = 64;

/// This host's own addresses, as the programs have them.
pub(super) struct OwnAddresses {
    table: HashMap<MapData, Address, u32>,
    filter: Array<MapData, u64>,
    written: BTreeSet<Address>,
}

impl OwnAddresses {
    /// Takes the maps. Can be had once.
    pub fn open(kernel: &mut Kernel) -> Result<Self, KernelError> {
        let table: HashMap<MapData, Address, u32> = kernel
            .take(LOCAL)?
            .try_into()
            .map_err(|error| KernelError::map("open", LOCAL, error))?;
        let filter = kernel
            .take(OWN_FILTER)?
            .try_into()
            .map_err(|error| KernelError::map("open", OWN_FILTER, error))?;
        // A map that was pinned has those of before.
        let written = table
            .keys()
            .collect::<Result<_, _>>()
            .map_err(|error| KernelError::map("read", LOCAL, error))?;
        Ok(Self {
            table,
            filter,
            written,
        })
    }

    /// From now on it is these; of more than the table holds, the first ones.
    pub fn set(&mut self, addresses: impl IntoIterator<Item = Address>) -> Result<(), KernelError> {
        let addresses: BTreeSet<Address> = addresses.into_iter().take(OWN_ADDRESSES as usize).collect();
        let stale: Vec<Address> = self.written.difference(&addresses).copied().collect();
        for address in stale {
            match self.table.remove(&address) {
                Ok(()) | Err(MapError::KeyNotFound) => self.written.remove(&address),
                Err(error) => return Err(KernelError::map("write", LOCAL, error)),
            };
        }
        let new: Vec<Address> = addresses.difference(&self.written).copied().collect();
        for address in new {
            self.table
                .insert(address, 1, 0)
                .map_err(|error| KernelError::map("write", LOCAL, error))?;
            self.written.insert(address);
        }
        self.set_filter()
    }

    fn set_filter(&mut self) -> Result<(), KernelError> {
        let mut words = [0_u64; (OWN_ADDRESS_BITS as u64 / WORD) as usize];
        for address in &self.written {
            let bit = address.spread() >> (u64::BITS - OWN_ADDRESS_BITS.ilog2());
            let word = usize::try_from(bit / WORD)
                .ok()
                .and_then(|place| words.get_mut(place));
            if let Some(word) = word {
                *word |= 1 << (bit % WORD);
            }
        }
        for (place, word) in (0..).zip(words) {
            self.filter
                .set(place, word, 0)
                .map_err(|error| KernelError::map("write", OWN_FILTER, error))?;
        }
        Ok(())
    }
}

impl fmt::Debug for OwnAddresses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.written.fmt(f)
    }
}
