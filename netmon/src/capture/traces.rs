//! The table of traces of a capture, in memory.

use netmon_common::limits::TRACE_BUCKETS;
use netmon_common::trace::{self, Asked, Bucket, Flow, Secret, Table, Trace};

use crate::time::Time;

/// Which queries the capture shows.
pub struct Traces {
    buckets: Memory,
    overwritten: u64,
}

struct Memory(Vec<Bucket>);

impl Table for Memory {
    fn bucket(&mut self, number: u32) -> Option<&mut Bucket> {
        self.0.get_mut(number as usize)
    }
}

/// Whoever made the capture could have made the queries as well as the errors, so nothing is to be kept from
/// them; and the same capture gives the same result each time.
const SECRET: Secret = Secret::expanded(0);

impl Traces {
    /// None yet.
    pub fn new() -> Self {
        Self {
            buckets: Memory(vec![Bucket::EMPTY; TRACE_BUCKETS as usize]),
            overwritten: 0,
        }
    }

    /// Records a query.
    pub fn record(&mut self, flow: &Flow, asked: Asked, time: Time) {
        let lost = trace::record(&mut self.buckets, flow.hash(&SECRET), asked, time.nanos());
        self.overwritten += u64::from(lost);
    }

    /// The query that an error quotes.
    pub fn find(&mut self, flow: &Flow, id: Option<u16>) -> Option<Trace> {
        trace::find(&mut self.buckets, flow.hash(&SECRET), id)
    }

    /// The query that is answered now, as it was before.
    pub fn answer(&mut self, flow: &Flow, id: u16) -> Option<Trace> {
        trace::answer(&mut self.buckets, flow.hash(&SECRET), id)
    }

    /// How many queries lost their trace within 60 s, unanswered.
    pub fn overwritten(&self) -> u64 {
        self.overwritten
    }
}
