//! How many errors the kernel has counted that it reported by no event: a server may send more than events may.

use std::time::Duration;

use netmon_common::Code;
use netmon_common::records::Destination;

use crate::time::Time;

/// Errors by code: those that were counted, less those that were reported, one by one or in sum. An error is counted before its
/// event is read, so that what is left over counts only when it is still left over some time later.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct CountedErrors {
    /// How many more were counted than reported; less than none where an event was read before the counters.
    left: [i64; Code::ALL.len()],
    /// What was left over at `since`.
    before: [i64; Code::ALL.len()],
    since: Time,
}

impl CountedErrors {
    /// How long the event of an error that was counted may be on its way.
    const ON_ITS_WAY: Duration = Duration::from_millis(500);

    /// Whether more were counted than reported.
    pub fn are_left(&self) -> bool {
        self.left.iter().any(|left| *left > 0)
    }

    /// One was reported by itself.
    pub fn reported(&mut self, code: Code) {
        let place = code as usize;
        if let (Some(left), Some(before)) = (self.left.get_mut(place), self.before.get_mut(place)) {
            *left -= 1;
            *before = (*before).min(*left);
        }
    }

    /// Takes what was counted since the last time. How many have no event; `is_over` says that all events were read.
    pub fn counted(
        &mut self,
        before: &Destination,
        now: &Destination,
        time: Time,
        is_over: bool,
    ) -> [u64; Code::ALL.len()] {
        let mut unsolicited = now.unsolicited.saturating_sub(before.unsolicited);
        for (code, left) in Code::ALL.into_iter().zip(&mut self.left) {
            let counted = now
                .dns_unreachable(code)
                .saturating_sub(before.dns_unreachable(code));
            // Unsolicited ones are not counted by code. Taking them off where they may be never makes errors up.
            let forged = counted.min(unsolicited);
            unsolicited -= forged;
            *left = left.saturating_add_unsigned(counted - forged);
        }
        let mut more = [0; Code::ALL.len()];
        if is_over {
            self.before = self.left;
        } else if time.since(self.since) < Self::ON_ITS_WAY {
            return more;
        }
        for ((left, before), more) in self.left.iter_mut().zip(&mut self.before).zip(&mut more) {
            let still = (*left).min(*before).max(0);
            *left -= still;
            *before = *left;
            *more = still.unsigned_abs();
        }
        self.since = time;
        more
    }
}
