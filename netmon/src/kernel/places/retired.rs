//! The sums of what has retired, which survive netmon at any moment: there are two of them, written in turn, and the number of
//! the batch, written last, says which holds.

use std::mem::offset_of;
use std::sync::atomic::{Ordering, fence};

use aya::maps::Map;
use netmon_common::records::Retired;

use super::super::error::KernelError;
use super::mapped::Mapped;

pub(in crate::kernel) const RETIRED: &str = "RETIRED";

/// The sums of what has retired.
#[derive(Debug)]
pub(super) struct Sums(Mapped);

impl Sums {
    pub fn open(map: Map) -> Result<Self, KernelError> {
        Mapped::open(map, RETIRED).map(Self)
    }

    /// As they are now.
    pub fn now(&self) -> Retired {
        let [one, other] = [0, 1].map(|slot| self.0.read::<Retired>(slot, 0).unwrap_or(Retired::ZERO));
        if one.batch > other.batch { one } else { other }
    }

    /// The last batch that is in them.
    pub fn batch(&self) -> u64 {
        let batch = |slot| self.0.word::<u64>(slot, offset_of!(Retired, batch)).unwrap_or(0);
        batch(0).max(batch(1))
    }

    /// Replaces them. Whoever is killed in here leaves those of before.
    pub fn set(&self, sums: &Retired) {
        let slot = u32::from(self.0.word::<u64>(0, offset_of!(Retired, batch)) == Some(self.batch()));
        let unfinished = Retired { batch: 0, ..*sums };
        self.0.write(slot, 0, &unfinished);
        fence(Ordering::SeqCst);
        self.0.set_word(slot, offset_of!(Retired, batch), sums.batch);
        fence(Ordering::SeqCst);
    }
}
