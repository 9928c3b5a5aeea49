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
//! Where all four slots are taken, an answered query gives way, else the oldest: `traces_overwritten` counts
//! those that still waited, and were old. At 1,000 queries a second without any answer, one trace in 5,000 is lost
//! within 60 s.
//!
//! This is for both sides; each brings its own [`Buckets`].

mod bucket;
mod flow;

use bucket::Found;
pub use bucket::{Asked, Bucket, Trace};
pub use flow::{Flow, FlowHash, KEYS, Keys, Secret};

/// Where the buckets of a generation are: an array map, or memory.
pub trait Buckets {
    /// The bucket with this number, which is below [`YOUNG_BUCKETS`](crate::limits::YOUNG_BUCKETS) or
    /// [`OLD_BUCKETS`](crate::limits::OLD_BUCKETS).
    fn bucket(&self, number: u32) -> Option<&Bucket>;
}

/// The table.
#[derive(Clone, Copy, Debug)]
pub struct Table<Y, O> {
    /// Where each query comes first.
    pub young: Y,
    /// Where those go that wait for long.
    pub old: O,
}

impl<Y: Buckets, O: Buckets> Table<Y, O> {
    /// Records a query that was seen now. Returns whether a trace was overwritten for it that will be missed.
    ///
    /// What moves is in its new place before it leaves the other one, or another CPU might look for it meanwhile.
    #[inline(always)]
    pub fn record(&self, flow: FlowHash, asked: Asked, now_ns: u64) -> bool {
        let trace = Trace::new(flow, asked, now_ns);
        let Some(young) = self.young.bucket(flow.young()) else {
            return false;
        };
        let ((before, slot), moves) = if let Some(found) = young.of(flow) {
            let moves = found.0.outlives(&trace, now_ns);
            (found, moves)
        } else {
            let victim = young.victim();
            let moves = victim.0.is_waiting(now_ns);
            (victim, moves)
        };
        let lost = moves && settle(&self.old, before.flow(flow.young()), before, now_ns);
        slot.set(trace);
        lost
    }

    /// The trace of the query that an answer or an error belongs to: by its id, or, where that is not known,
    /// the flow's newest.
    #[inline(always)]
    pub fn find(&self, flow: FlowHash, id: Option<u16>) -> Option<Trace> {
        let Some(id) = id else {
            if let Some((young, _)) = self.young.bucket(flow.young())?.of(flow) {
                return Some(young);
            }
            return self
                .old
                .bucket(flow.home())?
                .newest_of(flow)
                .map(|(trace, _)| trace);
        };
        self.query(flow, id).map(|(trace, _)| trace)
    }

    /// The trace of the query that was answered just now, as it was before: only of the first answer it says that
    /// none had come.
    #[inline(always)]
    pub fn answer(&self, flow: FlowHash, id: u16) -> Option<Trace> {
        let (trace, slot) = self.query(flow, id)?;
        slot.mark_answered(trace);
        Some(trace)
    }

    #[inline(always)]
    fn query(&self, flow: FlowHash, id: u16) -> Option<Found<'_>> {
        if let Some(young) = self.young.bucket(flow.young())?.query(flow, id) {
            return Some(young);
        }
        let is_home = self.old.bucket(flow.home())?.newest_query(flow, id).is_some();
        let number = if is_home { flow.home() } else { flow.away(id) };
        self.old.bucket(number)?.newest_query(flow, id)
    }
}

/// Moves a trace that still waits from the young to its home among the old. It is newer than what is there of its flow,
/// which moves on to the bucket that its id chooses. Returns whether one is lost for it that will be missed.
#[inline(always)]
fn settle<O: Buckets>(old: &O, flow: FlowHash, trace: Trace, now_ns: u64) -> bool {
    let Some(home) = old.bucket(flow.home()) else {
        return true;
    };
    let Some((older, slot)) = home.newest_of(flow) else {
        return home.put(trace, now_ns);
    };
    slot.set(trace);
    if !older.outlives(&trace, now_ns) {
        return false;
    }
    let Some(away) = old.bucket(flow.away(older.id())) else {
        return true;
    };
    if let Some((_, same)) = away.newest_query(flow, older.id()) {
        same.set(older);
        return false;
    }
    away.put(older, now_ns)
}

#[cfg(test)]
mod tests;
