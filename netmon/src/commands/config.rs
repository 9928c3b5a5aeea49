//! `netmon config`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{Config, ConfigAction};
use netmon::config::{DEFAULT_FILE, Loaded, Source};

/// Checks or shows the configuration. What is wrong with it is the error.
pub fn config(arguments: &Config, source: &Source) -> anyhow::Result<ExitCode> {
    let loaded = source.load()?;
    for warning in loaded.config.warnings() {
        eprintln!("netmon: warning: {warning}");
    }
    let text = match arguments.action {
        ConfigAction::Check(_) => checked(&loaded),
        ConfigAction::Show(_) => loaded.shown(),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write")?;
    Ok(ExitCode::SUCCESS)
}

fn checked(loaded: &Loaded) -> String {
    match &loaded.file {
        Some(file) => format!("{}: ok\n", file.display()),
        None => format!("ok: there is no {DEFAULT_FILE}; only flags and defaults are used\n"),
    }
}
