//! The sink that keeps: it leaves everything in the mailbox, and returns at once.

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, mpsc};

use anyhow::Context as _;
use netmon_common::Address;

use super::Settings;
use super::limits::{RECALL_WAIT, STOP_WAIT};
use super::mail::Mailbox;
use super::rollup::MINUTE;
use super::troubles::Troubles;
use super::writer::Writer;
use crate::clock;
use crate::detect::{Memory, Remembered};
use crate::model::{Happened, Incident, Warning};
use crate::report::sink::{Counted, Moment, Recalled, Sink, Started};
use crate::rights;

/// Keeps incidents and one-minute counts in a file.
#[derive(Debug)]
pub struct Keeper {
    pub(super) mailbox: Arc<Mailbox>,
    troubles: Troubles,
    /// What earlier runs have left.
    recalled: Option<Recalled>,
    /// Where it comes from, if it comes late.
    late: Receiver<Recalled>,
    /// Ends with the writer.
    written: Receiver<()>,
    /// When the minute began that is being counted, in seconds of Unix time.
    pub(super) minute: i64,
    file: String,
    stopped: bool,
}

impl Keeper {
    /// Begins to write, on a thread of its own, and waits a moment for what earlier runs have left. After that
    /// nothing waits for the disk; and no trouble with it is an error: it is said, and tried again.
    pub fn start(settings: &Settings) -> anyhow::Result<Self> {
        let (mailbox, troubles) = (Arc::new(Mailbox::default()), Troubles::default());
        let (recall, late) = sync_channel(1);
        let (alive, written) = mpsc::channel::<()>();
        let writer = Writer::new(settings.clone(), Arc::clone(&mailbox), troubles.clone(), recall);
        rights::spawn("history", move || {
            // Dropped when the thread ends, also if it panics.
            let _alive = alive;
            writer.run();
        })
        .context("cannot start the thread that writes the history")?;
        Ok(Self {
            mailbox,
            troubles,
            recalled: late.recv_timeout(RECALL_WAIT).ok(),
            late,
            written,
            minute: minute(clock::wall_now()),
            file: settings.file.display().to_string(),
            stopped: false,
        })
    }

    /// What is left in the mailbox is written, within a bounded time.
    fn stop(&mut self) {
        if std::mem::replace(&mut self.stopped, true) {
            return;
        }
        self.mailbox.stop();
        if self.written.recv_timeout(STOP_WAIT) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!(
                "the history {} could not be written to its end within {} s",
                self.file,
                STOP_WAIT.as_secs()
            );
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Sink for Keeper {
    fn started(&mut self, at: Moment, _started: &Started<'_>) -> io::Result<()> {
        self.minute = minute(at.offset.wall(at.time));
        Ok(())
    }

    fn begin(&mut self, counted: &Counted) {
        self.mailbox.before(counted.clone());
    }

    fn incident(&mut self, _at: Moment, _happened: Happened, _incident: &Incident) -> io::Result<()> {
        // It comes with what the decider remembers: see `remember`.
        Ok(())
    }

    fn remember(&mut self, incident: &Incident, memory: Option<Memory>) {
        self.mailbox.incident(Remembered {
            incident: incident.clone(),
            memory: memory.unwrap_or_default(),
        });
    }

    fn served(&mut self, addresses: &[Address]) {
        self.mailbox.served(addresses.iter().copied());
    }

    fn recall(&mut self) -> Option<Recalled> {
        self.recalled.take().or_else(|| self.late.try_recv().ok())
    }

    fn trouble(&mut self) -> Option<Warning> {
        self.troubles.take()
    }

    fn wants_snapshot(&self, at: Moment) -> bool {
        minute(at.offset.wall(at.time)) != self.minute
    }

    fn snapshot(&mut self, at: Moment, counted: &Counted) -> io::Result<()> {
        let began = std::mem::replace(&mut self.minute, minute(at.offset.wall(at.time)));
        self.mailbox.counted(began, counted.clone());
        Ok(())
    }

    fn warning(&mut self, _at: Moment, _warning: &Warning) -> io::Result<()> {
        Ok(())
    }

    fn stopped(&mut self, at: Moment, counted: &Counted) -> io::Result<()> {
        self.snapshot(at, counted)?;
        self.stop();
        Ok(())
    }
}

/// When the minute began that a moment lies in, in seconds of Unix time.
fn minute(wall: jiff::Timestamp) -> i64 {
    let second = wall.as_second();
    second - second.rem_euclid(MINUTE)
}
