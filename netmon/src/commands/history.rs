//! `netmon incidents` and `netmon report`: what the history has kept.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{Incidents, ListFormat, Report};
use netmon::clock;
use netmon::excerpt::Excerpts;
use netmon::history::{Reader, Wanted, past};
use netmon::report;
use netmon::report::forms::list;
use netmon::report::story::numbers::UTC;

use super::{style, write_report};

/// Lists incidents.
pub fn incidents(arguments: &Incidents) -> anyhow::Result<ExitCode> {
    let now = clock::wall_now();
    let reader = Reader::open(&arguments.history)?;
    let incidents = reader.incidents(&Wanted {
        since: arguments.since.map(|since| since.moment(now)),
        server: arguments.server.map(Into::into),
        open: arguments.open,
    })?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        ListFormat::Text => list::text(&incidents, &UTC, style(), &mut out),
        ListFormat::Json => list::json(&arguments.history, &incidents, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the list")?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the report of an incident.
pub fn report(arguments: &Report) -> anyhow::Result<ExitCode> {
    let reader = Reader::open(&arguments.history)?;
    let past = past(&reader, &arguments.id)?;
    let report = report::Report {
        document: &past.document,
        timeline: &past.timeline,
        excerpts: &Excerpts::default(),
        from_text: false,
        clock: &UTC,
        cover: &arguments.written.cover(),
        generated_by: super::GENERATED_BY,
    };
    write_report(&report, arguments.written.form())?;
    Ok(ExitCode::SUCCESS)
}
