//! The cause that silence tells: packets are dropped without a word.

use super::{Facts, Finding, counted};
use crate::model::{Cause, Kind};

/// `silent-drop`: `unanswered`.
pub(super) fn silent_drop(facts: &Facts) -> Option<Finding> {
    if facts.incident.kind != Kind::Unanswered {
        return None;
    }
    Finding::new(Cause::SilentDrop, facts.failures, || {
        format!(
            "{} by {} for {} got neither an answer nor an error within {} s: something on the way drops them \
             or the answers, or the server hangs",
            counted(facts.failures, "query"),
            counted(facts.incident.client_count(), "client"),
            counted(facts.incident.name_count(), "name"),
            facts.thresholds.unanswered_wait.as_secs(),
        )
    })
}
