//! A wall clock that a test steps: of the programs that it starts, never the machine's.
//!
//! libfaketime (Debian's `faketime`) answers their questions for the wall clock, and leaves the boot clock alone. In a guest of
//! `cargo xtask kernels`, whose clock is nobody else's, that is really set.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use anyhow::{Context as _, Result};
use nix::{sys::time::TimeSpec, time::ClockId};
use tempfile::{NamedTempFile, TempDir};

use crate::executable;

/// The word on a guest's command line that says so.
const GUEST: &str = "netmon.guest";

/// Where the dynamic linker finds libfaketime, whatever the processor.
const LIBRARY: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// Whether this is a guest of `cargo xtask kernels`.
pub fn is_guest() -> bool {
    let words = fs::read_to_string("/proc/cmdline").unwrap_or_default();
    words.split_whitespace().any(|word| word == GUEST)
}

/// The wall clock of the programs that it makes.
#[derive(Debug)]
pub struct WallClock {
    directory: TempDir,
    /// By how many seconds it is ahead.
    ahead: i64,
}

impl WallClock {
    /// One that shows what the machine's does.
    pub fn new() -> Result<Self> {
        let directory = tempfile::tempdir().context("cannot make a directory")?;
        let clock = Self { directory, ahead: 0 };
        clock.show()?;
        Ok(clock)
    }

    /// The same program, which goes by this clock.
    pub fn program(&self, program: &str) -> Result<PathBuf> {
        if is_guest() {
            return Ok(program.into());
        }
        let path = self.directory.path().join("program");
        let file = self.file();
        let variables = [
            ("LD_PRELOAD", LIBRARY),
            ("FAKETIME_TIMESTAMP_FILE", &file.display().to_string()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
            // A step is seen at once.
            ("FAKETIME_NO_CACHE", "1"),
            // It leaves nothing in /dev/shm when it is killed, and files have the times that they have.
            ("FAKETIME_DISABLE_SHM", "1"),
            ("NO_FAKE_STAT", "1"),
        ]
        .map(|(name, value)| format!("{name}='{value}'"));
        let script = format!("#!/bin/sh\nexec env {} '{program}' \"$@\"\n", variables.join(" "));
        executable::script(&path, &script)?;
        Ok(path)
    }

    /// Steps it, forward or back.
    pub fn step(&mut self, seconds: i64) -> Result<()> {
        self.ahead += seconds;
        if is_guest() {
            set_machine_s(seconds)
        } else {
            self.show()
        }
    }

    /// What it shows.
    pub fn now(&self) -> SystemTime {
        if is_guest() {
            return SystemTime::now();
        }
        let ahead = Duration::from_secs(self.ahead.unsigned_abs());
        let now = SystemTime::now();
        if self.ahead < 0 { now - ahead } else { now + ahead }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("ahead")
    }

    /// Has the programs see it: the file is another one at once, and never half of one.
    fn show(&self) -> Result<()> {
        write_whole(&self.file(), &format!("{:+}\n", self.ahead))
    }
}

impl Drop for WallClock {
    fn drop(&mut self) {
        if is_guest() && self.ahead != 0 {
            // An error here must not hide the one that a test is dying of.
            if let Err(error) = set_machine_s(-self.ahead) {
                eprintln!("{error:#}");
            }
        }
    }
}

fn write_whole(path: &Path, text: &str) -> Result<()> {
    let directory = path.parent().context("a file is in a directory")?;
    let file = NamedTempFile::new_in(directory)?;
    fs::write(file.path(), text)?;
    file.persist(path)?;
    Ok(())
}

/// Steps the clock of the guest that this is.
fn set_machine_s(seconds: i64) -> Result<()> {
    anyhow::ensure!(is_guest(), "refusing to set the machine's own clock");
    let clock = ClockId::CLOCK_REALTIME;
    let now = clock.now()?;
    let then = TimeSpec::new(now.tv_sec() + seconds, now.tv_nsec());
    nix::time::clock_settime(clock, then).context("cannot set the guest's clock")
}
