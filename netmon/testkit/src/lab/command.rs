//! Running a short command to its end, with errors that show what it printed.

use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, Result, bail};

/// Runs the command and gives back all that it printed, whether or not it succeeded.
pub fn output(command: &mut Command) -> Result<Output> {
    command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("cannot start {command:?}"))
}

/// Runs the command, fails if it fails, and gives back its standard output.
pub fn run(command: &mut Command) -> Result<String> {
    let output = output(command)?;
    if !output.status.success() {
        bail!(
            "{command:?} failed, {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
