//! The table of traces in the kernel: which queries were seen.

use aya_ebpf::Global;
use aya_ebpf::bindings::BPF_F_MMAPABLE;
use aya_ebpf::btf_maps::Array;
use aya_ebpf::macros::btf_map;
use netmon_common::limits::TRACE_BUCKETS;
use netmon_common::trace::{Bucket, KEYS, Keys, Table};

/// A bucket is a cache line, but only an array that could be mapped into user space starts with one.
#[btf_map]
static TRACES: Array<Bucket, { TRACE_BUCKETS as usize }, { BPF_F_MMAPABLE as usize }> = Array::new();

/// The secret of the table, random, set before loading.
#[unsafe(no_mangle)]
static TRACE_SECRET: [Global<u64>; KEYS] = [const { Global::new(0) }; KEYS];

/// The table. Two CPUs may write to one slot at once, and leave a trace that fits no query: it is lost like an
/// overwritten one.
pub struct Traces;

impl Table for Traces {
    #[inline(always)]
    fn bucket(&mut self, number: u32) -> Option<&mut Bucket> {
        let bucket = TRACES.get_ptr_mut(number)?;
        // SAFETY: array slots never move; any bytes are a bucket.
        Some(unsafe { &mut *bucket })
    }
}

/// The secret: constants to the verifier.
pub struct Configured;

impl Keys for Configured {
    #[inline(always)]
    fn at(&self, place: usize) -> u64 {
        match TRACE_SECRET.get(place) {
            Some(key) => key.load(),
            None => 0,
        }
    }
}
