//! `cargo xtask soak`: what takes long or sends all that the machine can, with more patience than a test run has.
//!
//! Its tests are those of `netmon/tests/soak`. They run one after the other, because each wants the machine for itself;
//! each is given its share of the time by the variable `NETMON_SOAK_SECONDS`. `--page` makes docs/soak.md of the longest one.

use std::{num::NonZero, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use netmon_testkit::figures::FILE;

use crate::{
    executables,
    published::{Axes, Page, Scale},
    setup::{self, Task},
    test::{plan, pool},
};

/// The test that docs/soak.md tells of.
const PUBLISHED: &str = "endurance";

/// docs/soak.md.
const PAGE: Page = Page {
    name: "soak",
    text: include_str!("page.md"),
    plots: &[
        ("resident memory", over_minutes("MiB")),
        ("memory of maps", over_minutes("MiB")),
        ("open descriptors", over_minutes("descriptors")),
        ("threads", over_minutes("threads")),
    ],
};

const fn over_minutes(y: &'static str) -> Axes {
    Axes {
        x: "minutes",
        x_scale: Scale::Linear,
        y,
        y_scale: Scale::Linear,
    }
}

/// The variable that tells a test how long it may take.
const SECONDS: &str = "NETMON_SOAK_SECONDS";

/// How long each test of the slice takes, which continuous integration runs.
const SLICE: Duration = Duration::from_secs(10);

#[derive(Args)]
pub struct Options {
    /// How long each of them lasts: 2h, 10m, 90s
    #[arg(long, value_name = "DURATION", default_value = "5m", value_parser = duration)]
    duration: Duration,
    /// Only a short slice of each, as continuous integration does
    #[arg(long, conflicts_with = "duration")]
    slice: bool,
    /// Only the test that goes on as long as this lasts, and write docs/soak.md and its plots
    #[arg(long, conflicts_with_all = ["slice", "filter"])]
    page: bool,
    /// Only tests with this in their name
    filter: Option<String>,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(Task::Test)?;
    let duration = if options.slice { SLICE } else { options.duration };
    let figures = options.page.then(|| PAGE.figures()).transpose()?;
    let filter = options.page.then_some(PUBLISHED).or(options.filter.as_deref());
    let build = ["test", "--workspace", "--test", plan::SOAK, "--no-run"];
    let executable = executables::build_one(&build, plan::SOAK)?;
    let mut jobs = Vec::new();
    for test in plan::list(&executable, filter, &["--ignored"])? {
        let mut job = plan::privileged(&executable, &test)?;
        job.command.env(SECONDS, duration.as_secs().to_string());
        if let Some(figures) = &figures {
            job.command.env(FILE, figures);
        }
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
    if let Some(figures) = figures {
        PAGE.write(&figures)?;
    }
    Ok(())
}

/// `2h`, `10m`, `90s`.
fn duration(text: &str) -> Result<Duration> {
    let Some((digits, unit)) = text.split_at_checked(text.len().saturating_sub(1)) else {
        bail!("{text:?} is no duration: say 2h, 10m or 90s");
    };
    let seconds = match unit {
        "h" => 3_600,
        "m" => 60,
        "s" => 1,
        _ => bail!("{text:?} has no unit: say 2h, 10m or 90s"),
    };
    let number: NonZero<u32> = digits
        .parse()
        .with_context(|| format!("{text:?} is no duration: say 2h, 10m or 90s"))?;
    Ok(Duration::from_secs(u64::from(number.get()) * seconds))
}
