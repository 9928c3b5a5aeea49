//! `cargo xtask kernels`: boots Debian's kernels in QEMU and runs privileged tests in each; `--page` writes what came out into
//! docs/kernel-support.md.

mod cards;
mod checks;
pub mod debian;
pub mod guest;
mod page;

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    num::NonZero,
    panic,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{
    executables::{self, Executable},
    setup::{self, Task},
    test::plan,
    workspace,
};
use checks::{CHECKS, PATIENCE};
use debian::{RELEASES, Release};
use guest::Guest;

/// What a line of the console begins with that is for us.
const MARK: &str = "netmon-kernels:";

#[derive(Args)]
pub struct Options {
    /// Kernels such as 5.10 or sid; all when none is named
    #[arg(value_name = "VERSION")]
    versions: Vec<String>,
    /// Only tests with this in their name
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// How many kernels run at a time; each takes one CPU of this machine
    #[arg(long, value_name = "N", default_value = "1")]
    jobs: NonZero<usize>,
    /// Write the columns of these kernels in docs/kernel-support.md
    #[arg(long, conflicts_with = "only")]
    page: bool,
}

/// How a test came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    /// It printed a line that begins with `SKIPPED:`, of all or a part of what it tests.
    Skipped,
    Failed,
}

/// What was found in a kernel.
struct Found {
    name: &'static str,
    release: String,
    /// By check: each test that ran.
    outcomes: Vec<Vec<Outcome>>,
    /// Why tests skipped what they test.
    lacks: BTreeSet<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let releases = chosen(&options.versions)?;
    setup::ensure(Task::Kernels)?;
    // What is changed while the kernels run is not what runs in them.
    let netmon = workspace::revision()?;
    let executables = build()?;
    let results = try_all(&releases, &executables, options);
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    for (release, result) in releases.iter().zip(results) {
        match result {
            Ok(one) => {
                if one.has_failed() {
                    failed.push(format!("{}: tests failed", release.name));
                }
                found.push(one);
            }
            Err(error) => failed.push(format!("{}: {error:#}", release.name)),
        }
    }
    if options.page {
        page::write(&found, &netmon)?;
    }
    if !failed.is_empty() {
        bail!("{}", failed.join("; "));
    }
    Ok(())
}

/// Tries each, so many at a time; in the order of the kernels.
fn try_all(
    releases: &[&'static Release],
    executables: &[Executable],
    options: &Options,
) -> Vec<Result<Found>> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut results = Vec::new();
        while let number = next.fetch_add(1, Ordering::Relaxed)
            && let Some(release) = releases.get(number)
        {
            results.push((number, try_one(release, executables, options)));
        }
        results
    };
    let mut results = thread::scope(|scope| {
        let workers: Vec<_> = (0..options.jobs.get()).map(|_| scope.spawn(work)).collect();
        let all = workers.into_iter().map(|worker| match worker.join() {
            Ok(results) => results,
            Err(panic) => panic::resume_unwind(panic),
        });
        all.flatten().collect::<Vec<_>>()
    });
    results.sort_unstable_by_key(|(number, _)| *number);
    results.into_iter().map(|(_, result)| result).collect()
}

/// The executables of the tests.
fn build() -> Result<Vec<Executable>> {
    let mut arguments = vec!["test", "--workspace", "--no-run"];
    for check in &CHECKS {
        arguments.extend(["--test", check.executable]);
    }
    let mut built = executables::build(&arguments)?;
    built.retain(|executable| executable.is_test);
    Ok(built)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Release>> {
    if names.is_empty() {
        return Ok(RELEASES.iter().collect());
    }
    names
        .iter()
        .map(|name| {
            RELEASES
                .iter()
                .find(|release| release.name == name)
                .with_context(|| {
                    let known: Vec<&str> = RELEASES.iter().map(|release| release.name).collect();
                    format!("there is no kernel {name}; there are: {}", known.join(", "))
                })
        })
        .collect()
}

fn try_one(release: &'static Release, executables: &[Executable], options: &Options) -> Result<Found> {
    let kernel = release.unpacked()?;
    println!("kernels: {} (Linux {})", release.name, kernel.release);
    let jobs = jobs(executables, options)?;
    let directory = workspace::target().join("kernels").join(release.name);
    let mut guest = Guest::boot(
        &guest::X86_64,
        &kernel,
        Path::new("/"),
        &directory,
        &script(&jobs)?,
    )?;
    let mut outcomes = vec![Vec::new(); CHECKS.len()];
    let (mut run, mut lacks) = (0, BTreeSet::new());
    for line in guest.console()? {
        if let Some(why) = line.strip_prefix("SKIPPED: ") {
            lacks.insert(why.to_owned());
        }
        let Some(said) = line.split_once(MARK).map(|(_, said)| said.trim()) else {
            println!("{}:     | {line}", release.name);
            continue;
        };
        println!("{}:   {said}", release.name);
        let Some((number, word)) = said.split_once(' ') else {
            continue;
        };
        let Some(job) = number.parse().ok().and_then(|number: usize| jobs.get(number)) else {
            continue;
        };
        let outcome = match word.split(' ').next() {
            Some("passed") => Outcome::Passed,
            Some("skipped") => Outcome::Skipped,
            _ => Outcome::Failed,
        };
        run += 1;
        if let Some(of_check) = outcomes.get_mut(job.check) {
            of_check.push(outcome);
        }
    }
    if run < jobs.len() || jobs.is_empty() {
        bail!("only {run} of {} tests came to an end", jobs.len());
    }
    Ok(Found {
        name: release.name,
        release: kernel.release,
        outcomes,
        lacks,
    })
}

impl Found {
    fn has_failed(&self) -> bool {
        self.outcomes
            .iter()
            .flatten()
            .any(|outcome| *outcome == Outcome::Failed)
    }
}

/// One test that is to run.
struct Job {
    check: usize,
    executable: PathBuf,
    package: PathBuf,
    test: &'static str,
}

fn jobs(executables: &[Executable], options: &Options) -> Result<Vec<Job>> {
    let mut jobs = Vec::new();
    for (check, of) in CHECKS.iter().enumerate() {
        let executable = executables
            .iter()
            .find(|executable| executable.name == of.executable)
            .with_context(|| format!("there is no executable of tests named {}", of.executable))?;
        let there = plan::list(executable, None, &["--ignored"])?;
        for test in of.tests {
            if !there.iter().any(|known| known == test) {
                bail!("there is no privileged test {} {test}", of.executable);
            }
            if options
                .only
                .as_ref()
                .is_none_or(|only| test.contains(only.as_str()))
            {
                jobs.push(Job {
                    check,
                    executable: executable.path.clone(),
                    package: executable.package.clone(),
                    test,
                });
            }
        }
    }
    Ok(jobs)
}

/// What the guest runs: each test by itself, and then it is off.
fn script(jobs: &[Job]) -> Result<String> {
    let mut script = include_str!("script.sh").replace("@MARK@", MARK);
    for (number, job) in jobs.iter().enumerate() {
        writeln!(
            script,
            "check {number} {} {} {} {}",
            PATIENCE.as_secs(),
            job.package.display(),
            job.executable.display(),
            job.test
        )?;
    }
    script.push_str("poweroff -f\n");
    Ok(script)
}
