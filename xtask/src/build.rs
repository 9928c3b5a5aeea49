//! `cargo xtask build`: one self-contained binary, both sides of it built. And `demo`, which starts from it.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    demo, executables,
    process::{self, as_root},
    setup::{self, Task},
};

#[derive(Args)]
pub struct Options {
    /// With optimisations, as it is shipped
    #[arg(long)]
    release: bool,
    /// A netmon that is built already; for the part of a task that runs as root
    #[arg(long, hide = true)]
    binary: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(Task::Build)?;
    println!("{}", netmon(options.release)?.display());
    Ok(())
}

/// Builds netmon, and says where the binary is.
pub fn netmon(release: bool) -> Result<PathBuf> {
    let mut arguments = vec!["build", "--package", "netmon", "--bin", "netmon"];
    if release {
        arguments.push("--release");
    }
    Ok(executables::build_one(&arguments, "netmon")?.path)
}

/// Builds as this user, and becomes root for the demonstration itself by starting again.
pub fn demo(options: &Options) -> Result<()> {
    if let Some(binary) = &options.binary {
        return demo::run(binary);
    }
    setup::ensure(Task::Demo)?;
    let binary = netmon(options.release)?;
    if process::is_root() {
        return demo::run(&binary);
    }
    let xtask = std::env::current_exe().context("cannot find xtask's own executable")?;
    process::run(as_root(xtask)?.arg("demo").arg("--binary").arg(binary))
}
