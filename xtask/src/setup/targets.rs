//! Sets up the standard library for musl, by rustup.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::say;
use crate::{manual::Manual, process, shipped::TARGETS, workspace};

/// Makes sure of it, for each target that is shipped.
pub fn ensure() -> Result<()> {
    let libraries = workspace::sysroot(workspace::root())?.join("lib/rustlib");
    for target in TARGETS {
        if libraries.join(target.triple).join("lib").exists() {
            continue;
        }
        say(format!("rustup target add {}", target.triple));
        let mut rustup = Command::new("rustup");
        rustup
            .args(["target", "add", target.triple])
            .current_dir(workspace::root());
        process::run(&mut rustup).with_context(|| {
            let command = format!("rustup target add {}", target.triple);
            Manual::new("rustup cannot install the library for musl", [command])
        })?;
    }
    Ok(())
}
