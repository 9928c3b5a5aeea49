//! The textbook incident, live, with a netmon that a script starts: in another root, in a container.

use anyhow::{Context as _, Result};
use netmon_testkit::executable;

use crate::demo;

/// Plays `cargo xtask demo` with the script in netmon's place. Needs root.
pub fn play(script: &str) -> Result<()> {
    let directory = tempfile::tempdir().context("cannot make a directory")?;
    let netmon = directory.path().join("netmon");
    executable::script(&netmon, script)?;
    demo::run(&netmon)
}
