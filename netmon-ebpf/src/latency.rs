//! How long answers take: for each server and CPU, how many answers fell into each bucket of times.
//!
//! Each CPU gives its places to servers in the order in which they answer, and keeps the place beside its counters
//! of the server: finding it again costs no look-up by address.

use core::hint::black_box;

use aya_ebpf::btf_maps::PerCpuArray;
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::latency::bucket;
use netmon_common::limits::LATENCY_SERVERS;
use netmon_common::records::{Latency, PerCpuCache};

use crate::destinations::PerCpuEntry;

/// The places. Servers that find none have no latency.
#[btf_map]
static LATENCY: PerCpuArray<Latency, { LATENCY_SERVERS as usize }> = PerCpuArray::new();

/// How many places are taken.
#[btf_map]
static LATENCY_TAKEN: PerCpuArray<u32, 1> = PerCpuArray::new();

/// Counts an answer of the server that took this long.
#[inline(always)]
pub fn count(entry: PerCpuEntry, server: &Address, nanos: u64) {
    if entry.latency_place() == 0 {
        entry.set_latency_place(take_place(server));
    }
    let Some(latency) = LATENCY.get_ptr_mut(entry.latency_place().wrapping_sub(1)) else {
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

/// A new place, counted from 1.
#[inline(never)]
fn take_place(server: &Address) -> u32 {
    let Some(taken) = LATENCY_TAKEN.get_ptr_mut(0) else {
        return PerCpuCache::NO_PLACE;
    };
    // SAFETY: the slot is there and belongs to this CPU alone.
    let place = unsafe { *taken };
    let Some(latency) = LATENCY.get_ptr_mut(place) else {
        return PerCpuCache::NO_PLACE;
    };
    // SAFETY: as above.
    unsafe {
        (*latency).server = *server;
        *taken = place + 1;
    }
    place + 1
}
