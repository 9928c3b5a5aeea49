//! Which query an answer or an error over UDP belongs to, in a capture: by the same table as in the kernel.
//!
//! The table keeps one trace of a query, its newest; what it cannot hold is kept beside it: that a query was sent several
//! times, and that an error has come. Both are rare.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use netmon_common::limits::{OLD_BUCKETS, TRACE_LIFETIME_NS, YOUNG_BUCKETS};
use netmon_common::trace::{Asked, Bucket, Buckets, Flow, Secret, Table, Trace};

use super::exchanges::{About, Sent};
use super::limits::{RESENT, RESENT_QUERIES, SAME_PACKET};
use crate::time::Time;

/// Which queries the capture shows.
pub(super) struct Pairing {
    table: Table<Memory, Memory>,
    beside: HashMap<(Flow, u16), Beside, RandomState>,
    overwritten: u64,
    duplicates: u64,
    /// In which second it was last looked what can make room beside the table.
    looked_at: u64,
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

/// What is kept of a query that was sent again, or that an error is about.
#[derive(Debug, Default)]
struct Beside {
    /// When it was sent before, and whether an error came about that.
    earlier: Vec<(Time, bool)>,
    /// Whether an error came about the newest.
    failed: bool,
    /// When the newest error came.
    error: Time,
    touched: Time,
}

/// What an answer settles.
pub(super) enum Settled {
    /// These queries, the newest first, and which of them an error was about.
    Queries(Vec<(Sent, bool)>),
    /// A query that was answered before.
    Again,
    /// None that was seen.
    Nothing,
}

impl Pairing {
    /// None yet.
    pub fn new() -> Self {
        Self {
            table: Table {
                young: Memory::new(YOUNG_BUCKETS),
                old: Memory::new(OLD_BUCKETS),
            },
            beside: HashMap::default(),
            overwritten: 0,
            duplicates: 0,
            looked_at: 0,
        }
    }

    /// Takes a query. Whether it is a packet of its own, and not one that the capture shows several times.
    pub fn asked(&mut self, flow: &Flow, id: u16, recursion_desired: bool, now: Time) -> bool {
        let hash = flow.hash(&SECRET);
        match self.table.find(hash, Some(id)).filter(|trace| waits(trace, now)) {
            Some(trace) => {
                let sent = Time::from_nanos(trace.time_ns());
                let beside = self.beside.get(&(*flow, id));
                if now.since(sent) < SAME_PACKET && beside.is_none_or(|beside| !beside.failed) {
                    self.duplicates += 1;
                    return false;
                }
                if let Some(beside) = self.beside(flow, id, now) {
                    let failed = std::mem::take(&mut beside.failed);
                    if beside.earlier.len() < RESENT {
                        beside.earlier.push((sent, failed));
                    }
                }
            }
            None if !self.beside.is_empty() => _ = self.beside.remove(&(*flow, id)),
            None => {}
        }
        let asked = Asked::Query {
            id,
            recursion_desired,
        };
        let lost = self.table.record(hash, asked, now.nanos());
        self.overwritten += u64::from(lost);
        true
    }

    /// Takes an answer.
    pub fn answered(&mut self, flow: &Flow, id: u16, now: Time) -> Settled {
        let hash = flow.hash(&SECRET);
        match self.table.find(hash, Some(id)) {
            None => return Settled::Nothing,
            Some(trace) if trace.is_answered() => return Settled::Again,
            Some(trace) if !waits(&trace, now) => return Settled::Nothing,
            Some(_) => {}
        }
        let Some(trace) = self.table.answer(hash, id) else {
            return Settled::Nothing;
        };
        let beside = if self.beside.is_empty() {
            None
        } else {
            self.beside.remove(&(*flow, id))
        };
        let iterative = trace.recursion_desired() == Some(false);
        let query = |at, failed| (Sent { at, iterative }, failed);
        let newest = Time::from_nanos(trace.time_ns());
        let mut queries = vec![query(newest, beside.as_ref().is_some_and(|beside| beside.failed))];
        // Those that an error came about stay failed: the answer is to one that was sent later.
        let earlier = beside.into_iter().flat_map(|beside| beside.earlier);
        let waiting = earlier.filter(|(at, failed)| !failed && now.since(*at) < LIFETIME);
        queries.extend(waiting.map(|(at, _)| query(at, false)));
        Settled::Queries(queries)
    }

    /// Takes an error that quotes the flow, and the id where it quotes so much. `None` where it is an error that the capture
    /// shows several times.
    pub fn failed(&mut self, flow: &Flow, id: Option<u16>, now: Time) -> Option<About> {
        let Some(trace) = self
            .table
            .find(flow.hash(&SECRET), id)
            .filter(|trace| waits(trace, now))
        else {
            return Some(About::Nothing);
        };
        let iterative = trace.recursion_desired() == Some(false);
        let Some(beside) = self.beside(flow, trace.id(), now) else {
            return Some(About::Nothing);
        };
        let is_same = now.since(beside.error) < SAME_PACKET;
        let mut earlier = beside.earlier.iter_mut();
        let waiting = earlier.find(|(at, failed)| !failed && now.since(*at) < LIFETIME);
        let at = match waiting {
            Some((at, failed)) => {
                *failed = true;
                *at
            }
            None if beside.failed && is_same => {
                self.duplicates += 1;
                return None;
            }
            None if beside.failed => {
                beside.error = now;
                return Some(About::Failed);
            }
            None => {
                beside.failed = true;
                Time::from_nanos(trace.time_ns())
            }
        };
        beside.error = now;
        Some(About::Waiting(Sent { at, iterative }))
    }

    /// What is kept beside the table, of at most so many queries.
    fn beside(&mut self, flow: &Flow, id: u16, now: Time) -> Option<&mut Beside> {
        let key = (*flow, id);
        if self.beside.len() >= RESENT_QUERIES && !self.beside.contains_key(&key) {
            // Looking at all of them takes its time.
            if self.looked_at == now.second() {
                return None;
            }
            self.looked_at = now.second();
            self.beside
                .retain(|_, beside| now.since(beside.touched) < LIFETIME);
            if self.beside.len() >= RESENT_QUERIES {
                return None;
            }
        }
        let beside = self.beside.entry(key).or_default();
        beside.touched = now;
        Some(beside)
    }

    /// How many queries lost their trace within 60 s, unanswered.
    pub const fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// How many packets were shown several times.
    pub const fn duplicates(&self) -> u64 {
        self.duplicates
    }
}

/// How long a query waits.
pub(super) const LIFETIME: std::time::Duration = std::time::Duration::from_nanos(TRACE_LIFETIME_NS);

fn waits(trace: &Trace, now: Time) -> bool {
    !trace.is_answered() && now.since(Time::from_nanos(trace.time_ns())) < LIFETIME
}
