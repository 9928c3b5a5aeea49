//! What the ICMP errors about a server say: by whom, how often, how soon.

use std::collections::VecDeque;
use std::ops::RangeBounds;

use netmon_common::{Address, Code};

use crate::model::memory;
use crate::observation::{Failed, Proof};
use crate::time::Time;

use super::limits::EARLY_ERRORS;
use super::thresholds::Thresholds;

/// Counts by ICMP code.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CodeCounts([u64; Code::ALL.len()]);

impl CodeCounts {
    /// So many more.
    pub fn add(&mut self, code: Code, more: u64) {
        if let Some(count) = self.0.get_mut(code as usize) {
            *count += more;
        }
    }

    /// How many.
    pub fn of(&self, code: Code) -> u64 {
        self.0.get(code as usize).copied().unwrap_or(0)
    }
}

impl std::ops::AddAssign for CodeCounts {
    fn add_assign(&mut self, other: Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count += more;
        }
    }
}

impl std::ops::SubAssign for CodeCounts {
    fn sub_assign(&mut self, other: Self) {
        for (count, less) in self.0.iter_mut().zip(other.0) {
            *count -= less;
        }
    }
}

/// The failures of an incident: errors that are believed and say that the server cannot be reached.
#[derive(Debug, Default)]
pub(super) struct Failures {
    said: [Said; Code::ALL.len()],
    /// Those by which this host says that the address has no endpoints; `said` does not have them.
    pub no_endpoints: u64,
    total: u64,
}

/// What was said with one code.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Said {
    /// By the server's own address.
    pub by_server: Sent,
    /// By others.
    pub by_others: Sent,
    /// The first other.
    pub other: Option<Address>,
    /// Whether there were several others.
    pub several: bool,
    /// When the first one came that the server sent itself.
    pub first_by_server: Option<Time>,
    /// How many came so soon after their query that nothing can have been waited for.
    pub quick: u64,
}

impl Said {
    /// All of them.
    pub fn total(&self) -> Sent {
        self.by_server + self.by_others
    }
}

/// How many errors were sent.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sent {
    /// All.
    pub errors: u64,
    /// Those that this host raised.
    pub raised_here: u64,
}

impl std::ops::Add for Sent {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            errors: self.errors + other.errors,
            raised_here: self.raised_here + other.raised_here,
        }
    }
}

impl Failures {
    /// Takes a failure.
    pub fn note(&mut self, at: Time, server: Address, failure: &Failed, thresholds: &Thresholds) {
        self.total += 1;
        let Some(said) = self.said.get_mut(failure.code as usize) else {
            return;
        };
        let sent = if failure.reporter == server {
            said.first_by_server.get_or_insert(at);
            &mut said.by_server
        } else {
            said.several |= said.other.is_some_and(|other| other != failure.reporter);
            said.other.get_or_insert(failure.reporter);
            &mut said.by_others
        };
        sent.errors += 1;
        sent.raised_here += u64::from(matches!(failure.proof, Proof::RaisedByThisHost(_)));
        if let Some(sent) = failure.proof.sent()
            && at.since(sent) <= thresholds.quick_error
        {
            said.quick += 1;
        }
    }

    /// Takes one that says that the address has no endpoints.
    pub fn note_no_endpoints(&mut self) {
        self.total += 1;
        self.no_endpoints += 1;
    }

    /// What the history keeps of what was said, by code.
    pub fn memory(&self) -> Vec<memory::Said> {
        let kept = |said: &Said| memory::Said {
            by_server: said.by_server.errors,
            by_server_here: said.by_server.raised_here,
            by_others: said.by_others.errors,
            by_others_here: said.by_others.raised_here,
            other: said.other.map(Address::ip),
            several: said.several,
            quick: said.quick,
        };
        self.said.iter().map(kept).collect()
    }

    /// From the history; the first error came when the incident `opened`, or later.
    pub fn restore(memory: &memory::Memory, opened: Time) -> Self {
        let mut failures = Self {
            no_endpoints: memory.no_endpoints,
            total: memory.errors,
            ..Self::default()
        };
        for (said, kept) in failures.said.iter_mut().zip(&memory.said) {
            *said = Said {
                by_server: Sent {
                    errors: kept.by_server,
                    raised_here: kept.by_server_here,
                },
                by_others: Sent {
                    errors: kept.by_others,
                    raised_here: kept.by_others_here,
                },
                other: kept.other.map(Address::from),
                several: kept.several,
                first_by_server: (kept.by_server > 0).then_some(opened),
                quick: kept.quick,
            };
        }
        failures
    }

    /// Whether clients that had no failure got answers to queries sent after the server's first `port`; the
    /// newest such query was sent then.
    pub fn others_are_answered(&self, query: Option<Time>) -> bool {
        let first = self.said(Code::Port).first_by_server;
        first.is_some_and(|first| query.is_some_and(|sent| sent > first))
    }

    /// What was said with that code.
    pub fn said(&self, code: Code) -> Said {
        self.said.get(code as usize).copied().unwrap_or_default()
    }

    /// How many there were.
    pub const fn total(&self) -> u64 {
        self.total
    }
}

/// The last errors about a server, whatever they are worth: an incident counts those since its first query. Of too many,
/// those of a second stand together.
#[derive(Debug, Default)]
pub(super) struct EarlyErrors(VecDeque<EarlyError>);

/// Errors that came before an incident opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct EarlyError {
    /// When the last of them came.
    pub at: Time,
    /// What they say.
    pub code: Code,
    /// How many, and how many of them are verified.
    pub counts: [u64; 2],
    /// Who sent them, if it is to be named.
    pub sender: Option<Address>,
}

impl EarlyErrors {
    /// Takes errors.
    pub fn note(&mut self, error: EarlyError) {
        if self.0.len() == EARLY_ERRORS {
            self.make_room();
        }
        self.0.push_back(error);
    }

    /// Puts the oldest two together that are alike; where there are none, the oldest is forgotten.
    fn make_room(&mut self) {
        let alike = |error: &EarlyError| (error.at.second(), error.code, error.sender);
        let mut pairs = self.0.iter().zip(self.0.iter().skip(1));
        let first = pairs.position(|(one, next)| alike(one) == alike(next));
        let gone = self.0.remove(first.unwrap_or(0));
        if let (Some(place), Some(gone)) = (first, gone)
            && let Some(next) = self.0.get_mut(place)
        {
            for (count, more) in next.counts.iter_mut().zip(gone.counts) {
                *count += more;
            }
        }
    }

    /// Those of that time.
    pub fn of(&self, time: impl RangeBounds<Time>) -> impl Iterator<Item = &EarlyError> {
        self.0.iter().filter(move |error| time.contains(&error.at))
    }
}
