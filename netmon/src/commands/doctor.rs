//! `netmon doctor`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{Doctor, DocumentFormat};
use netmon::doctor;
use netmon::doctor::findings::{self, Verdict};

use super::{REFUSED, style};

/// Looks at everything that netmon needs, and says how it stands.
pub fn doctor(arguments: &Doctor) -> anyhow::Result<ExitCode> {
    let found = doctor::examine();
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        DocumentFormat::Text => findings::text(&found, style(), &mut out),
        DocumentFormat::Json => findings::json(&found, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the findings")?;
    Ok(match findings::worst(&found) {
        Verdict::Ok | Verdict::Warning => ExitCode::SUCCESS,
        Verdict::Failure => ExitCode::from(REFUSED),
    })
}
