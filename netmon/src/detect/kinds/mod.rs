//! The kinds of incidents, one a file: what opens each, what closes it.
//!
//! `unreachable` opens at its packet; everything else is judged when a second has ended.

pub(super) mod failing;
pub(super) mod unanswered;
pub(super) mod unreachable;

use netmon_common::Address;

use crate::model::{CloseReason, Kind};
use crate::time::Time;

use super::incident::Incident;
use super::rules::Rules;
use super::server::Server;

impl Kind {
    /// Follows an open incident through the second that ended at `at`.
    pub(super) fn follow(self, incident: &mut Incident, server: &Server, at: Time, rules: &Rules) {
        match self {
            Self::Unanswered => unanswered::follow(incident, server, at, rules),
            // Their failures are packets, and were taken as they came.
            Self::Unreachable | Self::Failing => {}
        }
    }

    /// Why an open incident closes at a whole second, if it does.
    pub(super) fn closes(
        self,
        incident: &Incident,
        server: &Server,
        at: Time,
        rules: &Rules,
    ) -> Option<CloseReason> {
        let mended = match self {
            Self::Unreachable => unreachable::closes(incident, at, rules),
            Self::Unanswered => unanswered::closes(incident),
            Self::Failing => failing::closes(incident, server, at, rules),
        };
        mended.or(is_idle(server, at, rules).then_some(CloseReason::Idle))
    }

    /// Whether an incident opens at a whole second.
    pub(super) fn opens(
        self,
        server: &Server,
        at: Time,
        rules: &Rules,
        heard: &dyn Fn(Address) -> bool,
    ) -> Verdict {
        match self {
            _ if is_idle(server, at, rules) => Verdict::Nothing,
            Self::Unreachable => Verdict::Nothing,
            Self::Unanswered => unanswered::opens(server, at, rules, heard),
            Self::Failing => failing::opens(server, at, rules),
        }
    }

    /// Fills an incident that has just opened with what led to it.
    pub(super) fn fill(self, incident: &mut Incident, server: &Server, at: Time, rules: &Rules) {
        match self {
            // The packet that opens it fills it.
            Self::Unreachable => {}
            Self::Unanswered => unanswered::fill(incident, server, at, rules),
            Self::Failing => failing::fill(incident, server, at, rules),
        }
    }
}

/// Whether nobody has asked the server in so long that its incidents close.
fn is_idle(server: &Server, at: Time, rules: &Rules) -> bool {
    at.since(server.last_query) >= rules.thresholds.idle
}

/// What is decided about a kind at a whole second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing is wrong.
    Nothing,
    /// It opens; the first query that failed was sent then.
    Opens(Time),
    /// It would open, but no packet toward those clients was ever seen.
    OneDirection,
}
