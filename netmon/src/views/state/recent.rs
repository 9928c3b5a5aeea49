//! Steps of the recent past, each with what passed in it: rings of a fixed length.

use std::collections::VecDeque;

use crate::model::view::{Rates, Recent};
use crate::time::Time;
use crate::views::limits::{RATE_STEPS, RECENT_SECONDS, RECENT_STEPS};

/// What passed in a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Queries.
    pub queries: u32,
    /// Answers.
    pub answers: u32,
    /// DNS unreachables.
    pub errors: u32,
}

impl Passed {
    /// So many queries, answers and errors.
    pub fn new(counts: [u64; 3]) -> Self {
        let [queries, answers, errors] = counts.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
        Self {
            queries,
            answers,
            errors,
        }
    }

    const fn add(&mut self, more: Self) {
        self.queries = self.queries.saturating_add(more.queries);
        self.answers = self.answers.saturating_add(more.answers);
        self.errors = self.errors.saturating_add(more.errors);
    }
}

/// The last steps, the newest last.
#[derive(Clone, Debug)]
pub struct Ring {
    /// The number of the newest step.
    newest: u64,
    steps: VecDeque<Passed>,
    seconds: u64,
    length: usize,
}

impl Default for Ring {
    /// The last two minutes.
    fn default() -> Self {
        Self::new(RECENT_SECONDS, RECENT_STEPS)
    }
}

impl Ring {
    /// So many steps of so many seconds.
    pub const fn new(seconds: u64, length: usize) -> Self {
        Self {
            newest: 0,
            steps: VecDeque::new(),
            seconds,
            length,
        }
    }

    /// Takes what passed up to then. Counts that were read at the very beginning of a second are those of the one before.
    pub fn add(&mut self, now: Time, passed: Passed) {
        let step = self.step(now);
        let gap = usize::try_from(step.saturating_sub(self.newest)).unwrap_or(usize::MAX);
        if self.steps.is_empty() || gap > self.length {
            self.steps.clear();
            self.steps.push_back(Passed::default());
        } else {
            self.steps.extend(std::iter::repeat_n(Passed::default(), gap));
        }
        while self.steps.len() > self.length {
            self.steps.pop_front();
        }
        self.newest = self.newest.max(step);
        if let Some(last) = self.steps.back_mut() {
            last.add(passed);
        }
    }

    fn step(&self, now: Time) -> u64 {
        now.second().saturating_sub(1) / self.seconds
    }

    /// The last steps up to then, as many as are asked for, the oldest first: the second in which each begins, and what passed;
    /// `None` where nothing was taken.
    pub fn last(&self, now: Time, steps: usize) -> impl Iterator<Item = (u64, Option<Passed>)> {
        let step = self.step(now);
        let first = (step + 1).saturating_sub(steps as u64);
        let known = (self.newest + 1).saturating_sub(self.steps.len() as u64);
        (first..=step).map(move |number| {
            let index = number
                .checked_sub(known)
                .and_then(|index| usize::try_from(index).ok());
            let passed = index.and_then(|index| self.steps.get(index)).copied();
            (number * self.seconds, passed)
        })
    }

    fn passed(&self, now: Time, steps: usize) -> impl Iterator<Item = Option<Passed>> {
        self.last(now, steps).map(|(_, passed)| passed)
    }

    /// How much passes in a second, by the last full steps.
    pub fn rates(&self, now: Time) -> Rates {
        let mut sum = [0_u64; 3];
        for passed in self.passed(now, RATE_STEPS + 1).take(RATE_STEPS).flatten() {
            sum[0] += u64::from(passed.queries);
            sum[1] += u64::from(passed.answers);
            sum[2] += u64::from(passed.errors);
        }
        let seconds = RATE_STEPS as u64 * self.seconds;
        #[expect(clippy::cast_precision_loss, reason = "for people to read")]
        let [queries, answers, errors] = sum.map(|sum| sum as f64 / seconds as f64);
        Rates {
            queries,
            answers,
            errors,
        }
    }

    /// The part of the queries that was answered.
    pub fn answered(&self, now: Time) -> Option<f64> {
        let (mut queries, mut answers) = (0.0, 0.0);
        for passed in self.passed(now, self.length).flatten() {
            queries += f64::from(passed.queries);
            answers += f64::from(passed.answers);
        }
        (queries > 0.0).then(|| f64::min(answers / queries, 1.0))
    }

    /// For a picture of it.
    pub fn recent(&self, now: Time) -> Recent {
        let mut recent = Recent {
            seconds: self.seconds,
            ..Recent::default()
        };
        for passed in self.passed(now, self.length) {
            let passed = passed.unwrap_or_default();
            recent.queries.push(passed.queries);
            recent.answers.push(passed.answers);
            recent.errors.push(passed.errors);
        }
        recent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_that_nothing_passed_in_are_there_and_those_before_the_ring_are_gone() {
        let mut ring = Ring::new(2, 3);
        let queries = |ring: &Ring, second| -> Vec<Option<u32>> {
            let steps = ring.passed(Time::at_second(second), 3);
            steps.map(|step| step.map(|passed| passed.queries)).collect()
        };
        let passed = |queries| Passed {
            queries,
            ..Passed::default()
        };
        ring.add(Time::at_second(101), passed(1));
        ring.add(Time::at_second(102), passed(2));
        assert_eq!(queries(&ring, 102), [None, None, Some(3)]);
        ring.add(Time::at_second(105), passed(4));
        assert_eq!(queries(&ring, 105), [Some(3), Some(0), Some(4)]);
        assert_eq!(queries(&ring, 107), [Some(0), Some(4), None]);
        ring.add(Time::at_second(901), passed(5));
        assert_eq!(queries(&ring, 901), [None, None, Some(5)]);
        assert_eq!(ring.recent(Time::at_second(901)).queries, [0, 0, 5]);
    }

    #[test]
    fn rates_are_of_full_steps_and_the_share_is_of_all() {
        let mut ring = Ring::default();
        for second in 1..=9 {
            let passed = Passed {
                queries: 10,
                answers: 5,
                errors: u32::from(second > 8),
            };
            ring.add(Time::at_second(second), passed);
        }
        let now = Time::at_second(9);
        let rates = ring.rates(now);
        assert!((rates.queries - 10.0).abs() < 1e-9, "{rates:?}");
        assert!(rates.errors.abs() < 1e-9, "the step goes on: {rates:?}");
        assert_eq!(ring.answered(now), Some(0.5));
        assert_eq!(Ring::default().answered(now), None);
    }
}
