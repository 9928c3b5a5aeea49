//! How an incident is reported: what is known of it, and what may be its cause.

use crate::model::{self, ByCode, Happened, State, Wall};

use super::causes;
use super::change::Change;
use super::incident::{Incident, Moment};
use super::ledger::Ledger;
use super::rules::Rules;

/// As it is now.
pub(super) fn show(incident: &Incident, ledger: &Ledger, rules: &Rules) -> model::Incident {
    let flow = incident.flow(ledger);
    let (errors, verified) = incident.errors();
    let (clients, names) = incident.hit();
    let wall = |moment: Moment| Wall(moment.wall);
    model::Incident {
        id: incident.id.clone(),
        server: incident.service.server,
        port: incident.service.port,
        transport: incident.service.transport,
        interface: incident.interface.clone(),
        kind: incident.kind,
        state: if incident.is_open() {
            State::Open
        } else {
            State::Closed
        },
        severity: incident.severity.now(),
        began: wall(incident.began),
        opened: wall(incident.opened),
        last_seen: wall(incident.last_seen.unwrap_or(incident.opened)),
        recovered: incident.recovered.map(wall),
        closed: incident.closed.map(|(closed, _)| wall(closed)),
        closed_because: incident.closed.map(|(_, because)| because),
        reopened: incident.reopened,
        queries: flow.queries,
        answers: flow.answers,
        errors: ByCode::new(|code| errors.of(code)),
        verified,
        accepted: None,
        reporters: incident.senders(),
        clients: clients.listed().to_vec(),
        clients_more: clients.more(),
        names: names.listed().iter().map(ToString::to_string).collect(),
        names_more: names.more(),
        causes: causes::causes(incident, flow, &rules.thresholds),
        because_of: incident.because_of.clone(),
        failover: Some(incident.failover(&rules.untold)),
        server_info: None,
        resolver: None,
        askers: None,
        askers_more: None,
        probe: None,
    }
}

/// Reports what happened to it, as it is now. An update in which nothing can be seen to have changed is none.
pub(super) fn report(
    happened: Happened,
    incident: &mut Incident,
    ledger: &Ledger,
    rules: &Rules,
    changes: &mut Vec<Change>,
) {
    let shown = show(incident, ledger, rules);
    let is_news = incident.report_as(&shown, ledger);
    if is_news || happened != Happened::Updated {
        changes.push(Change {
            kind: happened,
            incident: shown,
            interface: incident.service.interface,
        });
    }
}
