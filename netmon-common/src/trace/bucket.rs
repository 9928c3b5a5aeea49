//! One bucket of the table: four slots, a cache line.

use core::hint::black_box;

use super::flow::FlowHash;
use super::slot::{Key, Slot, Trace, What};

/// Slots of a bucket.
pub const SLOTS: usize = 4;

/// A trace, and the slot where it was found. In this order: debug information of an option of it would else be none that the
/// kernel takes.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Found<'a> {
    pub(super) slot: &'a Slot,
    pub(super) trace: Trace,
}

/// Four traces.
#[derive(Clone, Debug)]
#[repr(C)]
pub struct Bucket([Slot; SLOTS]);

impl Bucket {
    /// No trace.
    pub const fn empty() -> Self {
        Self([const { Slot::empty() }; SLOTS])
    }

    /// A copy of one, out of memory that programs write to.
    pub fn of_words(words: [u64; 2 * SLOTS]) -> Self {
        let mut slots = words.as_chunks::<2>().0.iter();
        Self(core::array::from_fn(|_| {
            slots
                .next()
                .map_or_else(Slot::empty, |slot| Slot::of_words(*slot))
        }))
    }

    /// How old the trace is that is the next to make room for another one; `None` while that one would not be missed.
    pub fn lifetime_ns(&self, now_ns: u64) -> Option<u64> {
        let Found { trace, .. } = self.at(self.victim(now_ns), now_ns)?;
        if trace.is_waiting(now_ns) {
            Some(now_ns.saturating_sub(trace.time_ns()))
        } else {
            None
        }
    }

    /// The place of the flow's trace, where it has no other one: among the young.
    #[inline(always)]
    pub(super) fn of(&self, flow: FlowHash) -> u32 {
        self.first(|what| what.is_of(flow))
    }

    /// The place of this query's trace, where it has no other one: among the young.
    #[inline(always)]
    pub(super) fn query(&self, flow: FlowHash, key: Key) -> u32 {
        self.first(|what| what.is(flow, key))
    }

    #[inline(always)]
    fn first(&self, fits: impl Fn(What) -> bool) -> u32 {
        let mut place = NOWHERE;
        for (number, slot) in (0..).zip(&self.0) {
            if fits(slot.what()) {
                place = number;
            }
        }
        place
    }

    /// The place of the flow's newest trace here.
    #[inline(always)]
    pub(super) fn newest_of(&self, flow: FlowHash, now_ns: u64) -> u32 {
        self.newest(|what, _| what.is_of(flow), now_ns)
    }

    /// The place of the newest trace of this query of the flow, which may be for that question.
    #[inline(always)]
    pub(super) fn newest_query(&self, flow: FlowHash, key: Key, question: u16, now_ns: u64) -> u32 {
        self.newest(
            |what, trace| what.is(flow, key) && trace.may_ask(question),
            now_ns,
        )
    }

    /// The place of the newest trace of this query of the flow that waits, and may be for that question.
    #[inline(always)]
    pub(super) fn newest_waiting(&self, flow: FlowHash, key: Key, question: u16, now_ns: u64) -> u32 {
        self.newest(
            |what, trace| what.is(flow, key) && trace.is_waiting(now_ns) && trace.may_ask(question),
            now_ns,
        )
    }

    #[inline(always)]
    fn newest(&self, fits: impl Fn(What, &Trace) -> bool, now_ns: u64) -> u32 {
        let (mut place, mut newest) = (NOWHERE, 0);
        for (number, slot) in (0..).zip(&self.0) {
            let trace = slot.get(now_ns);
            if fits(slot.what(), &trace) && trace.time_ns() >= newest {
                (place, newest) = (number, trace.time_ns());
            }
        }
        place
    }

    /// Calls `settle` with each trace of this query of the flow that waits here, and notes that it is answered.
    #[inline(always)]
    pub(super) fn answer_all(
        &self,
        flow: FlowHash,
        key: Key,
        question: u16,
        now_ns: u64,
        settle: &mut impl FnMut(Trace),
    ) {
        for slot in &self.0 {
            let trace = slot.get(now_ns);
            if slot.what().is(flow, key) && trace.is_waiting(now_ns) && trace.may_ask(question) {
                slot.mark_answered(trace);
                settle(trace);
            }
        }
    }

    /// Puts a trace into the slot that is worth least, unless all are worth more than it. Returns whether one
    /// was lost that will be missed.
    #[inline(always)]
    pub(super) fn put(&self, trace: Trace, now_ns: u64) -> bool {
        let Some(Found { trace: victim, slot }) = self.at(self.victim(now_ns), now_ns) else {
            return false;
        };
        if trace.worth() < victim.worth() {
            return trace.is_waiting(now_ns);
        }
        slot.set(trace);
        victim.is_waiting(now_ns)
    }

    /// The place of the slot that is worth least. There is always one.
    #[inline(always)]
    pub(super) fn victim(&self, now_ns: u64) -> u32 {
        let (mut place, mut least) = (NOWHERE, u64::MAX);
        for (number, slot) in (0..).zip(&self.0) {
            let worth = slot.get(now_ns).worth();
            if worth < least {
                (place, least) = (number, worth);
            }
        }
        place
    }

    /// The trace at this place.
    #[inline(always)]
    pub(super) fn at(&self, place: u32, now_ns: u64) -> Option<Found<'_>> {
        let slot = self.0.get(forget(place, now_ns) as usize)?;
        let trace = slot.get(now_ns);
        Some(Found { slot, trace })
    }
}

/// In place of a place: there is none.
pub(super) const NOWHERE: u32 = 4;
const _: () = assert!(NOWHERE as usize == SLOTS);

/// The place itself, of which the kernel's verifier no longer knows which it is: it then looks at what follows once, and not
/// once for each slot. It knows nothing of times, and does not see that two of the same cancel out; nor must the compiler.
#[inline(always)]
fn forget(place: u32, time: u64) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "any number does")]
    let unknown = time as u32;
    // Not by exclusive or: to the verifier before Linux 5.12 its result may have 64 bits.
    black_box(place.wrapping_add(unknown)).wrapping_sub(unknown)
}
