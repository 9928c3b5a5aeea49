//! `netmon status`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{DocumentFormat, Status};
use netmon::clock;
use netmon::config::names_in;
use netmon::history::{ReadError, Reader, Wanted};
use netmon::model::Incident;
use netmon::report::instances;
use netmon::status;

use super::clock_of;

/// Tells what the netmons on this host do, and what is open.
pub fn status(arguments: &Status) -> anyhow::Result<ExitCode> {
    let names = names_in(arguments.naming.config.as_ref())?;
    let mut found = status::status()?;
    let open = if found.iter().all(|one| one.open.is_empty()) {
        Vec::new()
    } else {
        open(arguments)
    };
    for one in &mut found {
        one.explain(&open);
        one.name_servers(&names);
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        DocumentFormat::Text => {
            let clock = clock_of(arguments.timezone.as_ref());
            instances::text(&found, &clock, clock::wall_now(), &mut out)
        }
        DocumentFormat::Json => instances::json(&found, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the status")?;
    Ok(ExitCode::SUCCESS)
}

/// What the history says of open incidents. Without one the kernel still knows of which servers they are.
fn open(arguments: &Status) -> Vec<Incident> {
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
