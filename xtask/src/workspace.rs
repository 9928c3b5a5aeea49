//! Where things are in this workspace, and the cargo that is running us.

use std::{
    env,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Result;

use crate::process;

/// The root of the workspace. It is known when xtask is compiled, and xtask is compiled where it runs.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// Where set-up puts what it builds itself. `cargo clean` leaves it alone.
pub fn tools() -> PathBuf {
    root().join(".tools")
}

/// Cargo's target directory, for files of our own beside cargo's.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |target| root().join(target))
}

/// When the sources were last changed, in seconds since 1970: the time of all that is packed.
pub fn epoch() -> Result<String> {
    if let Ok(named) = env::var("SOURCE_DATE_EPOCH") {
        return Ok(named);
    }
    let mut git = Command::new("git");
    git.args(["log", "-1", "--format=%ct"]).current_dir(root());
    Ok(process::output(&mut git)?.trim().to_owned())
}

/// What is measured now, for the pages that say it: the commit, and the day.
pub fn revision() -> Result<String> {
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty"]).current_dir(root());
    let mut date = Command::new("date");
    date.args(["-u", "+%-d %B %Y"]);
    let (commit, day) = (process::output(&mut git)?, process::output(&mut date)?);
    Ok(format!("commit {}, {}", commit.trim(), day.trim()))
}

/// Where the compiler of the workspace at `sources` has its libraries.
pub fn sysroot(sources: &Path) -> Result<PathBuf> {
    let mut rustc = Command::new("rustc");
    rustc.args(["--print", "sysroot"]).current_dir(sources);
    Ok(PathBuf::from(process::output(&mut rustc)?.trim()))
}

/// The cargo that started this task, at the root of the workspace. What it says to this task of its package is not passed on: a build
/// script that looks at it (ring's) would run again whenever cargo is started by hand in between.
pub fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    let of_package = ["CARGO_MANIFEST_", "CARGO_PKG_"];
    for (variable, _) in env::vars_os() {
        let name = variable.to_string_lossy();
        if of_package.iter().any(|start| name.starts_with(start)) {
            command.env_remove(variable);
        }
    }
    command
}

/// Cargo of another toolchain. What the present cargo has set for itself must not reach that one.
pub fn cargo_of(toolchain: &str) -> Command {
    let mut command = Command::new("rustup");
    command.args(["run", toolchain, "cargo"]).current_dir(root());
    for variable in [
        "CARGO",
        "RUSTC",
        "RUSTDOC",
        "RUSTC_WORKSPACE_WRAPPER",
        "RUSTFLAGS",
    ] {
        command.env_remove(variable);
    }
    command
}

/// Whether this runs in continuous integration, where nothing may be skipped in silence.
pub fn in_ci() -> bool {
    env::var("CI").is_ok_and(|value| !value.is_empty() && value != "0" && value != "false")
}
