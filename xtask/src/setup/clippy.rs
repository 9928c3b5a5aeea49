//! Sets up clippy and rustfmt: for the host, and clippy of the toolchain that builds the kernel programs.

use std::{env, path::Path, process::Command};

use anyhow::Result;

use super::{apt::Apt, say};
use crate::{process, toolchain::Toolchain};

/// Debian's clippy for Debian's compiler.
const DEBIAN: &str = "rust-web-clippy";

/// Makes sure of the linters on both sides.
pub fn ensure(kernel: &Toolchain, apt: &mut Apt) -> Result<()> {
    host()?;
    if kernel.directory.join("bin/clippy-driver").exists() {
        return Ok(());
    }
    if kernel
        .directory
        .canonicalize()
        .is_ok_and(|directory| directory == Path::new("/usr"))
    {
        return apt.install(&[DEBIAN]);
    }
    component("clippy", Some(&kernel.name))
}

/// Rustup's minimal profile has neither; beside the cargo that runs us one sees it.
fn host() -> Result<()> {
    let Some(cargo) = env::var_os("CARGO") else {
        return Ok(());
    };
    for (program, name) in [("cargo-fmt", "rustfmt"), ("cargo-clippy", "clippy")] {
        if !Path::new(&cargo).with_file_name(program).exists() {
            component(name, None)?;
        }
    }
    Ok(())
}

fn component(name: &str, toolchain: Option<&str>) -> Result<()> {
    let mut rustup = Command::new("rustup");
    rustup.args(["component", "add", name]);
    if let Some(toolchain) = toolchain {
        rustup.args(["--toolchain", toolchain]);
    }
    say(process::show(&rustup));
    process::run(&mut rustup)
}
