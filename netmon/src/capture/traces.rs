//! The table of traces of a capture, in memory.

use netmon_common::limits::{OLD_BUCKETS, YOUNG_BUCKETS};
use netmon_common::trace::{Asked, Bucket, Buckets, Flow, Secret, Table, Trace};

use crate::time::Time;

/// Which queries the capture shows.
pub struct Traces {
    table: Table<Memory, Memory>,
    overwritten: u64,
}

struct Memory(Vec<Bucket>);

impl Memory {
    fn new(buckets: u32) -> Self {
        Self(vec![Bucket::empty(); buckets as usize])
    }
}

impl Buckets for Memory {
    fn bucket(&self, number: u32) -> Option<&Bucket> {
        self.0.get(number as usize)
    }
}

/// Whoever made the capture could have made the queries as well as the errors, so nothing is to be kept from
/// them; and the same capture gives the same result each time.
const SECRET: Secret = Secret::expanded(0);

impl Traces {
    /// None yet.
    pub fn new() -> Self {
        Self {
            table: Table {
                young: Memory::new(YOUNG_BUCKETS),
                old: Memory::new(OLD_BUCKETS),
            },
            overwritten: 0,
        }
    }

    /// Records a query.
    pub fn record(&mut self, flow: &Flow, asked: Asked, time: Time) {
        let lost = self.table.record(flow.hash(&SECRET), asked, time.nanos());
        self.overwritten += u64::from(lost);
    }

    /// The query that an error quotes.
    pub fn find(&self, flow: &Flow, id: Option<u16>) -> Option<Trace> {
        self.table.find(flow.hash(&SECRET), id)
    }

    /// The query that is answered now, as it was before.
    pub fn answer(&self, flow: &Flow, id: u16) -> Option<Trace> {
        self.table.answer(flow.hash(&SECRET), id)
    }

    /// How many queries lost their trace within 60 s, unanswered.
    pub fn overwritten(&self) -> u64 {
        self.overwritten
    }
}
