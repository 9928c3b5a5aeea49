//! `failing`: the server answers, but at least half of its answers are SERVFAIL or REFUSED.
//!
//! Opens on at least 10 answers in the last 30 s, for at least 3 names: one broken domain, or one with bogus
//! signatures, fails on every healthy resolver. Closes as `recovered` when, of the answers of a whole 30 s
//! since it opened, under a tenth are failures. REFUSED by this host's own server is its policy, and is no
//! failure.

use netmon_common::Address;

use crate::detect::incident::Incident;
use crate::detect::rules::Rules;
use crate::detect::server::Server;
use crate::model::CloseReason;
use crate::observation::Name;
use crate::time::Time;

use super::Verdict;

/// Whether it opens at a whole second.
pub(super) fn opens(server: &Server, at: Time, rules: &Rules) -> Verdict {
    let (thresholds, window) = (&rules.thresholds, rules.failing_window());
    let from = at.second().saturating_sub(window.oldest);
    if server.faults.none_since(from) {
        return Verdict::Nothing;
    }
    let flow = server.ledger.before(at.second(), window.oldest);
    let fails = flow.judged >= thresholds.failing_answers
        && flow.failed().saturating_mul(100) >= flow.judged.saturating_mul(thresholds.failing_percent)
        && server.faults.names.count(at.second(), window) >= thresholds.failing_names;
    match server.faults.first_sent(from) {
        Some(sent) if fails => Verdict::Opens(sent),
        _ => Verdict::Nothing,
    }
}

/// Takes what led to it.
pub(super) fn fill(incident: &mut Incident, server: &Server, at: Time, rules: &Rules) {
    let window = rules.failing_window();
    for client in server.faults.clients.within(at.second(), window) {
        incident.note(Some(client), None);
    }
    for name in server.faults.names.within(at.second(), window) {
        incident.note(None, Some(name));
    }
    if let Some(newest) = server.faults.newest {
        failed(incident, newest, None, None, rules);
    }
}

/// Takes a failed answer. It is an answer all the same: a server that sends it is not down.
pub(in crate::detect) fn failed(
    incident: &mut Incident,
    at: Time,
    client: Option<Address>,
    name: Option<&Name>,
    rules: &Rules,
) {
    incident.note(client.as_ref(), name);
    incident.fail(at, Some(at), rules);
}

/// Why it closes, if it does. Without any answer, no share is under anything.
pub(super) fn closes(incident: &Incident, server: &Server, at: Time, rules: &Rules) -> Option<CloseReason> {
    let thresholds = &rules.thresholds;
    let flow = server.ledger.before(at.second(), rules.failing_window().oldest);
    let recovered = at.since(incident.resumed) >= thresholds.failing_window
        && flow.failed().saturating_mul(100) < flow.judged.saturating_mul(thresholds.recovered_percent);
    recovered.then_some(CloseReason::Recovered)
}
