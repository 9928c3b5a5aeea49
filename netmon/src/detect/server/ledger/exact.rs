//! Packets whose exact time is known, so that an incident counts exactly from its first query on.

use super::{Flow, Ledger};
use crate::detect::limits::EXACT_TIMES;
use crate::time::{SECOND_NS, Time};

/// Marks the exact time of an answer. Nanoseconds into a second need 30 bits.
pub(super) const ANSWER: u32 = 1 << 31;
/// Marks the exact time of an answer that is judged.
pub(super) const JUDGED: u32 = 1 << 30;
/// The nanoseconds.
const NANOS: u32 = JUDGED - 1;

/// What came of a second before an incident began in it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    queries: u64,
    answers: u64,
}

impl Ledger {
    /// The server becomes unreachable with a query of that time. What was counted of that second so far, and never
    /// seen packet by packet, has no time: as many queries as there were answers are taken to have come before,
    /// and all the answers, because the query that failed is a later one.
    pub fn begin(&mut self, began: Time) {
        let nanos = nanos_into_second(began);
        let mut seen = Before::default();
        let mut seen_before = 0;
        let mut failed_is_seen = false;
        for time in self.exact_times(began.second()).into_iter().flatten() {
            if time & ANSWER != 0 {
                seen.answers += 1;
            } else {
                seen.queries += 1;
                seen_before += u64::from(time & NANOS < nanos);
                failed_is_seen |= time & NANOS == nanos;
            }
        }
        let latest = std::iter::once(&mut self.latest);
        let mut seconds = latest.chain(self.earlier.iter_mut().rev());
        let Some(second) = seconds.find(|second| second.number == began.second()) else {
            return;
        };
        let unseen = u64::from(second.queries).saturating_sub(seen.queries);
        let answered = u64::from(second.answers).saturating_sub(seen_before);
        second.before = Before {
            queries: answered.min(unseen.saturating_sub(u64::from(!failed_is_seen))),
            answers: u64::from(second.answers).saturating_sub(seen.answers),
        };
    }

    /// Keeps a packet's exact time, and the marks of what it was.
    pub(super) fn keep(&mut self, exact: u32) {
        if self.exact.len() == EXACT_TIMES {
            self.exact.pop_front();
        }
        self.exact.push_back(exact);
        self.latest.exact += 1;
    }

    /// Takes off what came in `began`'s second, before it.
    pub(super) fn leave_out(&self, flow: &mut Flow, began: Time) {
        let Some(second) = self
            .seconds_from(began.second())
            .find(|second| second.number == began.second())
        else {
            return;
        };
        flow.queries = flow.queries.saturating_sub(second.before.queries);
        flow.answers = flow.answers.saturating_sub(second.before.answers);
        // Where the first exact times are forgotten, the second is counted whole.
        for time in self.exact_times(began.second()).into_iter().flatten() {
            if time & NANOS < nanos_into_second(began) {
                let (answer, judged) = (u64::from(time & ANSWER != 0), u64::from(time & JUDGED != 0));
                flow.queries = flow.queries.saturating_sub(1 - answer);
                flow.answers = flow.answers.saturating_sub(answer);
                flow.judged = flow.judged.saturating_sub(judged);
            }
        }
    }

    /// The exact times of the packets of that second that were seen by themselves; `None` if some of them are
    /// forgotten.
    fn exact_times(&self, second: u64) -> Option<impl Iterator<Item = u32> + '_> {
        let newer: u32 = self
            .seconds_from(second.saturating_add(1))
            .map(|newer| newer.exact)
            .sum();
        let exact = self
            .seconds_from(second)
            .find(|kept| kept.number == second)
            .map_or(0, |kept| kept.exact);
        let (newer, exact) = (usize::try_from(newer).ok()?, usize::try_from(exact).ok()?);
        let to = self.exact.len().checked_sub(newer)?;
        let from = to.checked_sub(exact)?;
        Some(self.exact.range(from..to).copied())
    }
}

/// Nanoseconds into the second.
pub(super) fn nanos_into_second(at: Time) -> u32 {
    u32::try_from(at.nanos() % SECOND_NS).unwrap_or(0)
}
