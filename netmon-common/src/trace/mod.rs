//! The table of traces: which queries were seen, so that an error can be checked against the query that it
//! quotes, and an answer's time be measured.
//!
//! Bounded, of fixed size, and without any list or lock: each bucket is one cache line of four slots. There are two
//! generations. Each query leaves its trace among the **young**, which are few enough to stay in the processor's cache,
//! and most are answered before they have to make room there. One that still waits then moves to the **old**, where
//! hardly any place was touched lately: going there takes longer than all else.
//!
//! A flow (addresses, ports, transport) has a home bucket in each generation, where its newest query is. Most flows have
//! one query only; when one that still waits has to make room at home for a newer one of its flow, it moves to an old
//! bucket that its id chooses as well. So a client that sends all queries from one port loses no more traces than others, and
//! an error that quotes too little to show the id finds a query by its flow alone.
//!
//! A query that is sent again while it waits leaves another trace, and says so; the earlier one moves to the old. One answer
//! settles all of them: the newest one, one in the flow's old home, and up to four where its id chooses. Of more, those that
//! gave way stay unsettled.
//!
//! Where all four slots are taken, an answered query gives way, else the oldest: `traces_overwritten` counts
//! those that still waited, and were old. At 1,000 queries a second without any answer, one trace in 1,800 is lost
//! within 60 s.
//!
//! This is for both sides; each brings its own [`Memory`]. What few packets need is not inlined: the kernel's programs would
//! grow by it several times over.

mod bucket;
mod flow;
mod slot;

pub use bucket::Bucket;
use bucket::{Found, NOWHERE};
pub use flow::{Flow, FlowHash, KEYS, Keys, Secret};
pub use slot::{Asked, Key, Quoted, Trace};

use crate::limits::{TRACE_LIFETIME_NS, YOUNG_BUCKETS};
use crate::shared::Shared;

/// Where the traces are: array maps, or memory.
///
/// It also says how what few packets need is run, as a part of the table or apart: the kernel's verifier looks at a
/// function that stands alone once, and at others again for each way that leads to them.
pub trait Memory {
    /// The bucket of the young with this number, which is below [`YOUNG_BUCKETS`].
    fn young(&self, number: u32) -> Option<&Bucket>;

    /// The bucket of the old with this number, which is below [`OLD_BUCKETS`].
    fn old(&self, number: u32) -> Option<&Bucket>;

    /// When a trace last moved from the young to the old, of all flows that share this mark, in [`tick`]s; 0 for never.
    /// The number is below [`MOVED_MARKS`](crate::limits::MOVED_MARKS).
    fn moved(&self, number: u32) -> Option<&Shared<u32>>;

    /// Runs [`among_old`].
    fn among_old(&self, flow: FlowHash, key: Key, question: u16, now_ns: u64) -> SlotNumber {
        among_old(self, flow, key, question, now_ns)
    }

    /// Runs [`newest`].
    fn newest(&self, flow: FlowHash, now_ns: u64) -> SlotNumber {
        newest(self, flow, now_ns)
    }

    /// Runs [`failing`].
    fn failing(&self, flow: FlowHash, quoted: Quoted, now_ns: u64) -> SlotNumber {
        failing(self, flow, quoted, now_ns)
    }

    /// Runs [`move_to_old`].
    fn move_to_old(&self, flow: FlowHash, trace: Trace, now_ns: u64) -> bool {
        move_to_old(self, flow, trace, now_ns)
    }
}

/// The number of a slot in both generations together: those of the young come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SlotNumber(u32);

#[expect(clippy::cast_possible_truncation, reason = "there are four")]
const SLOTS: u32 = bucket::SLOTS as u32;

impl SlotNumber {
    /// In place of a number: there is none. (No option: half of it would be undefined, which the verifier refuses.)
    const NONE: Self = Self(u32::MAX);

    /// The slot with this number.
    #[inline(always)]
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    #[inline(always)]
    pub const fn number(self) -> u32 {
        self.0
    }

    #[inline(always)]
    const fn young(bucket: u32, place: u32) -> Self {
        Self(bucket * SLOTS + place)
    }

    #[inline(always)]
    const fn old(bucket: u32, place: u32) -> Self {
        Self((YOUNG_BUCKETS + bucket) * SLOTS + place)
    }
}

/// The table.
#[derive(Clone, Copy, Debug)]
pub struct Table<M>(pub M);

/// A moment as the marks keep it: in units of 2^30 ns, near a second.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "they come round after a hundred years"
)]
const fn tick(nanos: u64) -> u32 {
    (nanos >> 30) as u32
}

/// The trace in this slot, if it is young enough to be answered, or to fail.
#[inline(always)]
fn at<M: Memory + ?Sized>(memory: &M, slot: SlotNumber, now_ns: u64) -> Option<Found<'_>> {
    let (bucket, place) = (slot.0 / SLOTS, slot.0 % SLOTS);
    let found = if bucket < YOUNG_BUCKETS {
        memory.young(bucket)?.at(place, now_ns)?
    } else {
        memory.old(bucket - YOUNG_BUCKETS)?.at(place, now_ns)?
    };
    if found.trace.is_young(now_ns) {
        Some(found)
    } else {
        None
    }
}

/// Where the trace of this query, which may be for that question (0: whatever it asks), is among the old: at its flow's home, or
/// where its id chooses.
#[inline(always)]
pub fn among_old<M: Memory + ?Sized>(
    memory: &M,
    flow: FlowHash,
    key: Key,
    question: u16,
    now_ns: u64,
) -> SlotNumber {
    let home = flow.home();
    let Some(bucket) = memory.old(home) else {
        return SlotNumber::NONE;
    };
    let place = bucket.newest_query(flow, key, question, now_ns);
    if place != NOWHERE {
        return SlotNumber::old(home, place);
    }
    let away = flow.away(key.id());
    let Some(bucket) = memory.old(away) else {
        return SlotNumber::NONE;
    };
    let place = bucket.newest_query(flow, key, question, now_ns);
    if place != NOWHERE {
        return SlotNumber::old(away, place);
    }
    SlotNumber::NONE
}

/// Where the newest trace of the flow is, whatever its id.
#[inline(always)]
pub fn newest<M: Memory + ?Sized>(memory: &M, flow: FlowHash, now_ns: u64) -> SlotNumber {
    let Some(bucket) = memory.young(flow.young()) else {
        return SlotNumber::NONE;
    };
    let place = bucket.of(flow);
    if place != NOWHERE {
        return SlotNumber::young(flow.young(), place);
    }
    newest_among_old(memory, flow, now_ns)
}

#[inline(always)]
fn newest_among_old<M: Memory + ?Sized>(memory: &M, flow: FlowHash, now_ns: u64) -> SlotNumber {
    let home = flow.home();
    let Some(bucket) = memory.old(home) else {
        return SlotNumber::NONE;
    };
    let place = bucket.newest_of(flow, now_ns);
    if place != NOWHERE {
        return SlotNumber::old(home, place);
    }
    SlotNumber::NONE
}

/// Where the trace is that an error is about: the one of this query, or, where it is not known, the flow's newest one that waits.
#[inline(always)]
pub fn failing<M: Memory + ?Sized>(
    memory: &M,
    flow: FlowHash,
    Quoted {
        key,
        is_known,
        question,
    }: Quoted,
    now_ns: u64,
) -> SlotNumber {
    let slot = if is_known {
        let Some(bucket) = memory.young(flow.young()) else {
            return SlotNumber::NONE;
        };
        let place = bucket.query(flow, key);
        match bucket.at(place, now_ns) {
            Some(found) if found.trace.may_ask(question) => SlotNumber::young(flow.young(), place),
            Some(_) | None => among_old(memory, flow, key, question, now_ns),
        }
    } else {
        newest(memory, flow, now_ns)
    };
    let Some(Found { trace, .. }) = at(memory, slot, now_ns) else {
        return SlotNumber::NONE;
    };
    if trace.is_waiting(now_ns) || is_known && (trace.is_answered() || !trace.was_asked_before()) {
        return slot;
    }
    // Each time that a query was sent may verify an error of its own.
    let earlier = if is_known {
        among_old(memory, flow, key, question, now_ns)
    } else {
        newest_among_old(memory, flow, now_ns)
    };
    match at(memory, earlier, now_ns) {
        Some(found) if found.trace.is_waiting(now_ns) => return earlier,
        Some(_) | None => {}
    }
    let away = flow.away(trace.key().id());
    let place = match memory.old(away) {
        Some(bucket) => bucket.newest_waiting(flow, trace.key(), question, now_ns),
        None => NOWHERE,
    };
    if place == NOWHERE {
        slot
    } else {
        SlotNumber::old(away, place)
    }
}

/// Moves a trace that still waits from the young to its home among the old. It is newer than what is there of its flow,
/// which moves on to the bucket that its id chooses. Returns whether one is lost for it that will be missed.
#[inline(always)]
pub fn move_to_old<M: Memory + ?Sized>(memory: &M, flow: FlowHash, trace: Trace, now_ns: u64) -> bool {
    if let Some(moved) = memory.moved(flow.mark()) {
        moved.set(tick(now_ns));
    }
    let Some(home) = memory.old(flow.home()) else {
        return true;
    };
    let Some(Found { trace: older, slot }) = home.at(home.newest_of(flow, now_ns), now_ns) else {
        return home.put(trace, now_ns);
    };
    slot.set(trace);
    if !older.is_waiting(now_ns) {
        return false;
    }
    match memory.old(flow.away(older.key().id())) {
        Some(away) => away.put(older, now_ns),
        None => true,
    }
}

impl<M: Memory> Table<M> {
    /// Records a query that was seen now. Returns whether a trace was overwritten for it that will be missed.
    #[inline(always)]
    pub fn record(&self, flow: FlowHash, asked: Asked, now_ns: u64) -> bool {
        self.put(flow, Trace::new(flow, asked, now_ns), now_ns)
    }

    /// Records the second sight of a query, from another address: the exchange belongs to the first one.
    #[inline(always)]
    pub fn lend(&self, flow: FlowHash, asked: Asked, now_ns: u64) -> bool {
        self.put(flow, Trace::new(flow, asked, now_ns).lent(), now_ns)
    }

    /// What moves is in its new place before it leaves the other one, or another CPU might look for it meanwhile.
    #[inline(always)]
    fn put(&self, flow: FlowHash, trace: Trace, now_ns: u64) -> bool {
        let Some(young) = self.0.young(flow.young()) else {
            return false;
        };
        let same_flow = young.of(flow);
        let is_same_flow = same_flow != NOWHERE;
        let place = if is_same_flow {
            same_flow
        } else {
            young.victim(now_ns)
        };
        let Some(Found { trace: before, slot }) = young.at(place, now_ns) else {
            return false;
        };
        let is_waiting = before.is_waiting(now_ns);
        let is_again = is_waiting && is_same_flow && before.key() == trace.key();
        // A SYN is not missed when the query comes for which it opened the connection.
        let is_opened = is_same_flow && before.is_connect() && !trace.is_connect();
        let trace = if is_again || self.waits_among_old(flow, trace.key(), now_ns) {
            trace.again()
        } else {
            trace
        };
        let lost = is_waiting && !is_opened && self.0.move_to_old(before.flow(flow.young()), before, now_ns);
        slot.set(trace);
        lost
    }

    /// Whether the query waits among the old. The marks spare most queries the way there.
    #[inline(always)]
    fn waits_among_old(&self, flow: FlowHash, key: Key, now_ns: u64) -> bool {
        let Some(moved) = self.0.moved(flow.mark()) else {
            return false;
        };
        if tick(now_ns).wrapping_sub(moved.get()) > tick(TRACE_LIFETIME_NS) + 1 {
            return false;
        }
        at(&self.0, self.0.among_old(flow, key, 0, now_ns), now_ns)
            .is_some_and(|found| found.trace.is_waiting(now_ns))
    }

    /// The trace of this query, if it is young enough to be answered, or to fail.
    #[inline(always)]
    pub fn find(&self, flow: FlowHash, key: Key, now_ns: u64) -> Option<Trace> {
        self.query(flow, key, 0, now_ns).map(|found| found.trace)
    }

    /// The newest query with this key that may be for that question: a client may use an id again while another query with it
    /// waits.
    #[inline(always)]
    fn query(&self, flow: FlowHash, key: Key, question: u16, now_ns: u64) -> Option<Found<'_>> {
        let young = self.0.young(flow.young())?;
        let place = young.query(flow, key);
        if place != NOWHERE {
            let found = young.at(place, now_ns)?;
            if !found.trace.is_young(now_ns) {
                return None;
            }
            if found.trace.may_ask(question) {
                return Some(found);
            }
        }
        at(&self.0, self.0.among_old(flow, key, question, now_ns), now_ns)
    }

    /// Takes an answer to this query, which names the question with this [mark](crate::wire::dns::Question::mark) (0 where
    /// that is not known, and over TCP): gives the query's trace as it was before, if there is one. Where that was not
    /// answered, and [was asked before](Trace::was_asked_before), [`Self::answer_earlier`] settles the rest.
    #[inline(always)]
    pub fn answer(&self, flow: FlowHash, key: Key, question: u16, now_ns: u64) -> Option<Trace> {
        let Found { trace, slot } = self.query(flow, key, question, now_ns)?;
        slot.mark_answered(trace);
        Some(trace)
    }

    /// Takes a segment with payload of the flow's server, which has read up to there: an answer to the newest query of
    /// the flow, if it has read that.
    #[inline(always)]
    pub fn acknowledge(&self, flow: FlowHash, acknowledgment: u32, now_ns: u64) -> Option<Trace> {
        let Found { trace, slot } = at(&self.0, self.0.newest(flow, now_ns), now_ns)?;
        if trace.is_connect() || !trace.is_acknowledged_by(acknowledgment) {
            return None;
        }
        slot.mark_answered(trace);
        Some(trace)
    }

    /// Calls `settle` with the traces of this query that wait among the old, and notes that they are answered.
    #[inline(always)]
    pub fn answer_earlier(
        &self,
        flow: FlowHash,
        key: Key,
        question: u16,
        now_ns: u64,
        mut settle: impl FnMut(Trace),
    ) {
        for number in [flow.home(), flow.away(key.id())] {
            if let Some(bucket) = self.0.old(number) {
                bucket.answer_all(flow, key, question, now_ns, &mut settle);
            }
        }
    }

    /// Takes an error about this query, or, where it is not known, about the flow's newest one that waits: gives its trace as it was
    /// before. The error is verified if that was neither answered nor had failed.
    #[inline(always)]
    pub fn fail(&self, flow: FlowHash, quoted: Quoted, now_ns: u64) -> Option<Trace> {
        let slot = self.0.failing(flow, quoted, now_ns);
        let Found { trace, slot } = at(&self.0, slot, now_ns)?;
        if trace.is_waiting(now_ns) {
            slot.mark_failed(trace);
        }
        Some(trace)
    }
}

#[cfg(test)]
mod tests;
