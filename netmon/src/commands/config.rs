//! `netmon config`.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{Config, ConfigAction};
use netmon::config::{DEFAULT_FILE, Loaded, Source, UsageError};
use netmon::kernel::{Pins, Selection};
use nix::net::if_::if_nametoindex;

/// Checks or shows the configuration. What is wrong with it is the error.
pub fn config(arguments: &Config, source: &Source) -> anyhow::Result<ExitCode> {
    let loaded = source.load()?;
    for warning in loaded.config.warnings() {
        eprintln!("netmon: warning: {warning}");
    }
    let text = match arguments.action {
        ConfigAction::Check(_) => {
            refused_here(&loaded.config)?;
            checked(&loaded)
        }
        ConfigAction::Show(_) => loaded.shown(),
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .context("cannot write")?;
    Ok(ExitCode::SUCCESS)
}

/// Insists on what the settings need of this host. `netmon run` would be refused by the system; here it is what is checked.
fn refused_here(config: &netmon::config::Config) -> Result<(), UsageError> {
    let mut refused = Vec::new();
    if let Some(Err(error)) = config.pin.as_deref().map(Pins::check) {
        refused.push(format!("pin: {error}"));
    }
    if let Selection::Named(names) = &config.selection {
        let missing = names.iter().filter(|name| if_nametoindex(name.as_str()).is_err());
        refused.extend(missing.map(|name| format!("interface: there is no interface {name}")));
    }
    if refused.is_empty() {
        Ok(())
    } else {
        Err(UsageError::NotOnThisHost(refused.join("\n")))
    }
}

fn checked(loaded: &Loaded) -> String {
    match &loaded.file {
        Some(file) => format!("{}: ok\n", file.display()),
        None => format!("ok: there is no {DEFAULT_FILE}; only flags and defaults are used\n"),
    }
}
