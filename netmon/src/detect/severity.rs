//! How bad an incident is: whether the server answers anybody.
//!
//! `down` when no answer came in the 10 s before the newest failure; when the incident opens, in the last 1 s
//! before it, for a server that has just died was answering until then. Answers after the newest failure do not
//! make it milder: they mend it.

use std::time::Duration;

use crate::model::Severity;
use crate::time::Time;

use super::thresholds::Thresholds;

/// The severity of an incident, and what it is judged by.
#[derive(Clone, Copy, Debug)]
pub(super) struct SeverityJudge {
    down: bool,
    /// Whether the first failure, since it opened or opened again, is still to come.
    opening: bool,
    /// The newest failure.
    failure: Option<Time>,
    /// How long before that the last answer came; `None` if none was seen.
    answer_before: Option<Duration>,
}

impl SeverityJudge {
    /// Of an incident whose first failure is still to come.
    pub const fn opening() -> Self {
        Self {
            down: false,
            opening: true,
            failure: None,
            answer_before: None,
        }
    }

    /// Of an incident of an earlier run, whose newest failure was then; so long before it came the last answer.
    pub fn restore(down: bool, failure: Time, answer_before_ns: Option<u64>) -> Self {
        Self {
            down,
            opening: false,
            failure: Some(failure),
            answer_before: answer_before_ns.map(Duration::from_nanos),
        }
    }

    /// How long before the newest failure the last answer came.
    pub const fn answer_before(self) -> Option<Duration> {
        self.answer_before
    }

    /// The incident opens again.
    pub const fn reopen(&mut self) {
        self.opening = true;
    }

    /// Takes a failure; the last answer before it came at `answer`.
    pub fn fail(&mut self, at: Time, answer: Option<Time>, thresholds: &Thresholds) {
        self.failure = Some(at);
        self.answer_before = answer.map(|answer| at.since(answer));
        let opening = std::mem::take(&mut self.opening);
        self.judge(if opening {
            thresholds.down_window_at_opening
        } else {
            thresholds.down_window
        });
    }

    /// Judges again, when an answer came: by the newest failure, as ever. Whether the severity changed.
    pub fn hear(&mut self, thresholds: &Thresholds) -> bool {
        let before = self.down;
        self.judge(thresholds.down_window);
        self.down != before
    }

    fn judge(&mut self, window: Duration) {
        if self.failure.is_some() {
            self.down = self.answer_before.is_none_or(|before| before > window);
        }
    }

    /// As it is now.
    pub const fn now(self) -> Severity {
        if self.down {
            Severity::Down
        } else {
            Severity::Degraded
        }
    }

    /// The newest failure.
    pub const fn newest_failure(self) -> Option<Time> {
        self.failure
    }
}
