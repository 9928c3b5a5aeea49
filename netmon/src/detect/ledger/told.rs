//! What of a second the door told one by one, beside what it counted: it samples.

use super::{Fate, Ledger};
use crate::observation::Counts;
use crate::time::Time;

impl Ledger {
    /// Whether there are queries of that second of which nothing was told one by one: neither they, nor an answer or an error to
    /// them.
    pub fn has_untold(&self, second: u64) -> bool {
        self.find(second)
            .is_some_and(|second| second.flow().queries > u64::from(second.exact))
    }

    /// Whether more queries of that second were told one by one than are counted in it.
    pub fn tells_more_than_it_counts(&self, second: u64) -> bool {
        self.find(second)
            .is_some_and(|second| second.flow().queries < u64::from(second.exact))
    }

    /// How many faults were counted to queries of that second, those that are left out with them.
    pub fn counted_faults(&self, second: u64) -> u64 {
        let counts = self.find(second).map(|second| second.counts);
        let of = |counts: Counts| u64::from(counts.faults.total());
        counts.map_or(0, |counts| counts.map(of).iter().sum())
    }

    /// Whether more answers were counted to queries of the seconds from `from` up to before `to` than are known one by one.
    pub fn has_unseen_answers(&self, from: u64, to: u64) -> bool {
        let place = |second| {
            self.exact
                .partition_point(|exact| exact.sent < Time::at_second(second))
        };
        let seen = self.exact.range(place(from)..place(to));
        let seen = seen.filter(|exact| exact.fate == Fate::Answered).count() as u64;
        self.between(from, to).answers > seen
    }
}
