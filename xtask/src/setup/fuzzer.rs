//! Sets up cargo-fuzz, into `.tools/`.

use anyhow::Result;

use super::{linker, say};
use crate::{process, workspace};

const VERSION: &str = "0.13.2";

/// Makes sure of cargo-fuzz.
pub fn ensure() -> Result<()> {
    if workspace::tools().join("bin/cargo-fuzz").exists() {
        return Ok(());
    }
    say(format!(
        "building cargo-fuzz {VERSION} into .tools/ (about a minute)"
    ));
    process::run(&mut linker::install("cargo-fuzz", VERSION))
}
