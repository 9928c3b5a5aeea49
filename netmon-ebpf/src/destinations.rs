//! The table of destinations: exact, because what is retired is added up first (`places.rs`).

use core::ptr::NonNull;

use aya_ebpf::Global;
use aya_ebpf::btf_maps::{Array, HashMap, Queue};
use aya_ebpf::macros::btf_map;
use netmon_common::limits;
use netmon_common::records::{Counters as _, Entry, NO_PLACE, Owner, PerCpuCache, Tally};
use netmon_common::{Address, Transport};

use crate::places::{self, Dry, MAPPED};

/// How many there may be. User space sets the number of each of these maps before loading.
const PLACES: usize = limits::DESTINATIONS as usize;

/// Which place each destination has.
#[btf_map]
static DESTINATIONS: HashMap<Address, u64, PLACES> = HashMap::new();

/// The free places, for those that are asked.
#[btf_map]
static DEST_FREE: Queue<u32, PLACES> = Queue::new();

/// Those for what nobody asks: what errors name, and senders of responses. Anybody can forge these, so that they have a part of
/// their own.
#[btf_map]
static DEST_FREE_NAMED: Queue<u32, PLACES> = Queue::new();

/// Those for servers that were seen to answer or to fail, when all others are taken.
#[btf_map]
static DEST_FREE_SURE: Queue<u32, PLACES> = Queue::new();

static DRY: Dry = Dry::new();
static DRY_NAMED: Dry = Dry::new();
static DRY_SURE: Dry = Dry::new();

#[btf_map]
static DEST_OWNERS: Array<Owner<Address>, PLACES, MAPPED> = Array::new();

/// How many places there are for destinations. Set before loading.
#[unsafe(no_mangle)]
static DEST_PLACES: Global<u32> = Global::new(limits::DESTINATIONS);

/// The counters: of each place one entry for each CPU.
#[btf_map]
static DEST_COUNTS: Array<Entry, PLACES, MAPPED> = Array::new();

/// For whom a place is.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Because {
    /// It is asked.
    Asked,
    /// It is only named.
    Named,
    /// It was asked, and became of it what nobody can forge.
    Sure,
}

/// What the table holds of a destination on this CPU: a pointer, of which there may be several to one entry. The slot
/// belongs to this CPU alone while the program runs, and is not given to another destination meanwhile; each reference to it
/// ends with the call that makes it. (User space may set `port` and `latency` of its cache to 0 at any time.)
#[derive(Clone, Copy)]
pub struct PerCpuEntry(NonNull<Entry>);

impl PerCpuEntry {
    /// Counts packets that mean this.
    #[inline(always)]
    pub fn count(self, tally: &Tally, packets: u64) {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).counters.count(tally, packets) };
        self.note_change();
    }

    /// Adds to the counter at this offset in [`Destination`](netmon_common::records::Destination), in bytes.
    #[inline(always)]
    pub fn add(self, offset: usize, amount: u64) {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).counters.add(offset / size_of::<u64>(), amount) };
        self.note_change();
    }

    #[inline(always)]
    fn note_change(self) {
        // SAFETY: see the type; the reference ends with this call.
        let changes = unsafe { &mut (*self.0.as_ptr()).cache.changes };
        *changes = changes.wrapping_add(1);
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

    /// The place of the service at this port of the server; [`NO_PLACE`] if this CPU does not remember it.
    #[inline(always)]
    pub fn place(self, transport: Transport, port: u16) -> u32 {
        // SAFETY: see the type; the reference ends with this call.
        let cache = unsafe { &(*self.0.as_ptr()).cache };
        let ([udp_port, tcp_port], [udp, tcp]) = (cache.port, cache.place);
        let (known, place) = match transport {
            Transport::Udp => (udp_port, udp),
            Transport::Tcp => (tcp_port, tcp),
        };
        if known == port { place } else { NO_PLACE }
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

    /// What this CPU remembers of the server's place in the table of latencies.
    #[inline(always)]
    pub fn latency_place(self) -> u32 {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).cache.latency }
    }

    /// Remembers it.
    #[inline(always)]
    pub fn set_latency_place(self, place: u32) {
        // SAFETY: see the type.
        unsafe { (*self.0.as_ptr()).cache.latency = place };
    }
}

/// This CPU's counters of a destination; `None` if it has no place, and gets none.
#[inline(always)]
pub fn destination(address: &Address, because: Because) -> Option<PerCpuEntry> {
    if let Some(known) = find(address) {
        return Some(known);
    }
    if give(address, because as u32) {
        find(address)
    } else {
        None
    }
}

/// The same, if the destination is known.
#[inline(always)]
pub fn find(address: &Address) -> Option<PerCpuEntry> {
    let place = places::find(&DESTINATIONS, address);
    if place == NO_PLACE {
        return None;
    }
    NonNull::new(DEST_COUNTS.get_ptr_mut(places::of_this_cpu(place, DEST_PLACES.load()))?).map(PerCpuEntry)
}

#[inline(never)]
fn give(address: &Address, because: u32) -> bool {
    if because == Because::Named as u32 && places::are_apart() {
        return places::give(&DESTINATIONS, &DEST_FREE_NAMED, &DRY_NAMED, &DEST_OWNERS, address);
    }
    if places::give(&DESTINATIONS, &DEST_FREE, &DRY, &DEST_OWNERS, address) {
        return true;
    }
    because == Because::Sure as u32
        && places::give(&DESTINATIONS, &DEST_FREE_SURE, &DRY_SURE, &DEST_OWNERS, address)
}
