//! The cause that answers tell: the server itself fails.

use super::{Facts, Finding, counted};
use crate::model::{Cause, Kind};

/// `server-failure`: SERVFAIL or REFUSED.
pub(super) fn server_failure(facts: &Facts) -> Option<Finding> {
    if facts.incident.kind != Kind::Failing {
        return None;
    }
    Finding::new(Cause::ServerFailure, facts.failures, || {
        let flow = facts.flow;
        format!(
            "{} of {} {} SERVFAIL ({}) or REFUSED ({}), for {}: the server runs, but cannot or will not do its \
             work",
            flow.failed(),
            counted(flow.judged, "answer"),
            if flow.judged == 1 { "says" } else { "say" },
            flow.servfail,
            flow.refused,
            counted(facts.incident.name_count(), "name"),
        )
    })
}
