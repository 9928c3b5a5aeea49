//! The report at a glance: how bad it is, and the numbers that say most.

use super::context::{Context, answers, queries};
use crate::model::{Incident, Severity};
use crate::report::facts::Facts;
use crate::report::phrase;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// A server was down.
    Down,
    /// A server did its work in part.
    Degraded,
    /// No incident.
    Healthy,
}

/// The worst of all incidents.
pub fn verdict(context: &Context<'_>) -> Verdict {
    let incidents = context.incidents();
    if incidents.is_empty() {
        Verdict::Healthy
    } else if incidents.iter().any(Incident::is_down) {
        Verdict::Down
    } else {
        Verdict::Degraded
    }
}

/// `No incident`, `1 incident: down, still open`, `3 incidents: 2 down, 1 degraded; 1 still open`.
pub fn in_words(context: &Context<'_>) -> String {
    let incidents = context.incidents();
    let all = incidents.len() as u64;
    let with = |severity: Severity| incidents.iter().filter(|one| one.severity == severity).count() as u64;
    let open = incidents.iter().filter(|one| one.closed.is_none()).count() as u64;
    if let [incident] = incidents {
        let state = if open == 1 { "still open" } else { "over" };
        return format!("1 incident: {}, {state}", incident.severity);
    }
    let severities: Vec<String> = Severity::ALL
        .into_iter()
        .map(|severity| (with(severity), severity))
        .filter(|&(number, _)| number > 0)
        .map(|(number, severity)| format!("{} {severity}", phrase::number(number)))
        .collect();
    match (all, open) {
        (0, _) => "No incident".into(),
        (_, 0) => format!(
            "{} incidents: {}; all over",
            phrase::number(all),
            severities.join(", ")
        ),
        _ => format!(
            "{} incidents: {}; {} still open",
            phrase::number(all),
            severities.join(", "),
            phrase::number(open)
        ),
    }
}

/// The numbers that say most, each with its name.
pub(super) fn figures(context: &Context<'_>) -> Vec<(&'static str, String)> {
    let incidents = context.incidents();
    let errors: u64 = incidents
        .iter()
        .map(|incident| Facts::new(incident).errors())
        .sum();
    let mut figures = Vec::new();
    if let [incident] = incidents {
        let lasted = phrase::between(incident.began.0, incident.last_seen.0);
        figures.push(("Duration", phrase::duration(lasted)));
        figures.push(("Clients affected", phrase::number(Facts::new(incident).clients())));
    } else if !incidents.is_empty() {
        figures.push((
            "Servers affected",
            phrase::number(context.troubled_servers().len() as u64),
        ));
    }
    if incidents.is_empty() {
        let servers = context.servers();
        let asked: u64 = servers.iter().map(|server| queries(server)).sum();
        let answered: u64 = servers
            .iter()
            .map(|server| answers(server).min(queries(server)))
            .sum();
        figures.push(("DNS servers", phrase::number(servers.len() as u64)));
        figures.push(("Queries", phrase::number(asked)));
        figures.extend(phrase::percent(answered, asked).map(|share| ("Answered", share)));
        return figures;
    }
    let sum = |of: fn(&Incident) -> u64| phrase::number(incidents.iter().map(of).sum());
    figures.push(("Queries", sum(|incident| incident.queries)));
    figures.push(("Answers", sum(|incident| incident.answers)));
    figures.push(("ICMP errors", phrase::number(errors)));
    figures
}
