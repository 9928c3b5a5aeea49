//! The cause that answers show: the server itself fails.

use crate::model::{Cause, Kind};

use super::{Case, Finding, counted};

/// `server-failure`: SERVFAIL, REFUSED, FORMERR or NOTIMP.
pub(super) fn server_failure(case: &Case) -> Option<Finding> {
    if case.incident.kind != Kind::Failing {
        return None;
    }
    Finding::new(Cause::ServerFailure, case.failures, || {
        let flow = case.flow;
        let kinds = [
            ("SERVFAIL", flow.servfail),
            ("REFUSED", flow.refused),
            ("FORMERR or NOTIMP", flow.other),
        ];
        let kinds: Vec<String> = kinds
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(kind, count)| format!("{kind} ({count})"))
            .collect();
        let kinds = kinds.join(" or ");
        format!(
            "{} of {} {} {kinds}, for {}: the server runs, but cannot or will not do its work",
            flow.faults(),
            counted(flow.answers, "answer"),
            if flow.answers == 1 { "says" } else { "say" },
            counted(case.incident.name_count(), "name"),
        )
    })
}
