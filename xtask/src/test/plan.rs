//! Which harnesses a test run consists of.
//!
//! Tests of any user run by executable, those that need root one by one: they have a host for themselves, or several,
//! and wait most of the time.

use std::process::Command;

use anyhow::Result;

use super::{
    Options,
    pool::{Job, PATIENCE},
};
use crate::{
    executables::{self, Executable},
    process::{self, as_root},
    workspace,
};

/// The executable whose tests take long or want the machine for themselves; `cargo xtask soak` runs it.
pub const SOAK: &str = "soak";

/// What takes longest, by the beginning of its name; it starts first, so that nothing is waited for alone at the end.
const LONGEST: &[&str] = &[
    "netmon",
    "doc-tests",
    "conformance",
    "via_kernel every",
    "via_kernel the_textbook",
    "pins nothing_is_lost",
    "prometheus fleet",
    "frames_kernel the_kernel_counts",
    "scenes failing",
];

/// What is to be run.
#[derive(Default)]
pub struct Plan {
    pub jobs: Vec<Job>,
    /// How many privileged tests there are among them.
    pub privileged: usize,
}

/// The executables with tests, built by this user: cargo as root would leave files in target/ that are root's.
pub fn build() -> Result<Vec<Executable>> {
    // Cargo builds `netmon` itself as well, which the end-to-end tests start.
    let mut built = executables::build(&["test", "--workspace", "--no-run"])?;
    built.retain(|executable| executable.is_test && executable.name != SOAK);
    Ok(built)
}

impl Plan {
    /// All that the options ask for, in the order in which it starts.
    pub fn new(executables: &[Executable], options: &Options) -> Result<Self> {
        let filter = options.filter.as_deref();
        let mut plan = Self::default();
        let mut unprivileged = Vec::new();
        for executable in executables {
            // An executable's name stands before those of its tests.
            let filter = filter.filter(|word| !executable.name.contains(word));
            let ignored = list(executable, filter, &["--ignored"])?;
            let others = list(executable, filter, &[])?.len() - ignored.len();
            if !options.unprivileged_only {
                plan.privileged += ignored.len();
                for test in &ignored {
                    plan.jobs.push(privileged(executable, test)?);
                }
            }
            // Those that are ignored are still counted.
            if !options.privileged_only && (others > 0 || options.unprivileged_only && !ignored.is_empty()) {
                unprivileged.push(Job {
                    name: executable.name.clone(),
                    expected: Some(others),
                    command: harness(Command::new(&executable.path), executable, filter, &[]),
                    patience: PATIENCE,
                });
            }
        }
        if !options.privileged_only {
            unprivileged.push(documentation(filter));
        }
        plan.jobs.append(&mut unprivileged);
        plan.jobs.sort_by_key(|job| {
            let is_it = |name: &&str| job.name == *name || name.contains(' ') && job.name.starts_with(*name);
            LONGEST.iter().position(is_it).unwrap_or(LONGEST.len())
        });
        Ok(plan)
    }
}

/// The names of the tests of an executable.
pub fn list(executable: &Executable, filter: Option<&str>, which: &[&str]) -> Result<Vec<String>> {
    let mut list = Command::new(&executable.path);
    list.current_dir(&executable.package)
        .args(filter)
        .args(which)
        .args(["--list", "--format", "terse"]);
    let names = process::output(&mut list)?;
    let names = names.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(names.map(str::to_owned).collect())
}

/// One test, as root.
pub fn privileged(executable: &Executable, test: &str) -> Result<Job> {
    Ok(Job {
        name: format!("{} {test}", executable.name),
        expected: Some(1),
        command: harness(
            as_root(&executable.path)?,
            executable,
            Some(test),
            &["--exact", "--ignored"],
        ),
        patience: PATIENCE,
    })
}

fn harness(
    mut command: Command,
    executable: &Executable,
    filter: Option<&str>,
    arguments: &[&str],
) -> Command {
    command
        .current_dir(&executable.package)
        // Cargo would set it; a test may look for its files from there.
        .env("CARGO_MANIFEST_DIR", &executable.package)
        .args(filter)
        .args(arguments)
        .arg("--show-output");
    command
}

/// The examples in documentation, which only cargo can build.
fn documentation(filter: Option<&str>) -> Job {
    let mut command = workspace::cargo();
    command
        .args(["test", "--workspace", "--doc", "--no-fail-fast", "--quiet"])
        .args(filter)
        .args(["--", "--show-output"]);
    Job {
        name: "doc-tests".to_owned(),
        expected: None,
        command,
        patience: PATIENCE,
    }
}
