//! The totals: one value for each CPU.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use netmon_common::records::{Counters as _, Tally, Totals};

#[btf_map]
static TOTALS: PerCpuArray<Totals, 1> = PerCpuArray::new();

/// This CPU's totals.
///
/// The programs run with bottom halves off, so that no other of them runs on this CPU meanwhile: a plain
/// addition loses nothing. What reads them is the kernel, word by word.
#[derive(Clone, Copy)]
pub struct OwnTotals(*mut Totals);

impl OwnTotals {
    #[inline(always)]
    pub fn of_this_cpu() -> Option<Self> {
        TOTALS.get_ptr_mut(0).map(Self)
    }

    /// Counts packets that mean this.
    #[inline(always)]
    pub fn count(self, tally: &Tally, packets: u64, bytes: u64) {
        // SAFETY: the slot is there and belongs to this CPU alone; the reference ends with this call.
        unsafe { (*self.0).count(tally, packets, bytes) };
    }
}

/// Adds to the counter at this offset in [`Totals`], in bytes.
#[inline(always)]
pub fn add(offset: usize, amount: u64) {
    if let Some(OwnTotals(totals)) = OwnTotals::of_this_cpu() {
        // SAFETY: as above.
        unsafe { (*totals).add(offset / size_of::<u64>(), amount) };
    }
}
