//! The table of destinations: exact, never evicting, never reset.

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::PerCpuHashMap;
use aya_ebpf::macros::btf_map;
use netmon_common::limits;
use netmon_common::records::{Counters as _, Entry, Tally};
use netmon_common::{Address, Transport};

use crate::full_table;

/// An LRU table would lose counts when full, so this is a plain one, preallocated.
#[btf_map]
static DESTINATIONS: PerCpuHashMap<Address, Entry, { limits::DESTINATIONS as usize }> = PerCpuHashMap::new();

/// What a new destination starts with. Not on the stack, of which it would take half.
static ZEROS: Entry = Entry::ZERO;

/// `-E2BIG`, what a full hash table answers.
const TABLE_IS_FULL: i32 = -7;

/// What the table holds of a destination on this CPU: a pointer, of which there may be several to one entry. The slot
/// belongs to this CPU alone while the program runs, and entries are never removed; each reference to it ends with the
/// call that makes it.
#[derive(Clone, Copy)]
pub struct PerCpuEntry(*mut Entry);

impl PerCpuEntry {
    /// Counts packets that mean this.
    #[inline(always)]
    pub fn count(self, tally: &Tally, packets: u64) {
        // SAFETY: see the type.
        unsafe { (*self.0).counters.count(tally, packets) };
    }

    /// Adds to the counter at this offset in [`Destination`](netmon_common::records::Destination), in bytes.
    #[inline(always)]
    pub fn add(self, offset: usize, amount: u64) {
        // SAFETY: see the type.
        unsafe { (*self.0).counters.add(offset / size_of::<u64>(), amount) };
    }

    /// When this CPU last learned of an answer over this transport.
    #[inline(always)]
    pub fn answered(self, transport: Transport) -> u32 {
        // SAFETY: see the type.
        unsafe { *(*self.0).cache.answered(transport) }
    }

    /// Notes that it learned of one.
    #[inline(always)]
    pub fn set_answered(self, transport: Transport, tick: u32) {
        // SAFETY: see the type.
        unsafe { *(*self.0).cache.answered(transport) = tick };
    }

    /// The server's place in this CPU's table of latencies.
    #[inline(always)]
    pub fn latency_place(self) -> u32 {
        // SAFETY: see the type.
        unsafe { (*self.0).cache.latency }
    }

    /// Gives it one.
    #[inline(always)]
    pub fn set_latency_place(self, place: u32) {
        // SAFETY: see the type.
        unsafe { (*self.0).cache.latency = place };
    }
}

/// This CPU's counters of a destination; `None` when the table is full.
#[inline(always)]
pub fn destination(address: &Address) -> Option<PerCpuEntry> {
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
fn find(address: &Address) -> Option<PerCpuEntry> {
    DESTINATIONS.get_ptr_mut(address).map(PerCpuEntry)
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
