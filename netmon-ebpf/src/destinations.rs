//! The table of destinations: exact, never evicting, never reset.

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::{Array, PerCpuHashMap};
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::limits;
use netmon_common::records::Entry;

/// An LRU table would lose counts when full, so this is a plain one, preallocated.
#[btf_map]
static DESTINATIONS: PerCpuHashMap<Address, Entry, { limits::DESTINATIONS as usize }> = PerCpuHashMap::new();

/// Whether the table is full (1): unknown destinations then skip the attempt to insert. Entries are never
/// removed, so a full table stays full.
#[btf_map]
static TABLE_FULL: Array<u32, 1> = Array::new();

/// What a new destination starts with. Not on the stack, of which it would take half.
static ZEROS: Entry = Entry::ZERO;

/// `-E2BIG`, what a full hash table answers.
const TABLE_IS_FULL: i32 = -7;

/// This CPU's counters of a destination; `None` when the table is full.
#[inline(always)]
pub fn destination(address: &Address) -> Option<&'static mut Entry> {
    if let Some(known) = find(address) {
        return Some(known);
    }
    if is_full() || !insert(address) {
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

/// Whether the table is full.
#[inline(always)]
fn is_full() -> bool {
    // SAFETY: array slots never move; the flag only ever goes from 0 to 1.
    TABLE_FULL
        .get_ptr_mut(0)
        .is_none_or(|full| unsafe { full.read_volatile() } != 0)
}

/// Inserts zeros, so that two CPUs that meet a new destination at once lose nothing: the second one finds
/// that it exists, and both then look it up and add.
#[inline(never)]
fn insert(address: &Address) -> bool {
    match DESTINATIONS.insert(address, &ZEROS, u64::from(BPF_NOEXIST)) {
        Err(TABLE_IS_FULL) => {
            if let Some(full) = TABLE_FULL.get_ptr_mut(0) {
                // SAFETY: as above.
                unsafe { full.write_volatile(1) };
            }
            false
        }
        Ok(()) | Err(_) => true,
    }
}
