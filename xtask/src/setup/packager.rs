//! Sets up cargo-deb, into `.tools/`.

use std::process::Command;

use anyhow::Result;

use super::{linker, say};
use crate::{process, workspace};

const VERSION: &str = "3.8.0";

/// Makes sure of cargo-deb.
pub fn ensure() -> Result<()> {
    let own = workspace::tools().join("bin/cargo-deb");
    let found = Command::new(&own).arg("--version").output();
    if found.is_ok_and(|output| String::from_utf8_lossy(&output.stdout).contains(VERSION)) {
        return Ok(());
    }
    say(format!(
        "building cargo-deb {VERSION} into .tools/ (about a minute)"
    ));
    process::run(&mut linker::install("cargo-deb", VERSION))
}
