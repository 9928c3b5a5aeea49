//! Load: `dnsperf` from Debian sends queries at a steady rate, for a bounded time.

use std::{fmt::Write as _, io::Write as _, net::IpAddr, process::Command, time::Duration};

use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

use super::{namespace::Namespace, process::Process};

/// How long after its time it may take to end: the patience of its last queries, and a busy machine.
const GRACE: Duration = Duration::from_mins(1);

/// Different names that are asked for, again and again.
const NAMES: usize = 1_000;

/// A running burst; it ends with its guard.
#[derive(Debug)]
pub struct Burst {
    process: Process,
    time: Duration,
    _names: NamedTempFile,
}

/// What a burst came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Queries that were sent.
    pub sent: u64,
    /// Those that were answered, with whatever rcode.
    pub completed: u64,
}

impl Burst {
    /// Starts to ask the server `rate` times a second, for so many whole seconds, as long as no more than `waiting` queries wait for
    /// their answers: a busy machine's server must not drown in what it cannot answer, and one that is silent must not slow it down.
    pub fn start(from: &Namespace, server: IpAddr, rate: u32, waiting: u32, time: Duration) -> Result<Self> {
        let mut text = String::new();
        for number in 0..NAMES {
            writeln!(text, "burst{number}.test A")?;
        }
        let mut names = NamedTempFile::with_prefix("netmon-dnsperf-").context("cannot make a file")?;
        names.write_all(text.as_bytes()).context("cannot write names")?;
        let mut command = Command::new("dnsperf");
        command
            .args(["-s", &server.to_string(), "-Q", &rate.to_string()])
            .args(["-l", &time.as_secs().max(1).to_string()])
            .args(["-q", &waiting.to_string(), "-t", "2", "-W"])
            .arg("-d")
            .arg(names.path());
        Ok(Self {
            process: from.spawn(&mut command)?,
            time,
            _names: names,
        })
    }

    /// Waits for its end, and tells what it came to.
    pub fn finish(mut self) -> Result<Tally> {
        self.process.wait(self.time + GRACE)?;
        let number = |label: &str| -> Result<u64> {
            let lines = self.process.lines();
            let line = lines.iter().find_map(|line| line.text.trim().strip_prefix(label));
            line.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
                .with_context(|| format!("dnsperf does not tell `{label}`\n{}", self.process.transcript()))
        };
        Ok(Tally {
            sent: number("Queries sent:")?,
            completed: number("Queries completed:")?,
        })
    }
}
