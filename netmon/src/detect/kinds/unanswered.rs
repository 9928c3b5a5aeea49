//! `unanswered`: queries go to the server, and nothing at all comes back, neither an answer nor an error.
//!
//! Opens when at least 5 queries for at least 2 names, sent 5 to 30 s ago, had no answer; or, where the server
//! is seldom asked, when the last 3 queries did, at least 2 names among them, spread over 20 s to 10 min and
//! each at least 5 s old. Two names, because one broken domain that is asked again and again says nothing
//! about the server. Closes as `answered` at the next answer.

use netmon_common::Address;

use crate::detect::incident::Incident;
use crate::detect::rules::Rules;
use crate::detect::server::{Asked, Server};
use crate::model::{CloseReason, Kind};
use crate::time::Time;

use super::Verdict;

/// Whether it opens at a whole second.
pub(super) fn opens(server: &Server, at: Time, rules: &Rules, heard: &dyn Fn(Address) -> bool) -> Verdict {
    let silence = &server.silence;
    let (Some(first), Some(by)) = (silence.first, rules.unanswered_by(at)) else {
        return Verdict::Nothing;
    };
    if first > by || !server.standing.counts || server.incidents.is_open(Kind::Unreachable) {
        return Verdict::Nothing;
    }
    let mut verdict = Verdict::Nothing;
    if many_failed(server, at, rules) {
        let mut clients = silence.clients.within(at.second(), rules.unanswered_window());
        if clients.any(|client| heard(*client)) {
            return Verdict::Opens(first);
        }
        verdict = Verdict::OneDirection;
    }
    if last_failed(server, by, rules) {
        let mut last = silence.sent_by(by).take(rules.thresholds.unanswered_last);
        if last.any(|asked| heard(asked.client)) {
            return Verdict::Opens(first);
        }
        verdict = Verdict::OneDirection;
    }
    verdict
}

/// Whether enough queries of the last half minute failed, for enough names.
fn many_failed(server: &Server, at: Time, rules: &Rules) -> bool {
    let (silence, window) = (&server.silence, rules.unanswered_window());
    let queries = server
        .ledger
        .asked(at.second(), window, silence.since, silence.asked_before);
    queries >= rules.thresholds.unanswered_queries
        && silence.names.count(at.second(), window) >= rules.thresholds.unanswered_names
}

/// Whether the last queries sent by then failed, over a long enough time, for enough names.
fn last_failed(server: &Server, by: Time, rules: &Rules) -> bool {
    let thresholds = &rules.thresholds;
    let last: Vec<&Asked> = server
        .silence
        .sent_by(by)
        .take(thresholds.unanswered_last)
        .collect();
    let (Some(newest), Some(oldest)) = (last.first(), last.last()) else {
        return false;
    };
    let spread = newest.at.since(oldest.at);
    let mut names: Vec<u32> = last.iter().filter_map(|asked| asked.name).collect();
    names.sort_unstable();
    names.dedup();
    last.len() == thresholds.unanswered_last
        && (thresholds.unanswered_spread_min..=thresholds.unanswered_spread_max).contains(&spread)
        && names.len() >= thresholds.unanswered_names
}

/// Takes what led to it.
pub(super) fn fill(incident: &mut Incident, server: &Server, at: Time, rules: &Rules) {
    for client in server.silence.clients.iter() {
        incident.wait(client.first, Some(&client.value), None);
    }
    for name in server.silence.names.iter() {
        incident.wait(name.first, None, Some(&name.value));
    }
    follow(incident, server, at, rules);
}

/// Takes the queries that have become old enough to have failed.
pub(super) fn follow(incident: &mut Incident, server: &Server, at: Time, rules: &Rules) {
    let Some(by) = rules.unanswered_by(at) else {
        return;
    };
    if incident.heard.any {
        return;
    }
    incident.waited(by);
    let newest = server.silence.sent_by(by).next().map(|asked| asked.at);
    if newest > incident.newest_failure()
        && let Some(newest) = newest
    {
        let flow = incident.flow(&server.ledger);
        let after = newest.after(std::time::Duration::from_nanos(1));
        let later = server.ledger.flow_now(after, after.second());
        // Where it opened again, answers came in between. At least this one failed.
        let silent = flow.queries.saturating_sub(later.queries + flow.answers);
        incident.silent = silent.max(incident.silent).max(1);
        incident.fail(newest, server.last_answer, rules);
    }
}

/// Why it closes, if it does.
pub(super) fn closes(incident: &Incident) -> Option<CloseReason> {
    incident.heard.any.then_some(CloseReason::Answered)
}
