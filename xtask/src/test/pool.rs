//! Runs test harnesses side by side, each in a process of its own, and reads what they print.
//!
//! Most tests wait, for clients to give up and incidents to close: more of them run at a time than there are CPUs.

use std::{
    collections::VecDeque,
    fmt::Write as _,
    fs::File,
    io::{Read as _, Seek as _},
    num::NonZero,
    process::{Child, Command, ExitStatus},
    sync::{Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use super::harness::{self, Output};
use crate::process::show;

/// How long a harness may take: far longer than any takes beside the heaviest neighbours.
pub const PATIENCE: Duration = Duration::from_mins(15);

/// How often is looked whether a harness has ended.
const STEP: Duration = Duration::from_millis(20);

/// A harness to run.
pub struct Job {
    /// What people know it by.
    pub name: String,
    /// How many tests it will run, if that is known.
    pub expected: Option<usize>,
    pub command: Command,
    /// After this long it is taken to hang, and is ended.
    pub patience: Duration,
}

/// A harness that has run.
pub struct Done {
    pub name: String,
    pub took: Duration,
    pub output: Output,
}

/// How many run at a time, unless the developer says: several to a CPU.
pub fn usual() -> NonZero<usize> {
    const TO_A_CPU: usize = 4;
    let cpus = thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN);
    NonZero::new(cpus.get() * TO_A_CPU).unwrap_or(cpus)
}

/// Runs all of them, so many at a time, and hands over each as it ends.
pub fn run(jobs: Vec<Job>, at_a_time: NonZero<usize>, mut done: impl FnMut(&Done)) -> Result<Vec<Done>> {
    let waiting = Mutex::new(VecDeque::from(jobs));
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    let (sender, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..at_a_time.get() {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(job) = next() {
                    if sender.send(one(job)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut all = Vec::new();
        for result in results {
            let result = result?;
            done(&result);
            all.push(result);
        }
        Ok(all)
    })
}

fn one(mut job: Job) -> Result<Done> {
    let began = Instant::now();
    // A file, and no pipe: what a test leaves running would keep a pipe open.
    let mut file = tempfile::tempfile().context("cannot make a file for the output of tests")?;
    let mut child = job
        .command
        .stdin(std::process::Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file.try_clone()?)
        .spawn()
        .with_context(|| format!("cannot start `{}`", show(&job.command)))?;
    let status = wait(&mut child, began + job.patience)
        .with_context(|| format!("cannot wait for `{}`", show(&job.command)))?;
    let mut output = harness::read(whole(&mut file)?);
    let ran = output.tally.passed + output.tally.failed;
    // A harness that dies takes its tests with it; the others still run. Cargo fails also when the build does.
    let lost = job.expected.map_or(0, |expected| expected.abs_diff(ran));
    let lost = lost.max(usize::from(!status.success() && output.tally.failed == 0));
    if lost > 0 {
        output.tally.failed += lost;
        output.failed.push(job.name.clone());
        let expected = job
            .expected
            .map_or(String::new(), |expected| format!(" of {expected}"));
        let _infallible = writeln!(
            output.shown,
            "xtask: error: `{}` ran {ran}{expected} tests, and ended with {status}",
            show(&job.command)
        );
    }
    Ok(Done {
        name: job.name,
        took: began.elapsed(),
        output,
    })
}

/// Waits for its end, and ends it when its time is over.
fn wait(child: &mut Child, until: Instant) -> Result<ExitStatus> {
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        thread::sleep(STEP);
    }
    // No SIGKILL: where it is sudo, only this one is passed on.
    kill(Pid::from_raw(child.id().try_into()?), Signal::SIGTERM)?;
    Ok(child.wait()?)
}

/// All that was written to the file.
fn whole(file: &mut File) -> Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSED: &str = "echo 'test result: ok. 1 passed; 0 failed; 0 ignored'";

    fn job(name: &str, expected: Option<usize>, script: &str) -> Job {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        Job {
            name: name.to_owned(),
            expected,
            command,
            patience: PATIENCE,
        }
    }

    #[test]
    fn a_harness_that_dies_or_runs_too_few_fails_and_the_others_still_run() {
        let jobs = vec![
            job("dies", Some(2), "kill -9 $$"),
            job("runs one of two", Some(2), PASSED),
            job("does not build", None, "echo error; exit 101"),
            job("passes", Some(1), PASSED),
        ];
        let mut done = run(jobs, NonZero::new(2).unwrap(), |_| {}).unwrap();
        done.sort_by(|a, b| a.name.cmp(&b.name));
        let failed: Vec<(&str, usize, usize)> = done
            .iter()
            .map(|done| (&*done.name, done.output.tally.failed, done.output.tally.passed))
            .collect();
        let expected = [
            ("dies", 2, 0),
            ("does not build", 1, 0),
            ("passes", 0, 1),
            ("runs one of two", 1, 1),
        ];
        assert_eq!(failed, expected);
        assert!(
            done[1].output.shown.starts_with("error\nxtask: error: "),
            "{}",
            done[1].output.shown
        );
    }

    #[test]
    fn a_harness_that_hangs_is_ended() {
        let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
        let status = wait(&mut child, Instant::now() + STEP).unwrap();
        assert!(!status.success());
    }

    #[test]
    fn what_a_test_leaves_running_holds_nothing_up() {
        let script = format!("sleep 1000 & echo $!; {PASSED}");
        let jobs = vec![job("leaves", Some(1), &script)];
        let done = run(jobs, NonZero::<usize>::MIN, |_| {}).unwrap();
        assert_eq!(done[0].output.tally.passed, 1);
        let left = done[0].output.shown.lines().next().unwrap().parse().unwrap();
        kill(Pid::from_raw(left), Signal::SIGKILL).expect("it still runs");
    }
}
