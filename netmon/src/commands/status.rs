//! `netmon status`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{DocumentFormat, Status};
use netmon::report::instances;
use netmon::status;

/// Tells what the netmons on this host do.
pub fn status(arguments: &Status) -> anyhow::Result<ExitCode> {
    let found = status::status()?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        DocumentFormat::Text => instances::text(&found, &mut out),
        DocumentFormat::Json => instances::json(&found, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the status")?;
    Ok(ExitCode::SUCCESS)
}
