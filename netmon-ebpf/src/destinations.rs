//! The table of destinations: exact, never evicting, never reset.

use core::ptr::NonNull;

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::PerCpuHashMap;
use aya_ebpf::macros::btf_map;
use netmon_common::limits;
use netmon_common::records::{Counters as _, Entry, PerCpuCache, Tally};
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
pub struct PerCpuEntry(NonNull<Entry>);

impl PerCpuEntry {
    /// Counts packets that mean this.
    #[inline(always)]
    pub fn count(self, tally: &Tally, packets: u64) {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).counters.count(tally, packets) };
    }

    /// Adds to the counter at this offset in [`Destination`](netmon_common::records::Destination), in bytes.
    #[inline(always)]
    pub fn add(self, offset: usize, amount: u64) {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).counters.add(offset / size_of::<u64>(), amount) };
    }

    /// When this CPU last learned of an answer of the service at this port; [`PerCpuCache::LOOK`] where it does not
    /// remember that one.
    #[inline(always)]
    pub fn answered(self, transport: Transport, port: u16) -> u32 {
        // SAFETY: see the type; the reference ends with this call.
        let cache = unsafe { &(*self.0.as_ptr()).cache };
        let ([udp_port, tcp_port], [udp, tcp]) = (cache.port, cache.answered);
        let (known, answered) = match transport {
            Transport::Udp => (udp_port, udp),
            Transport::Tcp => (tcp_port, tcp),
        };
        if known == port {
            answered
        } else {
            PerCpuCache::LOOK
        }
    }

    /// Notes that it learned of one.
    #[inline(always)]
    pub fn set_answered(self, transport: Transport, port: u16, tick: u32) {
        // SAFETY: see the type; the reference ends with this call.
        let cache = unsafe { &mut (*self.0.as_ptr()).cache };
        let ([udp_port, tcp_port], [udp, tcp]) = (cache.port, &mut cache.answered);
        let (known, answered) = match transport {
            Transport::Udp => (udp_port, udp),
            Transport::Tcp => (tcp_port, tcp),
        };
        if known == port {
            *answered = tick;
        }
    }

    /// When a query to this server last entered here.
    #[inline(always)]
    pub fn entered(self) -> u32 {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).cache.entered }
    }

    /// Notes that one enters.
    #[inline(always)]
    pub fn note_entered(self, tick: u32) {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).cache.entered = tick };
    }

    /// The place of the service at this port of the server; `u32::MAX` if this CPU does not remember it.
    #[inline(always)]
    pub fn place(self, transport: Transport, port: u16) -> u32 {
        // SAFETY: see the type; the reference ends with this call.
        let cache = unsafe { &(*self.0.as_ptr()).cache };
        let ([udp_port, tcp_port], [udp, tcp]) = (cache.port, cache.place);
        let (known, place) = match transport {
            Transport::Udp => (udp_port, udp),
            Transport::Tcp => (tcp_port, tcp),
        };
        if known == port { place } else { u32::MAX }
    }

    /// Remembers it, in place of that of another port.
    #[inline(always)]
    pub fn remember_place(self, transport: Transport, port: u16, place: u32) {
        // SAFETY: see the type; the reference ends with this call.
        let cache = unsafe { &mut (*self.0.as_ptr()).cache };
        let ([udp_port, tcp_port], [udp, tcp]) = (&mut cache.port, &mut cache.place);
        let [udp_answered, tcp_answered] = &mut cache.answered;
        let (known, at, answered) = match transport {
            Transport::Udp => (udp_port, udp, udp_answered),
            Transport::Tcp => (tcp_port, tcp, tcp_answered),
        };
        (*known, *at, *answered) = (port, place, 0);
    }

    /// The server's place in this CPU's table of latencies.
    #[inline(always)]
    pub fn latency_place(self) -> u32 {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).cache.latency }
    }

    /// Gives it one.
    #[inline(always)]
    pub fn set_latency_place(self, place: u32) {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).cache.latency = place };
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

/// The same, if the destination is known.
#[inline(always)]
pub fn find(address: &Address) -> Option<PerCpuEntry> {
    NonNull::new(DESTINATIONS.get_ptr_mut(address)?).map(PerCpuEntry)
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
