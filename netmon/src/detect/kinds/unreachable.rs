//! `unreachable`: an ICMP error that is believed says that the server cannot be reached.
//!
//! Opens at once, at the error. Closes as `answered` when a client that it hit got an answer to a query sent
//! after the last error, and 10 s passed without one: others may get answers all along, where a firewall
//! rejects some clients only. Absorbs `unanswered`.

use netmon_common::Address;

use crate::detect::change::Change;
use crate::detect::incident::Incident;
use crate::detect::rules::Rules;
use crate::detect::server::Server;
use crate::model::{CloseReason, Happened, Kind};
use crate::observation::Failure;
use crate::time::Time;

/// Takes an error that opens an incident, or is one more failure of it.
pub(in crate::detect) fn failed(
    server: &mut Server,
    at: Time,
    failure: &Failure,
    rules: &Rules,
    changes: &mut Vec<Change>,
) {
    let sent = failure.proof.sent().map_or(at, |sent| sent.min(at));
    let (mut incident, opens) = match server.incidents.take_open(Kind::Unreachable) {
        Some(incident) => (incident, false),
        None => (server.begin(Kind::Unreachable, sent, at, rules), true),
    };
    if sent < incident.began() {
        server.begin_earlier(&mut incident, sent, rules);
    }
    if !incident.may_have_hit(failure.client) {
        // Whoever got answers may be this very client.
        incident.heard.query_of_others = None;
    }
    incident.note_failure(at, failure, rules);
    incident.fail(at, server.last_answer, rules);
    if opens {
        server.tell(Happened::Opened, &mut incident, rules, changes);
    }
    server.incidents.put(incident);
    if opens {
        server.close(Kind::Unanswered, at, CloseReason::Superseded, rules, changes);
    }
}

/// Takes an answer, to a query that was sent then where it was seen.
pub(in crate::detect) fn answered(
    incident: &mut Incident,
    at: Time,
    client: Address,
    sent: Option<Time>,
    rules: &Rules,
) {
    if incident.lists_client(client) {
        let sent = sent.or_else(|| earlier(at, rules.thresholds.longest_wait));
        incident.heard.query_of_named = incident.heard.query_of_named.max(sent);
    } else if !incident.may_have_hit(client) {
        incident.heard.query_of_others = incident.heard.query_of_others.max(sent);
    }
}

/// Why it closes, if it does.
pub(super) fn closes(incident: &Incident, at: Time, rules: &Rules) -> Option<CloseReason> {
    let last_error = incident.newest_failure()?;
    let answered = incident
        .heard
        .query_of_named
        .is_some_and(|sent| sent > last_error);
    let quiet = at.since(last_error) >= rules.thresholds.unreachable_quiet;
    (answered && quiet).then_some(CloseReason::Answered)
}

fn earlier(at: Time, by: std::time::Duration) -> Option<Time> {
    let by = u64::try_from(by.as_nanos()).ok()?;
    at.nanos().checked_sub(by).map(Time::from_nanos)
}
