//! The table of traces in the kernel: which queries were seen.

use aya_ebpf::Global;
use aya_ebpf::bindings::BPF_F_MMAPABLE;
use aya_ebpf::btf_maps::Array;
use aya_ebpf::macros::btf_map;
use netmon_common::Shared;
use netmon_common::limits::{MOVED_MARKS, OLD_BUCKETS, YOUNG_BUCKETS};
use netmon_common::trace::{
    self, Bucket, FlowHash, KEYS, Key, Keys, Memory, Quoted, SlotNumber, Table, Trace,
};

/// A bucket is a cache line, but only an array that could be mapped into user space starts with one.
type Map<const BUCKETS: usize> = Array<Bucket, BUCKETS, { BPF_F_MMAPABLE as usize }>;

#[btf_map]
static YOUNG_TRACES: Map<{ YOUNG_BUCKETS as usize }> = Array::new();

#[btf_map]
static OLD_TRACES: Map<{ OLD_BUCKETS as usize }> = Array::new();

/// When traces moved from the young to the old. Of two CPUs that write one at once both mean now.
#[btf_map]
static MOVED: Array<Shared<u32>, { MOVED_MARKS as usize }> = Array::new();

/// The secret of the table, random, set before loading.
#[unsafe(no_mangle)]
static TRACE_SECRET: [Global<u64>; KEYS] = [const { Global::new(0) }; KEYS];

/// Where the traces are.
pub struct Maps;

impl Memory for Maps {
    #[inline(always)]
    fn young(&self, number: u32) -> Option<&Bucket> {
        YOUNG_TRACES.get(number)
    }

    #[inline(always)]
    fn old(&self, number: u32) -> Option<&Bucket> {
        OLD_TRACES.get(number)
    }

    #[inline(always)]
    fn moved(&self, number: u32) -> Option<&Shared<u32>> {
        MOVED.get(number)
    }

    #[inline(always)]
    fn among_old(&self, flow: FlowHash, key: Key, question: u16, now_ns: u64) -> SlotNumber {
        SlotNumber::new(netmon_among_old(
            flow.number(),
            key.number(),
            u32::from(question),
            now_ns,
        ))
    }

    #[inline(always)]
    fn newest(&self, flow: FlowHash, now_ns: u64) -> SlotNumber {
        SlotNumber::new(netmon_newest(flow.number(), now_ns))
    }

    #[inline(always)]
    fn failing(&self, flow: FlowHash, quoted: Quoted, now_ns: u64) -> SlotNumber {
        SlotNumber::new(netmon_failing(
            flow.number(),
            quoted.key.number(),
            u32::from(quoted.is_known),
            u32::from(quoted.question),
            now_ns,
        ))
    }

    #[inline(always)]
    fn move_to_old(&self, flow: FlowHash, trace: Trace, now_ns: u64) -> bool {
        let [what, time_ns, acknowledgment] = trace.numbers();
        netmon_move_to_old(flow.number(), what, time_ns, acknowledgment, now_ns) != 0
    }
}

// Global functions of BPF, which the verifier looks at once each, whoever calls them (since Linux 5.6). They take and return
// numbers only.

/// [`trace::among_old`].
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_among_old(flow: u64, key: u64, question: u32, now_ns: u64) -> u32 {
    let (flow, key) = (FlowHash::from_number(flow), Key::from_number(key));
    trace::among_old(&Maps, flow, key, question as u16, now_ns).number()
}

/// [`trace::newest`].
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_newest(flow: u64, now_ns: u64) -> u32 {
    trace::newest(&Maps, FlowHash::from_number(flow), now_ns).number()
}

/// [`trace::failing`].
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_failing(flow: u64, key: u64, is_known: u32, question: u32, now_ns: u64) -> u32 {
    let quoted = Quoted {
        key: Key::from_number(key),
        is_known: is_known != 0,
        question: question as u16,
    };
    trace::failing(&Maps, FlowHash::from_number(flow), quoted, now_ns).number()
}

/// [`trace::move_to_old`].
#[unsafe(no_mangle)]
#[inline(never)]
extern "C" fn netmon_move_to_old(
    flow: u64,
    what: u64,
    time_ns: u64,
    acknowledgment: u64,
    now_ns: u64,
) -> u32 {
    let trace = Trace::from_numbers([what, time_ns, acknowledgment]);
    u32::from(trace::move_to_old(
        &Maps,
        FlowHash::from_number(flow),
        trace,
        now_ns,
    ))
}

/// The table, which all CPUs share: a bucket is words that are read and written one by one.
pub const TABLE: Table<Maps> = Table(Maps);

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
