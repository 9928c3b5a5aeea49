//! The DNS unreachables that an incident counts, whatever they are worth.

use std::collections::VecDeque;

use netmon_common::{Address, Code};

use crate::detect::distinct::Distinct;
use crate::detect::errors::CodeCounts;
use crate::detect::limits::FAULT_SECONDS;
use crate::time::Time;

/// Errors that were counted.
#[derive(Debug, Default)]
pub(super) struct Errors {
    pub counts: CodeCounts,
    pub verified: u64,
    pub senders: Distinct<Address>,
    /// Those of the last seconds, by second: the incident may turn out to have ended some seconds ago.
    lately: VecDeque<Lately>,
}

/// Errors of one second.
#[derive(Debug, Default)]
struct Lately {
    second: u64,
    counts: CodeCounts,
    verified: u64,
    /// Who sent one for the first time.
    senders: Vec<Address>,
}

impl Errors {
    /// Those of an earlier run.
    pub fn restore(counts: impl IntoIterator<Item = (Code, u64)>, verified: u64) -> Self {
        let mut errors = Self {
            verified,
            ..Self::default()
        };
        for (code, count) in counts {
            errors.counts.add(code, count);
        }
        errors
    }

    /// Takes errors, of which so many are verified, and who sent them, if that is to be named. When they came is kept for
    /// [`Self::split`] where it may be needed (`lately`).
    pub fn add(
        &mut self,
        code: Code,
        [count, verified]: [u64; 2],
        sender: Option<Address>,
        lately: Option<Time>,
    ) {
        self.counts.add(code, count);
        self.verified += verified;
        let new = sender.filter(|sender| self.senders.note(sender));
        let Some(at) = lately else { return };
        let second = at.second();
        if self.lately.back().is_none_or(|newest| newest.second < second) {
            if self.lately.len() == FAULT_SECONDS {
                self.lately.pop_front();
            }
            self.lately.push_back(Lately {
                second,
                ..Lately::default()
            });
        }
        if let Some(newest) = self.lately.back_mut() {
            newest.counts.add(code, count);
            newest.verified += verified;
            newest.senders.extend(new);
        }
    }

    /// Takes off those that came since that second, and gives them.
    pub fn split(&mut self, second: u64) -> Self {
        let mut beyond = Self::default();
        for later in self.lately.drain(..).filter(|one| one.second >= second) {
            self.counts -= later.counts;
            self.verified -= later.verified;
            beyond.counts += later.counts;
            beyond.verified += later.verified;
            for sender in later.senders {
                self.senders.take_back(&sender);
                beyond.senders.note(&sender);
            }
        }
        beyond
    }

    /// These and the others.
    pub fn join(&mut self, others: &Self) {
        self.counts += others.counts;
        self.verified += others.verified;
        for sender in others.senders.listed() {
            self.senders.note(sender);
        }
    }
}
