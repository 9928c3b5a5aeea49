//! What is to be done when, although nothing happens: services to be judged at the end of a second, and incidents that
//! opened to be reported. Seconds in which there is nothing to do cost nothing.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use crate::time::Time;

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// The service at that place is judged at the end of a second.
    Judge {
        /// The second that has ended.
        second: u64,
        /// Where the service is.
        place: usize,
    },
    /// What opened at the service at that place is reported.
    Report {
        /// When.
        at: Time,
        /// Where the service is.
        place: usize,
    },
}

/// What is to be done when.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    judge: BinaryHeap<Reverse<(u64, usize)>>,
    report: VecDeque<(Time, usize)>,
}

impl Agenda {
    /// The service at that place is to be judged then.
    pub fn judge(&mut self, second: u64, place: usize) {
        self.judge.push(Reverse((second, place)));
    }

    /// What opened at the service at that place is to be reported then, not before what opened earlier.
    pub fn report(&mut self, at: Time, place: usize) {
        self.report.push_back((at, place));
    }

    /// The next task, if its time has come.
    pub fn take(&mut self, now: Time) -> Option<Task> {
        // By seconds: at the end of all time a second has no moment.
        let judge = self.judge.peek().map(|Reverse((second, _))| *second);
        let judge = judge.filter(|second| *second <= now.second());
        let report = self.report.front().map(|(at, _)| *at).filter(|at| *at <= now);
        if report.is_some_and(|at| judge.is_none_or(|second| at <= Time::at_second(second))) {
            let (at, place) = self.report.pop_front()?;
            return Some(Task::Report { at, place });
        }
        judge?;
        let Reverse((second, place)) = self.judge.pop()?;
        Some(Task::Judge { second, place })
    }

    /// The next place with something to report, if its time has come.
    pub fn take_report(&mut self, now: Time) -> Option<usize> {
        let (_, place) = self.report.pop_front_if(|(at, _)| *at <= now)?;
        Some(place)
    }

    /// When an incident is to be reported next.
    pub fn next_report(&self) -> Option<Time> {
        self.report.front().map(|(at, _)| *at)
    }
}
