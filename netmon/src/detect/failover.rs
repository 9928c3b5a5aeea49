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
    /// When the last ones were asked, and how long they waited, in milliseconds.
    waited: VecDeque<(Time, u64)>,
    longest: Option<u64>,
    /// Whether there may be more.
    pub sample: bool,
}

impl Failover {
    /// Takes one.
    pub fn note(&mut self, moved: Moved) {
        self.lookups += 1;
        let waited = u64::try_from(moved.waited.as_millis()).unwrap_or(u64::MAX);
        self.note_wait((moved.sent, waited));
    }

    fn note_wait(&mut self, (sent, waited): (Time, u64)) {
        if self.waited.len() == MOVED {
            self.waited.pop_front();
        }
        self.waited.push_back((sent, waited));
        self.longest = self.longest.max(Some(waited));
    }

    /// Takes off those that were asked since that moment, and gives them.
    pub fn split(&mut self, moment: Time) -> Self {
        let (beyond, up_to): (Vec<_>, Vec<_>) = self.waited.drain(..).partition(|(sent, _)| *sent >= moment);
        if beyond.is_empty() {
            self.waited.extend(up_to);
            return Self::default();
        }
        let mut split = Self {
            lookups: beyond.len() as u64,
            ..Self::default()
        };
        for wait in beyond {
            split.note_wait(wait);
        }
        self.lookups -= split.lookups;
        let longest = self
            .longest
            .take()
            .filter(|longest| Some(*longest) > split.longest);
        for wait in up_to {
            self.note_wait(wait);
        }
        self.longest = self.longest.max(longest);
        split
    }

    /// These and the others.
    pub fn add(&mut self, other: Self) {
        self.lookups += other.lookups;
        other.waited.into_iter().for_each(|waited| self.note_wait(waited));
    }

    /// As it is reported.
    pub fn shown(&self, sample: bool) -> model::Failover {
        let mut waited: Vec<u64> = self.waited.iter().map(|(_, waited)| *waited).collect();
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
        let median = reported.waited_p50_ms.map(|median| (Time::default(), median));
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
