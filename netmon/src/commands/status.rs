//! `netmon status`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{DocumentFormat, Status};
use netmon::clock;
use netmon::config::names_in;
use netmon::history::{ReadError, Reader, Wanted};
use netmon::model::Incident;
use netmon::model::view::Summary;
use netmon::report::instances;
use netmon::status;
use netmon::views::client::{AskError, Client};

use super::clock_of;

/// Tells what the netmons on this host do, and what is open.
pub fn status(arguments: &Status) -> anyhow::Result<ExitCode> {
    let names = names_in(arguments.naming.config.as_ref())?;
    let summary = summary(arguments);
    let mut found = match (status::status(), &summary) {
        (Ok(found), _) => Some(found),
        // Who may not ask the kernel may still ask netmon.
        (Err(_), Some(_)) => None,
        (Err(error), None) => return Err(error.into()),
    };
    let is_open = found.iter().flatten().any(|one| !one.open.is_empty());
    let open = if is_open {
        open(arguments, summary.as_ref())
    } else {
        Vec::new()
    };
    for one in found.iter_mut().flatten() {
        one.explain(&open);
        one.name_servers(&names);
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        DocumentFormat::Text => {
            let clock = clock_of(arguments.timezone.as_ref());
            if let Some(summary) = &summary {
                writeln!(out, "{}", summary.sentence).context("cannot write the status")?;
            }
            match &found {
                Some(found) => instances::text(found, &clock, clock::wall_now(), &mut out),
                None => Ok(()),
            }
        }
        DocumentFormat::Json => instances::json(summary.as_ref(), found.as_deref(), &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the status")?;
    Ok(ExitCode::SUCCESS)
}

/// What the running netmon says. Where none answers, the kernel says what there is.
fn summary(arguments: &Status) -> Option<Summary> {
    let client = Client::new(arguments.socket.clone()).ok()?;
    match client.get("/api/v1/summary") {
        Ok(summary) => Some(summary),
        Err(AskError::Nobody { .. }) => None,
        Err(error) => {
            eprintln!("netmon: warning: {error}");
            None
        }
    }
}

/// What the running netmon or the history says of open incidents. Without them the kernel still knows of which servers they are.
fn open(arguments: &Status, summary: Option<&Summary>) -> Vec<Incident> {
    if let Some(summary) = summary.filter(|summary| !summary.open.is_empty()) {
        return summary.open.clone();
    }
    let wanted = Wanted {
        since: None,
        server: None,
        open: true,
    };
    let found = Reader::open(&arguments.history).and_then(|reader| reader.incidents(&wanted));
    found.unwrap_or_else(|error| {
        if !matches!(error, ReadError::Missing(_)) {
            eprintln!("netmon: warning: {error}");
        }
        Vec::new()
    })
}
