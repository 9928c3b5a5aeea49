//! The seconds in which some server was asked more than the door told one by one. Lookups may then have moved there, or from there,
//! that nobody has seen.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use super::limits::UNTOLD;

/// These seconds, in runs: a busy host has a single long one.
#[derive(Debug, Default)]
pub(super) struct Untold {
    /// The first and the last second of each, in order.
    runs: VecDeque<[u64; 2]>,
    /// The last second of those that were forgotten.
    forgotten: Option<u64>,
}

impl Untold {
    /// There was more in that second than was told.
    pub fn note(&mut self, second: u64) {
        if let Some([first, last]) = self.runs.back_mut()
            && *first <= second
            && second <= *last + 1
        {
            *last = second.max(*last);
            return;
        }
        let place = self.runs.partition_point(|[first, _]| *first <= second);
        let is_known = |[_, last]: &[u64; 2]| second <= *last;
        if place
            .checked_sub(1)
            .and_then(|before| self.runs.get(before))
            .is_some_and(is_known)
        {
            return;
        }
        self.runs.insert(place, [second, second]);
        if self.runs.len() > UNTOLD
            && let Some([_, last]) = self.runs.pop_front()
        {
            self.forgotten = self.forgotten.max(Some(last));
        }
    }

    /// Whether there was in any of these seconds, or may have been: a part of them is forgotten.
    pub fn any(&self, seconds: RangeInclusive<u64>) -> bool {
        self.forgotten.is_some_and(|last| last >= *seconds.start())
            || self
                .runs
                .iter()
                .any(|[first, last]| first <= seconds.end() && last >= seconds.start())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_known_in_whatever_order_they_come_and_the_oldest_are_taken_to_be_of_any_span_before_them()
    {
        let mut untold = Untold::default();
        for second in [10, 11, 12, 20, 15, 15, 11] {
            untold.note(second);
        }
        assert_eq!(untold.runs, [[10, 12], [15, 15], [20, 20]]);
        let cases = [
            (0..=9, false),
            (12..=12, true),
            (13..=14, false),
            (13..=15, true),
            (21..=30, false),
        ];
        for (seconds, expected) in cases {
            assert_eq!(untold.any(seconds.clone()), expected, "{seconds:?}");
        }
        for second in 0..UNTOLD as u64 {
            untold.note(100 + 2 * second);
        }
        assert_eq!(untold.runs.len(), UNTOLD);
        assert!(untold.any(0..=1) && untold.any(20..=20) && !untold.any(21..=99));
    }
}
