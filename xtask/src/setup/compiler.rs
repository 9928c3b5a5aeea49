//! Sets up the compiler for the kernel programs, where `toolchain::find` finds none.
//!
//! Debian's packages first: they bring `core` compiled for BPF, so that it takes a stable compiler and one
//! crate's leave to use an unstable feature. Then a nightly of rustup, of a date whose LLVM bpf-linker
//! reads. A nightly of today may have a newer LLVM, and the linker then fails with "Invalid record".

use std::{path::Path, process::Command};

use anyhow::{Context as _, Result, anyhow};

use super::{
    apt::{self, Apt},
    say,
};
use crate::{
    manual::Manual,
    process,
    toolchain::{self, DATED_NIGHTLY, LINKED, NotFound, Toolchain},
};

/// The compiler with LLVM 22, its `core` for BPF, and what bpf-linker is built from.
const DEBIAN: [&str; 5] = [
    "rustc-web",
    "cargo-web",
    "libstd-rust-web-dev-bpf",
    "rust-web-llvm",
    "llvm-22-dev",
];

/// Where Debian's compiler has its `bin` and `lib`.
const DEBIAN_PREFIX: &str = "/usr";

/// Finds a toolchain, and installs one if there is none.
pub fn ensure(apt: &mut Apt) -> Result<Toolchain> {
    let missing = match toolchain::find() {
        Ok(found) => return Ok(found),
        Err(missing) => missing,
    };
    if process::find("rustup").is_none() {
        let problem = "rustup is not on PATH; netmon's two sides are built by two of its toolchains";
        return Err(Manual::new(
            problem,
            ["curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"],
        )
        .into());
    }
    if let Some(name) = &missing.named {
        return named(name, &missing);
    }
    say(&missing);
    let debian = match from_debian(apt) {
        Ok(found) => return Ok(found),
        Err(error) => error,
    };
    say(format!("Debian's compiler is not to be had: {debian:#}"));
    nightly(DATED_NIGHTLY).map_err(|error| by_hand(&error).into())
}

/// What the developer asked for by name is installed if rustup may know it; nothing else is tried.
fn named(name: &str, missing: &NotFound) -> Result<Toolchain> {
    let mut problem = missing.to_string();
    let mut wanted = DATED_NIGHTLY;
    if name.starts_with("nightly") {
        match nightly(name) {
            Ok(toolchain) => return Ok(toolchain),
            Err(error) => problem = format!("{problem}, and {error:#}"),
        }
        wanted = name;
    }
    let commands = [
        format!("rustup toolchain install {wanted} --profile minimal --component rust-src"),
        format!(
            "export {}={wanted}   # or unset it, and set-up chooses",
            toolchain::VARIABLE
        ),
    ];
    Err(Manual::new(problem, commands).into())
}

fn from_debian(apt: &mut Apt) -> Result<Toolchain> {
    let core = Path::new(DEBIAN_PREFIX)
        .join("lib/rustlib")
        .join(toolchain::TARGET);
    if !core.is_dir() || !Path::new(DEBIAN_PREFIX).join("bin/cargo").exists() {
        apt.install(&DEBIAN)?;
    }
    say(format!("rustup toolchain link {LINKED} {DEBIAN_PREFIX}"));
    process::run(Command::new("rustup").args(["toolchain", "link", LINKED, DEBIAN_PREFIX]))?;
    found_now()
}

fn nightly(name: &str) -> Result<Toolchain> {
    say(format!(
        "rustup toolchain install {name} --profile minimal --component rust-src"
    ));
    let mut rustup = Command::new("rustup");
    rustup.args([
        "toolchain",
        "install",
        name,
        "--profile",
        "minimal",
        "--component",
        "rust-src",
    ]);
    process::run(rustup.arg("--no-self-update").stdout(std::io::stderr()))?;
    found_now()
}

fn found_now() -> Result<Toolchain> {
    toolchain::find()
        .map_err(|missing| anyhow!(missing))
        .context("set-up went well, but still")
}

fn by_hand(error: &anyhow::Error) -> Manual {
    let mut commands = vec!["# on Debian:".to_owned()];
    commands.extend(apt::commands(&DEBIAN));
    commands.push(format!("rustup toolchain link {LINKED} {DEBIAN_PREFIX}"));
    commands.push("# anywhere else:".to_owned());
    commands.push(format!(
        "rustup toolchain install {DATED_NIGHTLY} --profile minimal --component rust-src"
    ));
    let problem = "no toolchain can build the kernel programs, and set-up could install none";
    Manual::new(format!("{problem}: {error:#}"), commands)
}
