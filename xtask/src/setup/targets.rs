//! Sets up the standard library for musl, by rustup.

use std::process::Command;

use anyhow::{Context as _, Result};

use super::say;
use crate::{manual::Manual, process, shipped::TARGETS, workspace};

/// Makes sure of it, for each target that is shipped.
pub fn ensure() -> Result<()> {
    let mut rustc = Command::new("rustc");
    let sysroot = process::output(rustc.args(["--print", "sysroot"]).current_dir(workspace::root()))?;
    for target in TARGETS {
        let library = format!("{}/lib/rustlib/{}/lib", sysroot.trim(), target.triple);
        if std::path::Path::new(&library).exists() {
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
