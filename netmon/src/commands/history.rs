//! `netmon incidents` and `netmon report`: what the history has kept.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::capture::text::Hosts;
use netmon::cli::{Incidents, ListFormat, Report};
use netmon::clock;
use netmon::config::names_in;
use netmon::excerpt::Excerpts;
use netmon::history::{Reader, Wanted, past};
use netmon::report;
use netmon::report::forms::list;

use super::{clock_of, style, write_report};

/// Lists incidents.
pub fn incidents(arguments: &Incidents) -> anyhow::Result<ExitCode> {
    let now = clock::wall_now();
    let clock = clock_of(arguments.timezone.as_ref());
    let reader = Reader::open(&arguments.history)?;
    let names = names_in(arguments.naming.config.as_ref())?;
    let mut incidents = reader.incidents(&Wanted {
        since: arguments.since.map(|since| since.moment(now, &clock.zone)),
        server: arguments.server.map(Into::into),
        open: arguments.open,
    })?;
    for incident in &mut incidents {
        names.mark_incident(incident);
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        ListFormat::Text => list::text(&incidents, &clock, now, style(), &mut out),
        ListFormat::Json => list::json(&arguments.history, &incidents, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the list")?;
    Ok(ExitCode::SUCCESS)
}

/// Writes the report of an incident.
pub fn report(arguments: &Report) -> anyhow::Result<ExitCode> {
    let reader = Reader::open(&arguments.history)?;
    let mut past = match arguments.id.as_str() {
        "last" => past(&reader, &reader.last()?.id)?,
        id => past(&reader, id)?,
    };
    let names = names_in(arguments.naming.config.as_ref())?;
    past.document.name_servers(&names);
    let report = report::Report {
        document: &past.document,
        timeline: &past.timeline,
        served: None,
        close_ups: &past.close_ups,
        excerpts: &Excerpts::default(),
        from_text: false,
        clock: &clock_of(arguments.timezone.as_ref()),
        cover: &arguments.written.cover(),
        generated_by: report::GENERATED_BY,
    };
    write_report(&report, arguments.written.form(), &Hosts::default())?;
    Ok(ExitCode::SUCCESS)
}
