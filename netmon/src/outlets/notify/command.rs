//! Runs a program with each notification on its standard input.
//!
//! No shell takes part, and one runs at a time. The notification is a file in memory: a program that does not read
//! it holds nobody up. What it prints to standard output is not wanted; standard error is netmon's. A program that
//! fails is not run again: only it knows how far it came.

use std::fs::File;
use std::io::{self, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{self, Stdio};
use std::time::{Duration, Instant};

use nix::sys::memfd::{MFdFlags, memfd_create};

use super::CommandSettings;
use super::notice::Notice;
use super::outbox::{Attempt, Courier};
use super::process::{Outcome, wait_or_kill};
use crate::clock;

/// Runs one program.
#[derive(Debug)]
pub struct Command {
    settings: CommandSettings,
}

impl Command {
    /// That program.
    pub fn new(settings: &CommandSettings) -> Self {
        Self {
            settings: settings.clone(),
        }
    }

    fn run(&self, notice: &Notice, end: &dyn Fn() -> Option<Instant>) -> io::Result<Outcome> {
        let Some((program, arguments)) = self.settings.words.split_first() else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let child = process::Command::new(program)
            .args(arguments)
            .stdin(input(&notice.body)?)
            .stdout(Stdio::null())
            // What systemd agreed with netmon is not for it.
            .env_remove("NOTIFY_SOCKET")
            .env_remove("WATCHDOG_USEC")
            .env_remove("WATCHDOG_PID")
            // All that it starts can be killed with it, and a Ctrl-C is for netmon alone.
            .process_group(0)
            .spawn()?;
        let latest = clock::instant() + self.settings.timeout;
        wait_or_kill(child, &|| end().map_or(latest, |end| end.min(latest)))
    }
}

impl Courier for Command {
    fn deliver(&self, notice: &Notice, end: &dyn Fn() -> Option<Instant>) -> Attempt {
        match self.run(notice, end) {
            Ok(Outcome::Exited(status)) if status.success() => Attempt::Delivered,
            Ok(Outcome::Exited(status)) => Attempt::Failed(format!("it ended with {status}")),
            Ok(Outcome::Killed) => Attempt::Failed("it took too long and was killed".to_owned()),
            Err(error) => Attempt::Failed(format!("it cannot be run: {error}")),
        }
    }

    fn patience(&self) -> Duration {
        self.settings.timeout
    }
}

/// A file in memory, to be read from its beginning.
fn input(body: &[u8]) -> io::Result<File> {
    let mut file = File::from(memfd_create("netmon-notification", MFdFlags::MFD_CLOEXEC)?);
    file.write_all(body)?;
    file.write_all(b"\n")?;
    file.rewind()?;
    Ok(file)
}
