//! `cargo xtask test`: everything, first as this user, then as root what is marked as needing root.
//!
//! A test that needs root is `#[ignore = "needs root: <what for>"]`; there is no other reason to ignore
//! one. It must not be possible to pass by not running: that no privileged test ran is a failure, and in
//! continuous integration (`CI` set) so is a skipped one.

use std::{num::NonZero, process::Command, thread};

use anyhow::{Result, bail};
use clap::Args;

use crate::{
    executables::{self, Executable},
    harness::{self, NEEDS_ROOT, Tally},
    process::{self, as_root},
    setup::{self, Task},
    workspace,
};

/// Programs whose tests spend most of their time waiting, for incidents to close and clients to give up: more of
/// them run side by side than there are CPUs. Others measure, or send as fast as they can.
const WAITING: &[&str] = &["scenes", "outage", "history", "interfaces", "prometheus"];

#[derive(Args)]
pub struct Options {
    /// Only the tests that need root
    #[arg(long, conflicts_with = "unprivileged_only")]
    privileged_only: bool,
    /// Only the tests that any user can run
    #[arg(long)]
    unprivileged_only: bool,
    /// Only tests with this in their name
    filter: Option<String>,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(if options.unprivileged_only {
        Task::Build
    } else {
        Task::Test
    })?;
    let filter = options.filter.as_deref();
    let mut total = Tally::default();
    if !options.privileged_only {
        total += unprivileged(filter)?;
    }
    let mut none_ran = false;
    if options.unprivileged_only {
        total.ignored += total.need_root;
    } else {
        let privileged = privileged(filter)?;
        none_ran = filter.is_none() && privileged.passed + privileged.failed == 0;
        total += privileged;
    }
    conclude(total, filter)?;
    if none_ran {
        bail!("no privileged test ran: the tests marked #[ignore = \"{NEEDS_ROOT}: ...\"] are gone");
    }
    Ok(())
}

/// Prints the closing line, and fails if any test did, or was left out where none may be.
fn conclude(total: Tally, filter: Option<&str>) -> Result<()> {
    let skipped = total.skipped + total.ignored;
    let passed = total.passed.saturating_sub(total.skipped);
    println!("\n{passed} passed, {} failed, {skipped} skipped", total.failed);
    if total.failed > 0 {
        bail!("{} tests failed", total.failed);
    }
    if skipped > 0 && workspace::in_ci() {
        bail!("{skipped} tests were skipped, which must not be where CI is set");
    }
    if total.passed == 0 {
        bail!(
            "no test ran{}",
            filter.map_or(String::new(), |filter| format!(" that has {filter} in its name"))
        );
    }
    Ok(())
}

/// Unit, integration and documentation tests, as the current user.
fn unprivileged(filter: Option<&str>) -> Result<Tally> {
    let mut cargo = workspace::cargo();
    cargo
        .args(["test", "--workspace", "--no-fail-fast"])
        .args(filter)
        .args(["--", "--show-output"]);
    let (tally, status) = harness::watch(&mut cargo)?;
    // Cargo fails also when a harness dies or the build breaks; neither shows in the counts.
    if !status.success() && tally.failed == 0 {
        bail!(
            "`{}` failed without a failed test: {status}",
            process::show(&cargo)
        );
    }
    Ok(tally)
}

/// The tests that need root. They are built by this user; only the executables run as root.
fn privileged(filter: Option<&str>) -> Result<Tally> {
    // Cargo builds `netmon` itself as well, which the end-to-end tests start.
    let built = executables::build(&["test", "--workspace", "--no-run"])?;
    let mut total = Tally::default();
    for executable in built.iter().filter(|executable| executable.is_test) {
        let expected = listed(executable, filter)?;
        if expected > 0 {
            total += run_ignored(executable, filter, expected)?;
        }
    }
    Ok(total)
}

/// How many ignored tests the executable has.
fn listed(executable: &Executable, filter: Option<&str>) -> Result<usize> {
    let mut list = Command::new(&executable.path);
    list.current_dir(&executable.package)
        .args(filter)
        .args(["--ignored", "--list", "--format", "terse"]);
    let names = process::output(&mut list)?;
    Ok(names.lines().filter(|line| line.ends_with(": test")).count())
}

fn run_ignored(executable: &Executable, filter: Option<&str>, expected: usize) -> Result<Tally> {
    eprintln!(
        "xtask: running {expected} privileged tests of {} as root",
        executable.name
    );
    let mut command = as_root(&executable.path)?;
    command
        .current_dir(&executable.package)
        // Cargo would set it; a test may look for its files from there.
        .env("CARGO_MANIFEST_DIR", &executable.package)
        .args(filter)
        .args(["--ignored", "--show-output"]);
    if WAITING.contains(&executable.name.as_str()) {
        command.args(["--test-threads", &waiting_threads().to_string()]);
    }
    let (mut tally, status) = harness::watch(&mut command)?;
    let ran = tally.passed + tally.failed;
    // A harness that dies takes its tests with it; the others still run.
    let lost = expected
        .abs_diff(ran)
        .max(usize::from(!status.success() && tally.failed == 0));
    if lost > 0 {
        let command = process::show(&command);
        eprintln!("xtask: error: `{command}` ran {ran} of {expected} tests, and ended with {status}");
        tally.failed += lost;
    }
    Ok(tally)
}

/// Several to a CPU.
fn waiting_threads() -> usize {
    const TO_A_CPU: usize = 4;
    TO_A_CPU * thread::available_parallelism().map_or(1, NonZero::get)
}
