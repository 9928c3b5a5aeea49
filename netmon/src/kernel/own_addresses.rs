//! Tells the kernel programs which addresses are this host's own.

use std::collections::BTreeSet;
use std::fmt;

use aya::maps::{Array, MapData};
use netmon_common::Address;
use netmon_common::limits::{OWN_ADDRESS_BITS, OWN_ADDRESSES};

use super::error::KernelError;
use super::key_set::KeySet;
use super::load::Kernel;

const LOCAL: &str = "LOCAL";
const OWN_FILTER: &str = "OWN_FILTER";

/// Bits of a word of the filter.
const WORD: u64 = 64;

/// This host's own addresses, as the programs have them.
pub(super) struct OwnAddresses {
    table: KeySet<Address>,
    filter: Array<MapData, u64>,
}

impl OwnAddresses {
    /// Takes the maps. Can be had once.
    pub fn open(kernel: &mut Kernel) -> Result<Self, KernelError> {
        let table = KeySet::open(kernel, LOCAL)?;
        let filter = kernel
            .take(OWN_FILTER)?
            .try_into()
            .map_err(|error| KernelError::map("open", OWN_FILTER, error))?;
        Ok(Self { table, filter })
    }

    /// From now on it is these; of more than the table holds, the first ones.
    pub fn set(&mut self, addresses: impl IntoIterator<Item = Address>) -> Result<(), KernelError> {
        let addresses: BTreeSet<Address> = addresses.into_iter().take(OWN_ADDRESSES as usize).collect();
        self.table.set(&addresses)?;
        self.set_filter(&addresses)
    }

    fn set_filter(&mut self, addresses: &BTreeSet<Address>) -> Result<(), KernelError> {
        let mut words = [0_u64; (OWN_ADDRESS_BITS as u64 / WORD) as usize];
        for address in addresses {
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
        self.table.fmt(f)
    }
}
