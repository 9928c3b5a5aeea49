//! `cargo xtask test`: everything, as this user, and as root what is marked as needing root.
//!
//! A test that needs root is `#[ignore = "needs root: <what for>"]`; there is no other reason to ignore
//! one. It must not be possible to pass by not running: that no privileged test ran is a failure, and in
//! continuous integration (`CI` set) so is a skipped one.

use std::{
    collections::BTreeMap,
    num::NonZero,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    executables::Executable,
    process::{self, as_root},
    setup::{self, Task},
    workspace,
};

mod harness;
pub mod plan;
pub mod pool;

use harness::{NEEDS_ROOT, Tally};
use plan::Plan;
use pool::Done;

/// How many of the slowest are named at the end.
const SLOWEST: usize = 12;

#[derive(Args)]
pub struct Options {
    /// Only the tests that need root
    #[arg(long, conflicts_with = "unprivileged_only")]
    privileged_only: bool,
    /// Only the tests that any user can run
    #[arg(long)]
    unprivileged_only: bool,
    /// How many run at a time (default: four to a CPU, because most of them wait)
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Run all of it so many times, to find tests that fail sometimes
    #[arg(long, value_name = "N", default_value = "1")]
    repeat: NonZero<u32>,
    /// Only tests with this in their name or in that of their executable
    filter: Option<String>,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(if options.unprivileged_only {
        Task::Build
    } else {
        Task::Test
    })?;
    let executables = plan::build()?;
    if !options.unprivileged_only {
        // A password is asked for here, before many programs do at once.
        process::run(as_root("true")?.stdin(std::process::Stdio::inherit()))?;
    }
    if options.repeat == NonZero::<u32>::MIN {
        return once(&executables, options)?.conclude(options);
    }
    repeat(&executables, options)
}

/// How a run came out.
struct Run {
    took: Duration,
    tally: Tally,
    /// The tests that failed, each with the name of its executable.
    failed: Vec<String>,
    /// How many need root, and were not run because only the others were to be.
    left_out: usize,
    none_was_privileged: bool,
}

/// Runs all of it once, and prints each harness as it ends.
fn once(executables: &[Executable], options: &Options) -> Result<Run> {
    let began = Instant::now();
    let plan = Plan::new(executables, options)?;
    let none_was_privileged = !options.unprivileged_only && options.filter.is_none() && plan.privileged == 0;
    let all = plan.jobs.len();
    let mut ended = 0;
    let done = pool::run(plan.jobs, options.jobs.unwrap_or_else(pool::usual), |done| {
        ended += 1;
        print(done, &format!("[{ended:3}/{all}]"), options);
    })?;
    let mut run = Run {
        took: began.elapsed(),
        tally: Tally::default(),
        failed: Vec::new(),
        left_out: 0,
        none_was_privileged,
    };
    for done in &done {
        run.tally += done.output.tally;
        run.failed.extend(done.failed());
        if options.unprivileged_only {
            run.left_out += done.output.ignored.len();
        }
    }
    if options.filter.is_none() {
        print_slowest(&done);
    }
    Ok(run)
}

impl Done {
    /// The tests that failed, each with the name of its executable.
    fn failed(&self) -> impl Iterator<Item = String> {
        let (executable, _test) = self.name.split_once(' ').unwrap_or((&self.name, ""));
        self.output
            .failed
            .iter()
            .map(move |test| match test.strip_prefix(executable) {
                Some(_) => test.clone(),
                None => format!("{executable} {test}"),
            })
    }
}

/// Prints a line, and what a test says that failed or was not run.
fn print(done: &Done, number: &str, options: &Options) {
    let Done { name, took, output } = done;
    let seconds = took.as_secs_f64();
    let tally = output.tally;
    let failed = tally.failed > 0;
    // What has no test of that name is of no interest.
    if failed || tally.passed > 0 {
        let tests = match tally.passed + tally.failed {
            1 => String::new(),
            tests => format!(" ({tests} tests)"),
        };
        let verdict = if failed { "FAILED" } else { "ok" };
        println!("{number} {verdict:6} {seconds:6.1} s  {name}{tests}");
    }
    for line in &output.skipped {
        println!("{line}");
    }
    if options.unprivileged_only {
        for (test, reason) in &output.ignored {
            println!("SKIPPED: {name} {test}: {reason}");
        }
    }
    if failed {
        println!("{}", output.shown);
    }
}

/// Names what takes longest, and the executables with all of their tests together.
fn print_slowest(done: &[Done]) {
    let mut executables: BTreeMap<&str, Duration> = BTreeMap::new();
    for done in done {
        let executable = done.name.split(' ').next().unwrap_or_default();
        *executables.entry(executable).or_default() += done.took;
    }
    for (what, mut times) in [
        (
            "tests",
            done.iter()
                .map(|done| (&*done.name, done.took))
                .collect::<Vec<_>>(),
        ),
        (
            "executables, all their tests one after the other",
            executables.into_iter().collect(),
        ),
    ] {
        times.sort_by_key(|(_, took)| std::cmp::Reverse(*took));
        println!("\nthe slowest {what}:");
        for (name, took) in times.iter().take(SLOWEST) {
            println!("  {:6.1} s  {name}", took.as_secs_f64());
        }
    }
}

impl Run {
    /// Prints the closing line, and fails if any test did, or was left out where none may be.
    fn conclude(self, options: &Options) -> Result<()> {
        let Self { tally, failed, .. } = &self;
        let passed = tally.passed.saturating_sub(tally.skipped);
        let skipped = tally.skipped + self.left_out;
        println!("\nin {:.0} s", self.took.as_secs_f64());
        for test in failed {
            println!("FAILED: {test}");
        }
        println!("{passed} passed, {} failed, {skipped} skipped", tally.failed);
        if tally.failed > 0 {
            bail!("{} tests failed", tally.failed);
        }
        if skipped > 0 && workspace::in_ci() {
            bail!("{skipped} tests were skipped, which must not be where CI is set");
        }
        if tally.passed == 0 {
            let filter = options.filter.as_ref();
            bail!(
                "no test ran{}",
                filter.map_or(String::new(), |filter| format!(" that has {filter} in its name"))
            );
        }
        if self.none_was_privileged {
            bail!("no privileged test ran: the tests marked #[ignore = \"{NEEDS_ROOT}: ...\"] are gone");
        }
        Ok(())
    }
}

/// Runs all of it several times, and says of each run how long it took and what failed.
fn repeat(executables: &[Executable], options: &Options) -> Result<()> {
    let mut runs = Vec::new();
    for number in 1..=options.repeat.get() {
        println!("\nrun {number} of {}", options.repeat);
        runs.push(once(executables, options)?);
    }
    let mut failures: BTreeMap<&str, u32> = BTreeMap::new();
    println!("\nrun  seconds  passed  failed");
    for (number, run) in (1..).zip(&runs) {
        let Tally { passed, failed, .. } = run.tally;
        println!(
            "{number:3}  {:7.0}  {passed:6}  {failed:6}",
            run.took.as_secs_f64()
        );
        for test in &run.failed {
            *failures.entry(test).or_default() += 1;
        }
    }
    for (test, times) in &failures {
        println!("FAILED {times} times: {test}");
    }
    if !failures.is_empty() {
        bail!(
            "{} tests failed at least once in {} runs",
            failures.len(),
            runs.len()
        );
    }
    match runs.pop() {
        Some(last) => last.conclude(options),
        None => Ok(()),
    }
}
