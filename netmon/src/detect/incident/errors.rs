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
    pub lately: VecDeque<(u64, CodeCounts, u64)>,
}

impl Errors {
    /// Takes errors, of which so many are verified, and who sent them, if that is to be named.
    pub fn add(&mut self, code: Code, [count, verified]: [u64; 2], sender: Option<Address>) {
        self.counts.add(code, count);
        self.verified += verified;
        if let Some(sender) = sender {
            self.senders.note(&sender);
        }
    }

    /// Notes when those came.
    pub fn note_lately(&mut self, at: Time, code: Code, [count, verified]: [u64; 2]) {
        let second = at.second();
        if self.lately.back().is_none_or(|(newest, ..)| *newest < second) {
            if self.lately.len() == FAULT_SECONDS {
                self.lately.pop_front();
            }
            self.lately.push_back((second, CodeCounts::default(), 0));
        }
        if let Some((_, counts, of_them)) = self.lately.back_mut() {
            counts.add(code, count);
            *of_them += verified;
        }
    }

    /// Takes off those that came since that second, and gives them.
    pub fn split(&mut self, second: u64) -> Self {
        let mut beyond = Self::default();
        for (_, counts, verified) in self.lately.drain(..).filter(|(number, ..)| *number >= second) {
            self.counts -= counts;
            self.verified -= verified;
            beyond.counts += counts;
            beyond.verified += verified;
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
