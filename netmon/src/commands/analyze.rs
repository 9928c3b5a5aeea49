//! `netmon analyze`.

use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use netmon::analyze;
use netmon::cli::Analyze;
use netmon::config;
use netmon::report::story::numbers::Clock;

use super::{INCIDENT, USAGE, warn_of_zone, write_report};

/// Analyses files, and writes the report.
pub fn analyze(arguments: &Analyze) -> anyhow::Result<ExitCode> {
    warn_of_zone(arguments.timezone.as_ref());
    let options = config::analysis(arguments)?;
    let analysis = analyze::analyze(&options)?;
    let assumed = analysis.document.assumed.as_ref();
    let clock = Clock {
        zone: options.zone.clone(),
        date_is_assumed: assumed.is_some_and(|assumed| assumed.date),
        year_is_assumed: assumed.is_some_and(|assumed| assumed.year),
    };
    let cover = arguments.written.cover();
    let report = analysis.report(&clock, &cover);
    write_report(&report, arguments.written.form(), &analysis.hosts)?;
    if assumed.is_some() && io::stderr().is_terminal() {
        eprintln!(
            "netmon: what is marked as assumed above can be said: --date 2026-11-24, --timezone Europe/Berlin"
        );
    }
    if let Some(check) = &analysis.check {
        eprintln!("netmon: {check}");
    }
    let status = if analysis.nothing_read {
        eprintln!("netmon: error: nothing could be read; the warnings in the report say why");
        USAGE
    } else if arguments.exit_code && !analysis.document.incidents.is_empty() {
        INCIDENT
    } else {
        0
    };
    Ok(ExitCode::from(status))
}
