//! How long answers take: for each server and CPU, how many answers fell into each bucket of times.

use core::hint::black_box;

use aya_ebpf::bindings::BPF_NOEXIST;
use aya_ebpf::btf_maps::PerCpuHashMap;
use aya_ebpf::macros::btf_map;
use netmon_common::Address;
use netmon_common::latency::bucket;
use netmon_common::limits::LATENCY_SERVERS;
use netmon_common::records::Latency;

/// The counters of servers that have answered; those that find no place have no latency.
#[btf_map]
static LATENCY: PerCpuHashMap<Address, Latency, { LATENCY_SERVERS as usize }> = PerCpuHashMap::new();

/// No answer yet.
static ZEROS: Latency = Latency::ZERO;

/// Counts an answer that took this long.
#[inline(always)]
pub fn count(server: &Address, nanos: u64) {
    let counters = match LATENCY.get_ptr_mut(server) {
        Some(known) => known,
        None => match add(server) {
            Some(new) => new,
            None => return,
        },
    };
    // SAFETY: the slot belongs to this CPU alone while the program runs, and entries are never removed.
    let latency = unsafe { &mut *counters };
    let micros = nanos / 1_000;
    if micros > latency.max_us {
        latency.max_us = micros;
    }
    // Hidden from the compiler, which knows that it is in bounds; the verifier does not.
    if let Some(count) = latency.counts.get_mut(black_box(bucket(micros))) {
        *count += 1;
    }
}

#[inline(never)]
fn add(server: &Address) -> Option<*mut Latency> {
    // An error is either that another CPU was first, or that the table is full.
    let _found_or_full = LATENCY.insert(server, &ZEROS, u64::from(BPF_NOEXIST));
    LATENCY.get_ptr_mut(server)
}
