//! `cargo xtask build`: one self-contained binary, both sides of it built. And `demo`, which starts from it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum as _};

use crate::{
    demo,
    demo_view::{self, View},
    executables,
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

#[derive(Args)]
pub struct DemoOptions {
    #[command(flatten)]
    build: Options,
    /// Look at it in one of netmon's views, in place of what netmon run prints
    #[arg(long, value_enum)]
    view: Option<View>,
}

fn play(binary: &Path, view: Option<View>) -> Result<()> {
    view.map_or_else(|| demo::run(binary), |view| demo_view::run(binary, view))
}

/// Builds as this user, and becomes root for the demonstration itself by starting again.
pub fn demo(DemoOptions { build: options, view }: &DemoOptions) -> Result<()> {
    if let Some(binary) = &options.binary {
        return play(binary, *view);
    }
    setup::ensure(Task::Demo)?;
    let binary = netmon(options.release)?;
    if process::is_root() {
        return play(&binary, *view);
    }
    let xtask = std::env::current_exe().context("cannot find xtask's own executable")?;
    let mut command = as_root(xtask)?;
    command.arg("demo").arg("--binary").arg(binary);
    if let Some(value) = view.and_then(|view| view.to_possible_value()) {
        command.args(["--view", value.get_name()]);
    }
    process::run(&mut command)
}
