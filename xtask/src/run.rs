//! `cargo xtask run`: build, then become netmon, as root.

use std::os::unix::process::CommandExt as _;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    build,
    process::{as_root, show},
    setup::{self, Task},
};

#[derive(Args)]
pub struct Options {
    /// With optimisations, as it is shipped
    #[arg(long)]
    release: bool,
    /// What netmon is given; `run` if nothing is
    #[arg(last = true, value_name = "NETMON ARGUMENTS")]
    arguments: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(Task::Run)?;
    let mut netmon = as_root(build::netmon(options.release)?)?;
    if options.arguments.is_empty() {
        netmon.arg("run");
    } else {
        netmon.args(&options.arguments);
    }
    // This process becomes netmon: signals reach it, and its exit status is ours, with nothing in between.
    let error = netmon.exec();
    Err(error).with_context(|| format!("cannot start `{}`", show(&netmon)))
}
