//! How long answers take: for each server and CPU, how many answers fell into each bucket of times.
//!
//! Each CPU keeps the server's place beside its counters of the server: finding it again costs no look-up by address.

use core::hint::black_box;

use aya_ebpf::btf_maps::{Array, HashMap, Queue};
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::latency::bucket;
use netmon_common::limits::LATENCY_SERVERS;
use netmon_common::records::{Latency, NO_PLACE, Owner};

use crate::destinations::PerCpuEntry;
use crate::places::{self, Dry, MAPPED};

const PLACES: usize = LATENCY_SERVERS as usize;

/// Which place each server has.
#[btf_map]
static LATENCIES: HashMap<Address, u64, PLACES> = HashMap::new();

#[btf_map]
static LATENCY_FREE: Queue<u32, PLACES> = Queue::new();

static DRY: Dry = Dry::new();

#[btf_map]
static LATENCY_OWNERS: Array<Owner<Address>, PLACES, MAPPED> = Array::new();

/// Of each place one entry for each CPU.
#[btf_map]
static LATENCY: Array<Latency, PLACES, MAPPED> = Array::new();

/// Counts an answer of the server that took this long.
#[inline(always)]
pub fn count(entry: PerCpuEntry, server: &Address, nanos: u64) {
    if entry.latency_place() == 0 {
        entry.set_latency_place(place_of(server));
    }
    // User space may set it back at any time, and uses the place for nobody else while this runs.
    let place = entry.latency_place();
    if place == 0 || place == NO_PLACE {
        return;
    }
    let Some(latency) = LATENCY.get_ptr_mut(places::of_this_cpu(place - 1, LATENCY_SERVERS)) else {
        return;
    };
    // SAFETY: the slot belongs to this CPU alone while the program runs, array slots never move, and this is the only
    // reference to it.
    let latency = unsafe { &mut *latency };
    let micros = nanos / 1_000;
    if micros > latency.max_us {
        latency.max_us = micros;
    }
    // Hidden from the compiler, which knows that it is in bounds; the verifier does not.
    if let Some(count) = latency.counts.get_mut(black_box(bucket(micros))) {
        *count += 1;
    }
}

/// Its place, counted from 1, or [`NO_PLACE`].
#[inline(never)]
fn place_of(server: &Address) -> u32 {
    let known = places::find(&LATENCIES, server);
    if known != NO_PLACE {
        return known + 1;
    }
    if !places::give(&LATENCIES, &LATENCY_FREE, &DRY, &LATENCY_OWNERS, server) {
        return NO_PLACE;
    }
    match places::find(&LATENCIES, server) {
        NO_PLACE => NO_PLACE,
        place => place + 1,
    }
}
