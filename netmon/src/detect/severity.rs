//! How bad an incident is: whether the server answers anybody.
//!
//! Two things make it milder than `down`. Others were answered shortly before it began, and have not failed since. Or an
//! exchange that began after it did was answered shortly before the newest failure. What is answered after the newest
//! failure changes nothing: it ends the incident. It becomes milder only after some time, and seldom, so that nobody is
//! woken twice for one outage; it becomes `down` at once.

use crate::model::Severity;
use crate::time::Time;

use super::thresholds::Thresholds;

/// The severity of an incident, and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeverityJudge {
    now: Severity,
    /// When the incident opened, or opened again.
    opened: Time,
    /// When it last changed, opening aside.
    changed: Option<Time>,
    /// The newest failure.
    failure: Option<Time>,
    /// Whether an exchange that began since the incident did was answered shortly before the newest failure.
    partly: bool,
}

impl SeverityJudge {
    /// Of an incident that opens then.
    pub const fn opening(at: Time) -> Self {
        Self {
            now: Severity::Down,
            opened: at,
            changed: None,
            failure: None,
            partly: false,
        }
    }

    /// Of an incident of an earlier run, whose newest failure was then.
    pub const fn restore(now: Severity, at: Time, failure: Time, partly: bool) -> Self {
        Self {
            now,
            opened: at,
            changed: None,
            failure: Some(failure),
            partly,
        }
    }

    /// The incident opens again.
    pub const fn reopen(&mut self, at: Time) {
        self.opened = at;
        self.partly = false;
    }

    /// Whether an exchange that began since the incident did was answered shortly before the newest failure.
    pub const fn partly(&self) -> bool {
        self.partly
    }

    /// Takes a failure; of the exchanges that began since the incident did, one was last answered at `answer`.
    pub fn fail(&mut self, at: Time, answer: Option<Time>, thresholds: &Thresholds) {
        self.failure = self.failure.max(Some(at));
        self.partly = answer.is_some_and(|answer| at.since(answer) <= thresholds.down_window);
    }

    /// Judges when it opens for the first time.
    pub const fn open_as(&mut self, others: bool) {
        self.now = self.deserved(others);
    }

    const fn deserved(&self, others: bool) -> Severity {
        if self.partly || others {
            Severity::Degraded
        } else {
            Severity::Down
        }
    }

    /// Judges at that moment; `others` tells whether clients that have not failed are taken to be answered. Whether the
    /// severity changed.
    pub fn judge(&mut self, at: Time, others: bool, thresholds: &Thresholds) -> bool {
        let should = self.deserved(others);
        if self.failure.is_none() || should == self.now {
            return false;
        }
        let is_early = at.since(self.opened) < thresholds.down_window
            || self
                .changed
                .is_some_and(|changed| at.since(changed) < thresholds.severity_pause);
        if should == Severity::Degraded && is_early {
            return false;
        }
        self.now = should;
        self.changed = Some(at);
        true
    }

    /// What it is now.
    pub const fn now(&self) -> Severity {
        self.now
    }

    /// The newest failure.
    pub const fn newest_failure(&self) -> Option<Time> {
        self.failure
    }

    /// When it may change by itself although nothing happens, if it may.
    pub fn may_change_at(&self, thresholds: &Thresholds) -> Option<Time> {
        let wanted = self.partly && self.now == Severity::Down;
        let opened = self.opened.after(thresholds.down_window);
        let changed = self
            .changed
            .map(|changed| changed.after(thresholds.severity_pause));
        wanted.then(|| changed.map_or(opened, |changed| changed.max(opened)))
    }
}
