//! The table of destinations: exact, never evicting, never reset.

use core::cell::UnsafeCell;

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::PerCpuHashMap;
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::limits;
use netmon_common::records::Entry;

/// An LRU table would lose counts when full, so this is a plain one, preallocated.
#[btf_map]
static DESTINATIONS: PerCpuHashMap<Address, Entry, { limits::DESTINATIONS as usize }> = PerCpuHashMap::new();

/// Whether the table is full (1): unknown destinations then skip the attempt to insert. Entries are never
/// removed, so a full table stays full.
static TABLE_FULL: Flag = Flag(UnsafeCell::new(0));

/// A number in memory that all CPUs share: to be had for less than a map's.
struct Flag(UnsafeCell<u32>);

// SAFETY: it is only read and written as a whole, and only ever goes from 0 to 1.
unsafe impl Sync for Flag {}

impl Flag {
    #[inline(always)]
    fn is_set(&self) -> bool {
        // SAFETY: as above.
        unsafe { self.0.get().read_volatile() != 0 }
    }

    #[inline(always)]
    fn set(&self) {
        // SAFETY: as above.
        unsafe { self.0.get().write_volatile(1) };
    }
}

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
    if TABLE_FULL.is_set() || !insert(address) {
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
    match DESTINATIONS.insert(address, &ZEROS, u64::from(BPF_NOEXIST)) {
        Err(TABLE_IS_FULL) => {
            TABLE_FULL.set();
            false
        }
        Ok(()) | Err(_) => true,
    }
}
