//! The table of destinations: exact, never evicting, never reset.

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::PerCpuHashMap;
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::limits;
use netmon_common::records::Entry;

use crate::full_table;

/// An LRU table would lose counts when full, so this is a plain one, preallocated.
#[btf_map]
static DESTINATIONS: PerCpuHashMap<Address, Entry, { limits::DESTINATIONS as usize }> = PerCpuHashMap::new();

/// What a new destination starts with. Not on the stack, of which it would take half.
static ZEROS: Entry = Entry::ZERO;

/// `-E2BIG`, what a full hash table answers.
const TABLE_IS_FULL: i32 = -7;

/// This CPU's counters of a destination; `None` when the table is full.
#[inline(always)]
pub fn destination(address: &Address) -> Option<&'static mut Entry> {
    // Whoever floods a server with forged sources, or asks all addresses there are, fills the table. To look for one
    // that is not there would take longest of all.
    if full_table::excludes(*address) {
        return None;
    }
    if let Some(known) = find(address) {
        return Some(known);
    }
    if full_table::is_full() || !insert(address) {
        return None;
    }
    find(address)
}

#[inline(always)]
fn find(address: &Address) -> Option<&'static mut Entry> {
    let counters = DESTINATIONS.get_ptr_mut(address)?;
    // SAFETY: the slot belongs to this CPU alone while the program runs, and entries are never removed.
    Some(unsafe { &mut *counters })
}

/// Inserts zeros, so that two CPUs that meet a new destination at once lose nothing: the second one finds
/// that it exists, and both then look it up and add.
#[inline(never)]
fn insert(address: &Address) -> bool {
    full_table::note(*address);
    match DESTINATIONS.insert(address, &ZEROS, u64::from(BPF_NOEXIST)) {
        Err(TABLE_IS_FULL) => {
            full_table::set();
            false
        }
        Ok(()) | Err(_) => true,
    }
}
