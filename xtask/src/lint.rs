//! `cargo xtask lint`: format, clippy on both sides of the kernel's border, the length of files, and their imports.
//!
//! All of it is looked at before it fails, so that one run shows everything.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result, bail};

use crate::{
    process,
    setup::{self, Task},
    structure, toolchain, workspace,
};

/// Files grow in number here, not in length.
const LONGEST_FILE: usize = 400;

/// Looks at one thing, prints what is wrong with it, and fails if anything is.
type Check = fn() -> Result<()>;

pub fn run() -> Result<()> {
    setup::ensure(Task::Lint)?;
    let checks: [(&str, Check); 5] = [
        ("length of files", lengths),
        ("direction of imports", structure::check),
        ("rustfmt", format),
        ("clippy, kernel side", clippy_kernel),
        ("clippy, host side", clippy_host),
    ];
    let mut failed = Vec::new();
    for (name, check) in checks {
        eprintln!("xtask: lint: {name}");
        if let Err(error) = check() {
            eprintln!("xtask: lint: {name}: {error:#}");
            failed.push(name);
        }
    }
    if !failed.is_empty() {
        bail!("lint failed: {}", failed.join("; "));
    }
    Ok(())
}

fn format() -> Result<()> {
    process::run(workspace::cargo().args(["fmt", "--all", "--check"]))?;
    let fuzz = workspace::root().join("fuzz/Cargo.toml");
    if fuzz.exists() {
        process::run(
            workspace::cargo()
                .args(["fmt", "--check", "--manifest-path"])
                .arg(fuzz),
        )?;
    }
    Ok(())
}

fn clippy_host() -> Result<()> {
    process::run(workspace::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-Dwarnings"]))
}

/// On the host the kernel crate is all but empty; what matters is seen only for its own target. Each of the
/// two objects is a build of its own, and so is its lint.
fn clippy_kernel() -> Result<()> {
    let toolchain = toolchain::find()?;
    for features in ["", "log"] {
        let mut clippy = workspace::cargo_of(&toolchain.name);
        clippy.args([
            "clippy",
            "--package",
            "netmon-ebpf",
            "--target",
            toolchain::TARGET,
            "--release",
        ]);
        clippy
            .args(["--features", features, "--target-dir"])
            .arg(workspace::target().join("xtask/clippy-bpf"));
        if !toolchain.prebuilt_core {
            clippy.args(["-Z", "build-std=core"]);
        }
        clippy
            .args(["--", "-Dwarnings"])
            .env("RUSTC_BOOTSTRAP", toolchain.bootstrap())
            .env(
                "CARGO_ENCODED_RUSTFLAGS",
                format!("--cfg=bpf_target_arch=\"{}\"", toolchain::BINDINGS),
            );
        process::run(&mut clippy)?;
    }
    Ok(())
}

/// Counts the lines of every Rust file that git tracks, or would.
fn lengths() -> Result<()> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root())
        // In a container the checkout often belongs to another user than the one who builds.
        .args([
            "-c",
            "safe.directory=*",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
            "--",
            "*.rs",
        ]);
    let mut too_long = Vec::new();
    for name in process::output(&mut git)?.lines() {
        let path: PathBuf = workspace::root().join(name);
        if !path.exists() {
            continue; // Deleted, and not yet committed.
        }
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let lines = text.lines().count();
        if lines > LONGEST_FILE {
            too_long.push(format!("{name} has {lines} lines"));
        }
    }
    if !too_long.is_empty() {
        bail!(
            "split these, {LONGEST_FILE} lines are the most: {}",
            too_long.join(", ")
        );
    }
    Ok(())
}
