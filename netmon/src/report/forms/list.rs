//! A list of incidents: for people two lines each, for programs one JSON document.

use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::{Page, Paint, Style};
use crate::model::{Incident, SCHEMA, Severity, SourceKind, State};
use crate::report::knowledge;
use crate::report::story::numbers::{self, Clock, count};
use crate::report::story::service;

#[derive(Serialize)]
struct List<'a> {
    schema: u32,
    source: From,
    incidents: &'a [Incident],
}

#[derive(Serialize)]
struct From {
    kind: SourceKind,
    files: [String; 1],
}

/// One JSON document: `schema`, `source` and `incidents` as in the document of `netmon analyze`.
pub fn json(file: &Path, incidents: &[Incident], out: &mut dyn Write) -> io::Result<()> {
    let list = List {
        schema: SCHEMA,
        source: From {
            kind: SourceKind::History,
            files: [file.display().to_string()],
        },
        incidents,
    };
    serde_json::to_writer_pretty(&mut *out, &list)?;
    out.write_all(b"\n")
}

/// For people: when, whether it is over, how bad it was, whose and what; below it the id, which reports are asked for by.
pub fn text(
    incidents: &[Incident],
    clock: &Clock,
    now: Timestamp,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut page = Page::new(style, out);
    for incident in incidents {
        let paint = match (incident.state, incident.severity) {
            (State::Closed, _) => Paint::Healthy,
            (State::Open, Severity::Down) => Paint::Down,
            (State::Open, Severity::Degraded) => Paint::Degraded,
        };
        let end = incident.recovered.or(incident.closed).map_or(now, |end| end.0);
        let mut facts = vec![
            format!("{} {}", service(incident), knowledge::kind(incident.kind).short),
            numbers::duration(numbers::between(incident.began.0, end)),
            count(incident.queries, "query", "queries"),
            count(incident.answers, "answer", "answers"),
            count(incident.errors.sum(), "ICMP error", "ICMP errors"),
        ];
        facts.extend(incident.cause().map(|cause| cause.name().into()));
        page.marked(
            &format!(
                "{} {}  ",
                clock.second(incident.began.0),
                clock.name(incident.began.0)
            ),
            paint,
            &format!(
                "{:6}  {:8}",
                incident.state,
                knowledge::severity(incident.severity)
            ),
            &facts.join(", "),
        )?;
        page.line(4, Paint::None, &incident.id)?;
    }
    if incidents.is_empty() {
        page.line(0, Paint::None, "No incident.")?;
    }
    Ok(())
}
