//! What every decision goes by: the thresholds, and what turns its moments into minutes and wall time.

use crate::time::{Time, WallOffset};

use super::recent::Window;
use super::server::{Last, MINUTE};
use super::thresholds::Thresholds;

/// What every decision goes by.
#[derive(Debug)]
pub(super) struct Rules {
    /// The thresholds.
    pub thresholds: Thresholds,
    /// The first whole second that was watched.
    pub origin: Option<u64>,
    /// What makes wall time of a moment.
    pub offset: WallOffset,
}

impl Rules {
    /// The full minute of watching that a second lies in.
    pub fn minute(&self, second: u64) -> Option<u64> {
        Some(second.checked_sub(self.origin?)? / MINUTE)
    }

    /// The age of queries that must have been answered.
    pub const fn unanswered_window(&self) -> Window {
        Window {
            youngest: self.thresholds.unanswered_wait.as_secs(),
            oldest: self.thresholds.unanswered_window.as_secs(),
        }
    }

    /// The newest moment at which a query was sent that must have been answered by `at`.
    pub fn unanswered_by(&self, at: Time) -> Option<Time> {
        let wait = u64::try_from(self.thresholds.unanswered_wait.as_nanos()).ok()?;
        at.nanos().checked_sub(wait).map(Time::from_nanos)
    }

    /// The age of answers that are looked at together.
    pub const fn failing_window(&self) -> Window {
        Window {
            youngest: 0,
            oldest: self.thresholds.failing_window.as_secs(),
        }
    }

    /// What is remembered of the last queries.
    pub const fn last(&self) -> Last {
        Last {
            queries: self.thresholds.unanswered_last,
            wait: self.thresholds.unanswered_wait,
            pause: self.thresholds.unanswered_spread_max,
        }
    }
}
