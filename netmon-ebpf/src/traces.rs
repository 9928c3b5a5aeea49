//! The table of traces in the kernel: which queries were seen.

use aya_ebpf::Global;
use aya_ebpf::bindings::BPF_F_MMAPABLE;
use aya_ebpf::btf_maps::Array;
use aya_ebpf::macros::btf_map;
use netmon_common::limits::{OLD_BUCKETS, YOUNG_BUCKETS};
use netmon_common::trace::{Bucket, Buckets, KEYS, Keys, Table};

/// A bucket is a cache line, but only an array that could be mapped into user space starts with one.
type Map<const BUCKETS: usize> = Array<Bucket, BUCKETS, { BPF_F_MMAPABLE as usize }>;

#[btf_map]
static YOUNG_TRACES: Map<{ YOUNG_BUCKETS as usize }> = Array::new();

#[btf_map]
static OLD_TRACES: Map<{ OLD_BUCKETS as usize }> = Array::new();

/// The secret of the table, random, set before loading.
#[unsafe(no_mangle)]
static TRACE_SECRET: [Global<u64>; KEYS] = [const { Global::new(0) }; KEYS];

/// A generation.
pub struct Generation<const BUCKETS: usize>(&'static Map<BUCKETS>);

impl<const BUCKETS: usize> Buckets for Generation<BUCKETS> {
    #[inline(always)]
    fn bucket(&self, number: u32) -> Option<&Bucket> {
        self.0.get(number)
    }
}

/// The table, which all CPUs share: a bucket is words that are read and written one by one.
#[inline(always)]
pub const fn table() -> Table<Generation<{ YOUNG_BUCKETS as usize }>, Generation<{ OLD_BUCKETS as usize }>> {
    Table {
        young: Generation(&YOUNG_TRACES),
        old: Generation(&OLD_TRACES),
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
