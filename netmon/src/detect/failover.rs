//! What it costs lookups that a server fails: how many were asked again elsewhere, and how long they waited until then.

use std::collections::VecDeque;
use std::ops::RangeBounds;
use std::time::Duration;

use super::limits::MOVED;
use crate::model;
use crate::time::Time;

/// A lookup that its client asked another server for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moved {
    /// When it was asked here first.
    pub sent: Time,
    /// How long it was until it was asked elsewhere.
    pub waited: Duration,
}

/// The last lookups that moved away from a service: an incident that opens may have begun before.
#[derive(Debug, Default)]
pub(super) struct LastMoved(VecDeque<Moved>);

impl LastMoved {
    /// Takes one.
    pub fn note(&mut self, moved: Moved) {
        if self.0.len() == MOVED {
            self.0.pop_front();
        }
        self.0.push_back(moved);
    }

    /// Those that were sent then.
    pub fn sent(&self, then: impl RangeBounds<Time>) -> impl Iterator<Item = Moved> {
        let moved = self.0.iter().copied();
        moved.filter(move |moved| then.contains(&moved.sent))
    }
}

/// The lookups of an incident that moved away.
#[derive(Clone, Debug, Default)]
pub(super) struct Failover {
    lookups: u64,
    /// How long the last ones waited, in milliseconds.
    waited: VecDeque<u64>,
    longest: Option<u64>,
    /// Whether there may be more.
    pub sample: bool,
}

impl Failover {
    /// Takes one.
    pub fn note(&mut self, moved: Moved) {
        self.lookups += 1;
        self.note_wait(u64::try_from(moved.waited.as_millis()).unwrap_or(u64::MAX));
    }

    fn note_wait(&mut self, waited: u64) {
        if self.waited.len() == MOVED {
            self.waited.pop_front();
        }
        self.waited.push_back(waited);
        self.longest = self.longest.max(Some(waited));
    }

    /// These and the others.
    pub fn add(&mut self, other: Self) {
        self.lookups += other.lookups;
        other.waited.into_iter().for_each(|waited| self.note_wait(waited));
    }

    /// As it is reported.
    pub fn shown(&self, sample: bool) -> model::Failover {
        let mut waited: Vec<u64> = self.waited.iter().copied().collect();
        waited.sort_unstable();
        let middle = waited.len().saturating_sub(1) / 2;
        model::Failover {
            lookups: self.lookups,
            waited_p50_ms: waited.get(middle).copied(),
            waited_max_ms: self.longest,
            sample: self.sample || sample,
        }
    }

    /// That of an earlier run: of its lookups only the median is known, and counts as often as there were lookups.
    pub fn restore(reported: model::Failover) -> Self {
        let known = usize::try_from(reported.lookups).unwrap_or(MOVED).min(MOVED);
        let median = reported.waited_p50_ms;
        Self {
            lookups: reported.lookups,
            waited: median.into_iter().cycle().take(known).collect(),
            longest: reported.waited_max_ms,
            sample: reported.sample,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_run_has_counted_goes_on() {
        let moved = |millis| Moved {
            sent: Time::default(),
            waited: Duration::from_millis(millis),
        };
        let mut old = Failover::default();
        [1_000, 5_000, 5_010]
            .map(moved)
            .into_iter()
            .for_each(|one| old.note(one));
        let mut new = Failover::restore(old.shown(false));
        assert_eq!(new.shown(false), old.shown(false));
        new.note(moved(9_000));
        let expected = model::Failover {
            lookups: 4,
            waited_p50_ms: Some(5_000),
            waited_max_ms: Some(9_000),
            sample: true,
        };
        assert_eq!(new.shown(true), expected);
        let none = Failover::restore(model::Failover::default());
        assert_eq!(none.shown(false), model::Failover::default());
    }
}
