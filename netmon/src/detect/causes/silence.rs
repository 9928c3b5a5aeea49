//! The cause that silence shows: packets are dropped without a word.

use super::{Case, Finding, counted};
use crate::model::{Cause, Kind};

/// `silent-drop`: `unanswered`.
pub(super) fn silent_drop(case: &Case) -> Option<Finding> {
    if case.incident.kind != Kind::Unanswered {
        return None;
    }
    Finding::new(Cause::SilentDrop, case.failures, || {
        format!(
            "{} by {} for {} got neither an answer nor an error within {} s: something on the way drops them \
             or the answers, or the server hangs",
            counted(case.failures, "query"),
            counted(case.incident.client_count(), "client"),
            counted(case.incident.name_count(), "name"),
            case.thresholds.unanswered_wait.as_secs(),
        )
    })
}
