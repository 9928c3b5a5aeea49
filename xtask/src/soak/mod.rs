//! `cargo xtask soak`: what takes long or sends all that the machine can, with more patience than a test run has.
//!
//! Its tests are those of `netmon/tests/soak`. They run one after the other, because each wants the machine for itself;
//! each is given its share of the time by the variable `NETMON_SOAK_SECONDS`.

use std::{num::NonZero, time::Duration};

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    executables,
    setup::{self, Task},
    test::{plan, pool},
};

/// The variable that tells a test how long it may take.
const SECONDS: &str = "NETMON_SOAK_SECONDS";

/// How long each test of the slice takes, which continuous integration runs.
const SLICE: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct Options {
    /// How long each of them sends, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "300")]
    duration: NonZero<u32>,
    /// Only a short slice of each, as continuous integration does
    #[arg(long, conflicts_with = "duration")]
    slice: bool,
    /// Only tests with this in their name
    filter: Option<String>,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(Task::Test)?;
    let duration = if options.slice {
        SLICE
    } else {
        Duration::from_secs(options.duration.get().into())
    };
    let build = ["test", "--workspace", "--test", plan::SOAK, "--no-run"];
    let executable = executables::build_one(&build, plan::SOAK)?;
    let mut jobs = Vec::new();
    for test in plan::list(&executable, options.filter.as_deref(), &["--ignored"])? {
        let mut job = plan::privileged(&executable, &test)?;
        job.command.env(SECONDS, duration.as_secs().to_string());
        job.patience += 4 * duration;
        jobs.push(job);
    }
    let mut failed = 0;
    let done = pool::run(jobs, NonZero::<usize>::MIN, |done| {
        println!(
            "{:6.1} s  {}\n{}",
            done.took.as_secs_f64(),
            done.name,
            done.output.whole
        );
        failed += done.output.tally.failed;
    })?;
    println!("soak: {} passed, {failed} failed", done.len() - failed);
    if failed > 0 || done.is_empty() {
        bail!("{failed} of {} tests failed", done.len());
    }
    Ok(())
}
