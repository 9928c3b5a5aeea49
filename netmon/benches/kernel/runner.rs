//! Runs a program over a frame, many times, and tells how long one run takes.

use std::time::Duration;

use anyhow::{Context as _, Result};
use aya::TestRun as _;
use aya::programs::{SchedClassifier, TestRunOptions, TestRunResult, Xdp};
use nix::time::{ClockId, clock_gettime};

/// A hook that programs are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hook {
    /// What arrives, at the driver.
    Xdp,
    /// What arrives, behind the driver.
    Ingress,
    /// What leaves, behind the stack.
    Egress,
}

impl Hook {
    /// All.
    pub const ALL: [Self; 3] = [Self::Xdp, Self::Ingress, Self::Egress];

    /// Its name, in the table and in the reference's programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Xdp => "xdp",
            Self::Ingress => "ingress",
            Self::Egress => "egress",
        }
    }

    /// The kind of its programs, in the names of those that do the same at both TC hooks.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Xdp => "xdp",
            Self::Ingress | Self::Egress => "tc",
        }
    }
}

/// A loaded program.
#[derive(Clone, Copy)]
pub enum Runner<'a> {
    /// An XDP program.
    Xdp(&'a Xdp),
    /// A TC program.
    Tc(&'a SchedClassifier),
}

impl Runner<'_> {
    /// Runs it so many times.
    pub fn run(self, frame: &[u8], repeat: u32) -> Result<TestRunResult> {
        let options = TestRunOptions {
            data_in: Some(frame),
            repeat,
            ..TestRunOptions::new()
        };
        match self {
            Self::Xdp(program) => program.test_run(options),
            Self::Tc(program) => program.test_run(options),
        }
        .context("cannot run a program over a frame")
    }

    /// Runs it so many times; how many nanoseconds one run took.
    ///
    /// Not the duration that the kernel tells: that one is in whole nanoseconds, and a program that does nothing
    /// takes some twenty. The time of this thread leaves out what others did meanwhile, as the kernel's does, and
    /// adds some microseconds for the call, once for all runs.
    pub fn time(self, frame: &[u8], repeat: u32) -> Result<f64> {
        let before = thread_time()?;
        self.run(frame, repeat)?;
        let taken = thread_time()?.saturating_sub(before);
        Ok(taken.as_secs_f64() * 1e9 / f64::from(repeat))
    }
}

/// How long this thread has had a processor.
pub fn thread_time() -> Result<Duration> {
    let time = clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).context("this thread has no clock")?;
    Ok(time.into())
}
