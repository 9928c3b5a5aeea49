//! One bucket of the table: four slots, a cache line.

use super::flow::{FINGERPRINT, FlowHash};
use crate::limits::TRACE_LIFETIME_NS;
use crate::shared::Shared;

/// Slots of a bucket.
pub const SLOTS: usize = 4;

/// Set in every slot that is in use: an empty one is all zeros.
const USED: u64 = 1 << 19;
/// An answer came.
const ANSWERED: u64 = 1 << 18;
/// A SYN, which has no id.
const CONNECT: u64 = 1 << 17;
/// RD was set.
const RECURSION_DESIRED: u64 = 1 << 16;
/// The id.
const ID: u64 = 0xffff;
const _: () = assert!(FINGERPRINT & (USED | ANSWERED | CONNECT | RECURSION_DESIRED | ID) == 0);

/// What was asked, as far as an answer or an error can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A DNS query.
    Query {
        /// Its id.
        id: u16,
        /// Its RD flag.
        recursion_desired: bool,
    },
    /// A SYN.
    Connect,
}

/// What is kept of one query: the fingerprint of its flow, its id and flags, and its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Trace {
    what: u64,
    time_ns: u64,
}

const _: () = assert!(size_of::<Trace>() == 16);

impl Trace {
    /// An empty slot.
    pub const NONE: Self = Self { what: 0, time_ns: 0 };

    #[inline(always)]
    pub(super) fn new(flow: FlowHash, asked: Asked, time_ns: u64) -> Self {
        let asked = match asked {
            Asked::Query {
                id,
                recursion_desired,
            } => u64::from(id) | if recursion_desired { RECURSION_DESIRED } else { 0 },
            Asked::Connect => CONNECT,
        };
        Self {
            what: flow.fingerprint() | USED | asked,
            time_ns,
        }
    }

    /// When the query was seen.
    #[inline(always)]
    pub const fn time_ns(&self) -> u64 {
        self.time_ns
    }

    /// RD of the query; `None` for a SYN, which has none.
    #[inline(always)]
    pub const fn recursion_desired(&self) -> Option<bool> {
        if self.what & CONNECT == 0 {
            Some(self.what & RECURSION_DESIRED != 0)
        } else {
            None
        }
    }

    /// Whether an answer came.
    #[inline(always)]
    pub const fn is_answered(&self) -> bool {
        self.what & ANSWERED != 0
    }

    /// The id; of a SYN none that means anything.
    #[inline(always)]
    pub const fn id(&self) -> u16 {
        (self.what & ID) as u16
    }

    /// Whether it is still to be kept when there is a newer one of its flow: not where that one is the same query, sent
    /// again, which stands for both; and no SYN, which only opens the connection for what comes.
    #[inline(always)]
    pub(super) fn outlives(&self, newer: &Self, now_ns: u64) -> bool {
        let is_same = (self.what ^ newer.what) & (CONNECT | ID) == 0;
        self.what & CONNECT == 0 && !is_same && self.is_waiting(now_ns)
    }

    /// Whether it would be missed: not answered, and young enough for an error to come.
    #[inline(always)]
    pub(super) fn is_waiting(&self, now_ns: u64) -> bool {
        self.what & (USED | ANSWERED) == USED && now_ns.saturating_sub(self.time_ns) < TRACE_LIFETIME_NS
    }

    /// Its flow, which has this bucket among the young.
    #[inline(always)]
    pub(super) const fn flow(&self, young: u32) -> FlowHash {
        FlowHash::of_young(self.what & FINGERPRINT, young)
    }

    /// What is overwritten first has the lowest: empty slots, then answered queries, then old ones.
    #[inline(always)]
    fn worth(&self) -> u64 {
        let unanswered = u64::from(self.what & (USED | ANSWERED) == USED);
        unanswered << 63 | self.time_ns >> 1
    }
}

/// The first word of a trace, which tells alone whether it is the one that is looked for.
#[derive(Clone, Copy)]
struct What(u64);

impl What {
    #[inline(always)]
    fn is_of(self, flow: FlowHash) -> bool {
        self.0 & (FINGERPRINT | USED) == flow.fingerprint() | USED
    }

    #[inline(always)]
    fn is_query(self, flow: FlowHash, id: u16) -> bool {
        self.0 & (FINGERPRINT | USED | CONNECT | ID) == flow.fingerprint() | USED | u64::from(id)
    }
}

/// Where a trace is kept. All CPUs share it: two that write to one slot at once may leave what one of them wrote and
/// when the other one was. Such a trace fits no query, and is lost like an overwritten one; or it fits one, and gives
/// that a wrong time, which takes an answer between the two writes, nanoseconds apart.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Slot {
    what: Shared<u64>,
    time_ns: Shared<u64>,
}

const _: () = assert!(size_of::<Slot>() == size_of::<Trace>());

impl Slot {
    const fn empty() -> Self {
        Self {
            what: Shared::new(0),
            time_ns: Shared::new(0),
        }
    }

    /// The trace that is there.
    #[inline(always)]
    pub(super) fn get(&self) -> Trace {
        Trace {
            what: self.what.get(),
            time_ns: self.time_ns.get(),
        }
    }

    /// Puts another one there.
    #[inline(always)]
    pub(super) fn set(&self, trace: Trace) {
        self.what.set(trace.what);
        self.time_ns.set(trace.time_ns);
    }

    /// Marks the query answered, whose trace was found here. If another CPU has put one of another query here
    /// meanwhile, that one is overwritten.
    #[inline(always)]
    pub(super) fn mark_answered(&self, trace: Trace) {
        self.what.set(trace.what | ANSWERED);
    }
}

/// A trace, and the slot where it was found.
pub(super) type Found<'a> = (Trace, &'a Slot);

/// Four traces.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Bucket([Slot; SLOTS]);

impl Bucket {
    /// No trace.
    pub const fn empty() -> Self {
        Self([const { Slot::empty() }; SLOTS])
    }

    /// The flow's trace, where it has no other one: among the young.
    #[inline(always)]
    pub(super) fn of(&self, flow: FlowHash) -> Option<Found<'_>> {
        self.first(|what| what.is_of(flow))
    }

    /// The trace of the flow's query with this id, where it has no other one: among the young.
    #[inline(always)]
    pub(super) fn query(&self, flow: FlowHash, id: u16) -> Option<Found<'_>> {
        self.first(|what| what.is_query(flow, id))
    }

    #[inline(always)]
    fn first(&self, fits: impl Fn(What) -> bool) -> Option<Found<'_>> {
        for slot in &self.0 {
            let what = slot.what.get();
            if fits(What(what)) {
                let time_ns = slot.time_ns.get();
                return Some((Trace { what, time_ns }, slot));
            }
        }
        None
    }

    /// The flow's newest trace here.
    #[inline(always)]
    pub(super) fn newest_of(&self, flow: FlowHash) -> Option<Found<'_>> {
        self.newest(|what| what.is_of(flow))
    }

    /// The newest trace of the flow's query with this id.
    #[inline(always)]
    pub(super) fn newest_query(&self, flow: FlowHash, id: u16) -> Option<Found<'_>> {
        self.newest(|what| what.is_query(flow, id))
    }

    #[inline(always)]
    fn newest(&self, fits: impl Fn(What) -> bool) -> Option<Found<'_>> {
        let [first, ..] = &self.0;
        // Not an option, which the compiler would leave half undefined where there is none.
        let mut found = (Trace::NONE, first);
        for slot in &self.0 {
            let trace = slot.get();
            if fits(What(trace.what)) && trace.time_ns >= found.0.time_ns {
                found = (trace, slot);
            }
        }
        if found.0 == Trace::NONE { None } else { Some(found) }
    }

    /// Puts a trace into the slot that is worth least, unless all are worth more than it. Returns whether one
    /// was lost that will be missed.
    #[inline(always)]
    pub(super) fn put(&self, trace: Trace, now_ns: u64) -> bool {
        let (victim, slot) = self.victim();
        if trace.worth() < victim.worth() {
            return trace.is_waiting(now_ns);
        }
        slot.set(trace);
        victim.is_waiting(now_ns)
    }

    /// The slot that is worth least.
    #[inline(always)]
    pub(super) fn victim(&self) -> Found<'_> {
        let [first, rest @ ..] = &self.0;
        let mut victim = (first.get(), first);
        for slot in rest {
            let trace = slot.get();
            if trace.worth() < victim.0.worth() {
                victim = (trace, slot);
            }
        }
        victim
    }
}
