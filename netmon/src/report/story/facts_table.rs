//! All that is known of one incident, as a table to look things up in.

use super::Until;
use crate::model::Incident;
use crate::report::explain;
use crate::report::facts::Facts;
use crate::report::phrase;
use crate::report::rich::Text;

/// All that is known of an incident, to look up.
///
/// At most so many clients and names are listed.
pub fn rows(incident: &Incident, until: Until, listed: usize) -> Vec<(String, Text)> {
    let facts = Facts::new(incident);
    let mut rows: Vec<(&str, Text)> = vec![
        ("Server", facts.say("{server}")),
        ("Port", facts.say("{transport} {port}")),
        (
            "Problem",
            format!("{} ({})", explain::kind(incident.kind).short, incident.severity).into(),
        ),
        ("First failed query", utc(incident.began.0)),
        ("Detected", utc(incident.opened.0)),
        ("Last failure", utc(incident.last_seen.0)),
    ];
    rows.push(match incident.closed {
        Some(closed) => ("Closed", utc(closed.0).then(closing_word(incident))),
        None if until == Until::Now => ("State", "open".into()),
        None => ("State", "open: not ended when the log did".into()),
    });
    rows.extend([
        ("Queries", phrase::number(incident.queries).into()),
        ("Answers", phrase::number(incident.answers).into()),
    ]);
    rows.push(("ICMP errors", icmp_errors(&facts)));
    if facts.errors() > 0 {
        rows.push((
            "Verified",
            format!(
                "{} of {}",
                phrase::number(incident.verified),
                phrase::count(facts.errors(), "error", "errors")
            )
            .into(),
        ));
    }
    if !incident.reporters.is_empty() {
        rows.push(("Errors sent by", facts.say("{reporters}")));
    }
    rows.push((
        if facts.clients() == 1 { "Client" } else { "Clients" },
        all(&incident.clients, facts.clients(), listed),
    ));
    rows.push((
        if facts.names() == 1 { "Name" } else { "Names" },
        all(&incident.names, facts.names(), listed),
    ));
    rows.into_iter()
        .map(|(name, value)| (name.into(), value))
        .collect()
}

fn icmp_errors(facts: &Facts<'_>) -> Text {
    let errors = facts.errors();
    let codes: Vec<Text> = facts
        .by_code()
        .into_iter()
        .map(|(code, count)| {
            let name = facts.say(explain::code(code).words);
            if count == errors {
                name
            } else {
                Text::from(format!("{} × ", phrase::number(count))).then(name)
            }
        })
        .collect();
    match errors {
        0 => "0".into(),
        _ => Text::from(format!("{} (", phrase::number(errors)))
            .then(Text::list(codes))
            .then(")"),
    }
}

fn closing_word(incident: &Incident) -> String {
    incident
        .closed_because
        .map_or_else(String::new, |because| format!(" ({because})"))
}

fn utc(moment: jiff::Timestamp) -> Text {
    format!("{} UTC", phrase::exact(moment)).into()
}

/// The first of them, and how many more there are in all.
fn all(known: &[impl std::fmt::Display], in_all: u64, listed: usize) -> Text {
    let mut items: Vec<Text> = known.iter().take(listed).map(Text::code).collect();
    let more = in_all.saturating_sub(items.len() as u64);
    if more > 0 {
        items.push(format!("{} more", phrase::number(more)).into());
    }
    match items.as_slice() {
        [] => "not in the log".into(),
        _ => Text::list(items),
    }
}
