//! The totals: one value for each CPU.

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use netmon_common::records::Totals;

#[btf_map]
static TOTALS: PerCpuArray<Totals, 1> = PerCpuArray::new();

/// This CPU's totals.
///
/// The programs run with bottom halves off, so that no other of them runs on this CPU meanwhile: a plain
/// addition loses nothing.
#[inline(always)]
pub fn totals() -> Option<&'static mut Totals> {
    let totals = TOTALS.get_ptr_mut(0)?;
    // SAFETY: the slot belongs to this CPU alone while the program runs, and array slots never move.
    Some(unsafe { &mut *totals })
}
