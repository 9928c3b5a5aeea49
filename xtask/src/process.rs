//! Starting other programs, as this user or as root, with errors that say which command failed.

use std::{
    env,
    ffi::OsStr,
    fmt::Write as _,
    io::{IsTerminal as _, stdin},
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

pub use crate::find::find;
use crate::manual::Manual;

/// Runs the command to its end, and fails if it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("cannot start `{}`", show(command)))?;
    if !status.success() {
        bail!("`{}` failed: {status}", show(command));
    }
    Ok(())
}

/// What the command prints. Its error output goes where ours goes.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{}`", show(command)))?;
    if !output.status.success() {
        bail!("`{}` failed: {}", show(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{}` prints no UTF-8", show(command)))
}

/// The command as a human would type it.
pub fn show(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        let _infallible = write!(text, " {}", argument.to_string_lossy());
    }
    text
}

/// Whether we are root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether a command can be run as root: at once, or through sudo, which may ask a human for a password.
pub fn can_be_root() -> bool {
    is_root()
        || find("sudo").is_some_and(|sudo| {
            stdin().is_terminal()
                || Command::new(sudo)
                    .args(["-n", "true"])
                    .stderr(Stdio::null())
                    .status()
                    .is_ok_and(|status| status.success())
        })
}

/// A command that runs as root, through sudo when we are not. The environment goes with it, PATH too,
/// which sudo would replace.
pub fn as_root(program: impl AsRef<OsStr>) -> Result<Command> {
    if is_root() {
        return Ok(Command::new(program));
    }
    if !can_be_root() {
        let program = Path::new(program.as_ref()).display().to_string();
        return Err(Manual::new(
            format!("{program} must run as root; we are not root and sudo cannot be used"),
            [format!("su -c '{program} ...'")],
        )
        .into());
    }
    let mut command = Command::new("sudo");
    if !stdin().is_terminal() {
        command.arg("-n");
    }
    let mut path = std::ffi::OsString::from("PATH=");
    path.push(env::var_os("PATH").unwrap_or_default());
    command.args(["-E", "env"]).arg(path).arg(program);
    Ok(command)
}
