//! What may lie behind an incident: each cause with the failures that support it, and a sentence of evidence.
//!
//! One group of causes a file. The list below is also their order where equally many failures support them.

mod answers;
mod errors;
mod overload;
mod silence;

pub use errors::doubt;
use netmon_common::Address;

use crate::model::{Cause, Diagnosis, Kind, Likelihood};
use crate::observation::Service;

use super::flow::Flow;
use super::incident::Incident;
use super::thresholds::Thresholds;

/// Finds one cause, if anything supports it.
type Find = fn(&Case) -> Option<Finding>;

const ALL: [Find; 8] = [
    answers::server_failure,
    overload::overload,
    errors::firewall_reject,
    errors::no_endpoints,
    errors::service_down,
    errors::host_down,
    errors::no_route,
    silence::silent_drop,
];

/// What is known of an incident.
struct Case<'a> {
    incident: &'a Incident,
    flow: Flow,
    /// How many failures it has.
    failures: u64,
    thresholds: &'a Thresholds,
}

impl Case<'_> {
    const fn server(&self) -> Address {
        self.incident.service.server
    }

    /// Its port, as people say it: `UDP port 53`.
    fn port(&self) -> String {
        let Service { port, transport, .. } = self.incident.service;
        format!("{} port {port}", transport.name().to_uppercase())
    }
}

/// A cause that something supports.
struct Finding {
    cause: Cause,
    /// How many failures support it.
    supported_by: u64,
    /// Whether it stands before all others.
    first: bool,
    evidence: String,
}

impl Finding {
    /// A cause, if at least one failure supports it.
    fn new(cause: Cause, supported_by: u64, evidence: impl FnOnce() -> String) -> Option<Self> {
        (supported_by > 0).then(|| Self {
            cause,
            supported_by,
            first: false,
            evidence: evidence(),
        })
    }
}

/// The causes of an incident, the most likely first.
pub(super) fn causes(incident: &Incident, flow: Flow, thresholds: &Thresholds) -> Vec<Diagnosis> {
    let failures = match incident.kind {
        Kind::Unreachable => incident.failures.total(),
        Kind::Unanswered => incident.silent,
        Kind::Failing => flow.faults(),
    };
    let case = Case {
        incident,
        flow,
        failures,
        thresholds,
    };
    let mut found: Vec<Finding> = ALL.iter().filter_map(|find| find(&case)).collect();
    // A stable sort: equal ones stay in the order of the list.
    found.sort_by_key(|finding| (!finding.first, std::cmp::Reverse(finding.supported_by)));
    found
        .into_iter()
        .map(|finding| Diagnosis {
            cause: finding.cause,
            likelihood: likelihood(finding.supported_by, failures, thresholds),
            evidence: finding.evidence,
        })
        .collect()
}

fn likelihood(supported_by: u64, failures: u64, thresholds: &Thresholds) -> Likelihood {
    if supported_by.saturating_mul(100) >= failures.saturating_mul(thresholds.likely_percent) {
        Likelihood::Likely
    } else {
        Likelihood::Possible
    }
}

/// `1 error`, `3 errors`.
fn counted(count: u64, one: &str) -> String {
    match (count, one) {
        (1, _) => format!("1 {one}"),
        (_, "query") => format!("{count} queries"),
        _ => format!("{count} {one}s"),
    }
}
