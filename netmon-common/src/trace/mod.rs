//! The table of traces: which queries were seen, so that an error can be checked against the query that it
//! quotes, and an answer's time be measured.
//!
//! Bounded, of fixed size, and without any list or lock: each bucket is one cache line of four slots. A flow
//! (addresses, ports, transport) has a home bucket, where its newest query is. Most flows have one query only;
//! when one that still waits has to make room for a newer one of its flow, it moves to a bucket that its id
//! chooses as well. So a client that sends all queries from one port loses no more traces than others, and an
//! error that quotes too little to show the id finds a query by its flow alone.
//!
//! Where all four slots are taken, an answered query gives way, else the oldest: `traces_overwritten` counts
//! those that still waited. At 1,000 queries a second without any answer, one trace in 5,000 is lost within 60 s.
//!
//! These functions are for both sides; each brings its own [`Table`].

mod bucket;
mod flow;

pub use bucket::{Asked, Bucket, Trace};
pub use flow::{Flow, FlowHash, KEYS, Keys, Secret};

/// Where the buckets are: an array map, or memory.
pub trait Table {
    /// The bucket with this number, which is below [`TRACE_BUCKETS`](crate::limits::TRACE_BUCKETS).
    fn bucket(&mut self, number: u32) -> Option<&mut Bucket>;
}

/// Records a query that was seen now. Returns whether a trace was overwritten for it that will be missed.
#[inline(always)]
pub fn record<T: Table>(table: &mut T, flow: FlowHash, asked: Asked, now_ns: u64) -> bool {
    let trace = Trace::new(flow, asked, now_ns);
    let Some(home) = table.bucket(flow.home()) else {
        return false;
    };
    let Some(place) = home.newest_of(flow) else {
        return home.put(trace, now_ns);
    };
    let older = *place;
    *place = trace;
    match (older.waiting_id(now_ns), asked) {
        // Sent again: the newer one stands for both.
        (Some(older_id), Asked::Query { id, .. }) if older_id == id => false,
        (Some(older_id), Asked::Query { .. } | Asked::Connect) => {
            move_away(table, flow, older_id, older, now_ns)
        }
        (None, Asked::Query { .. } | Asked::Connect) => false,
    }
}

/// Moves a query that still waits to the bucket that its id chooses.
#[inline(always)]
fn move_away<T: Table>(table: &mut T, flow: FlowHash, id: u16, older: Trace, now_ns: u64) -> bool {
    let Some(away) = table.bucket(flow.away(id)) else {
        return true;
    };
    if let Some(same) = away.query(flow, id) {
        *same = older;
        return false;
    }
    away.put(older, now_ns)
}

/// The trace of the query that an answer or an error belongs to: by its id, or, where that is not known,
/// the flow's newest.
#[inline(always)]
pub fn find<T: Table>(table: &mut T, flow: FlowHash, id: Option<u16>) -> Option<Trace> {
    match id {
        Some(id) => find_query(table, flow, id).map(|trace| *trace),
        None => table.bucket(flow.home())?.newest_of(flow).map(|trace| *trace),
    }
}

/// The trace of the query that was answered just now, as it was before: only of the first answer it says that
/// none had come.
#[inline(always)]
pub fn answer<T: Table>(table: &mut T, flow: FlowHash, id: u16) -> Option<Trace> {
    let trace = find_query(table, flow, id)?;
    let before = *trace;
    trace.mark_answered();
    Some(before)
}

#[inline(always)]
fn find_query<T: Table>(table: &mut T, flow: FlowHash, id: u16) -> Option<&mut Trace> {
    let is_home = table.bucket(flow.home())?.query(flow, id).is_some();
    let number = if is_home { flow.home() } else { flow.away(id) };
    table.bucket(number)?.query(flow, id)
}

#[cfg(test)]
mod tests;
