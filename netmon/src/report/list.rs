//! A list of incidents: for people two lines each, for programs one JSON document.

use std::io::{self, Write};
use std::path::Path;

use serde::Serialize;

use super::clean::clean;
use super::phrase::{self, count};
use super::text::Style;
use crate::model::{Cause, Incident, SCHEMA, Severity, SourceKind, State};

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

/// For people: what, whose and how bad; below it the id, which reports are asked for by.
pub fn text(incidents: &[Incident], style: Style, out: &mut dyn Write) -> io::Result<()> {
    for incident in incidents {
        let (paint, word) = match (incident.state, incident.severity) {
            (State::Open, Severity::Down) => ("1;31", "DOWN"),
            (State::Open, Severity::Degraded) => ("1;33", "DEGRADED"),
            (State::Closed, _) => ("32", "over"),
        };
        let word = format!("{word:8}");
        let word = if style.colour {
            format!("\x1b[{paint}m{word}\x1b[0m")
        } else {
            word
        };
        let end = incident.closed.unwrap_or(incident.last_seen);
        let lasted = phrase::duration(phrase::between(incident.began.0, end.0));
        let cause = incident.cause().map_or("", Cause::name);
        writeln!(
            out,
            "{} UTC  {word}  {} {} port {}: {}, {lasted}, {}, {}, {}{}{cause}",
            phrase::second(incident.began.0),
            incident.server,
            incident.transport.name(),
            incident.port,
            incident.kind,
            count(incident.queries, "query", "queries"),
            count(incident.answers, "answer", "answers"),
            count(incident.errors.sum(), "ICMP error", "ICMP errors"),
            if cause.is_empty() { "" } else { ", " },
        )?;
        writeln!(out, "    {}", clean(&incident.id))?;
    }
    if incidents.is_empty() {
        writeln!(out, "No incident.")?;
    }
    Ok(())
}
