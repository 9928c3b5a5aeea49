//! `cargo xtask conformance DIR`: netmon's reading of captures against its XDP program's and tshark's.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    executables, process,
    setup::{self, Task},
};

#[derive(Args)]
pub struct Options {
    /// The directory with the captures
    directory: PathBuf,
    /// What the comparison is given besides
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let directory = options
        .directory
        .canonicalize()
        .with_context(|| format!("cannot open the captures in {}", options.directory.display()))?;
    setup::ensure(Task::Conformance)?;
    // Without optimisations, as the tests are: nearly all of the time is tshark's.
    let example = ["build", "--package", "netmon", "--example", "conformance"];
    let example = executables::build_one(&example, "conformance")?;
    process::run(
        process::as_root(&example.path)?
            .arg(directory)
            .args(&options.arguments),
    )
}
