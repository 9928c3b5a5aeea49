//! The outlet that keeps: it leaves everything in the mailbox, and returns at once.

use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use anyhow::Context as _;
use netmon_common::Address;
use netmon_common::records::{Counters as _, Destination};

use super::Settings;
use super::columns;
use super::limits::{RECALL_WAIT, STOP_WAIT};
use super::mail::Mailbox;
use super::seconds::Seconds;
use super::store::Recalled;
use super::troubles::Troubles;
use super::writer::Writer;
use crate::clock;
use crate::model::{Counted, Event, Happened, Incident, Memory, Moment, OwnClient, Remembered, Warning};
use crate::outlets::Outlet;
use crate::rights;
use crate::time::{Time, WallOffset, start_of_minute};

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
    seconds: Seconds,
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
            seconds: Seconds::default(),
            file: settings.file.display().to_string(),
            stopped: false,
        })
    }

    /// What had been counted before anything was attached: pinned maps have counted all along.
    pub fn begin(&self, counted: &Counted) {
        self.mailbox.before(counted.clone());
    }

    /// What the decider must know to go on with the incident after a restart; `None` where it has forgotten it already.
    pub fn remember(&self, incident: &Incident, memory: Option<Memory>) {
        self.mailbox.incident(Remembered {
            incident: incident.clone(),
            memory: memory.unwrap_or_default(),
        });
    }

    /// What each server's counters were before and are now; the difference was counted in the second of that moment, give or
    /// take a poll.
    pub fn second(&mut self, at: Moment, changed: &[(Address, Destination, Destination)]) {
        let active = changed
            .iter()
            .map(|(server, before, now)| (*server, columns::in_short(&now.since(before).unwrap_or(*now))))
            .filter(|(_, activity)| activity.packets() > 0);
        let second = at.time.second();
        // The boot clock's seconds do not begin with the wall's: the one in which most of it lies.
        let middle = Time::at_second(second).after(Duration::from_millis(500));
        let wall = at.offset.wall(middle).as_second();
        let rows = self.seconds.take(second, wall, active.collect());
        self.mailbox.seconds(rows);
    }

    /// Has the seconds kept in which an incident opens, recovers or closes, and those around.
    fn want_seconds(&mut self, at: Moment, happened: Happened, incident: &Incident) {
        let moment = match happened {
            Happened::Opened | Happened::Closed => Some(at.time),
            // Where the wall clock was set back since, that seems to be still to come.
            Happened::Updated => incident
                .recovered
                .map(|recovered| at.offset.time(recovered.0).min(at.time)),
        };
        let Some(moment) = moment else { return };
        self.seconds.want(incident.server, moment.second());
    }

    /// Clients that this host's own services have answered well, and until when they are remembered.
    pub fn own_clients(&self, clients: &[(OwnClient, Time)], offset: WallOffset) {
        if !clients.is_empty() {
            let one = |(client, until): &(OwnClient, Time)| (*client, offset.wall(*until));
            self.mailbox.own_clients(clients.iter().map(one));
        }
    }

    /// What earlier runs have left, once, as soon as it is known.
    pub fn recall(&mut self) -> Option<Recalled> {
        self.recalled.take().or_else(|| self.late.try_recv().ok())
    }

    /// What is wrong with the history, to be reported as warnings, one after the other.
    pub fn trouble(&self) -> Option<Warning> {
        self.troubles.take()
    }

    /// How many states of incidents and minutes found no room.
    pub fn dropped(&self) -> u64 {
        self.mailbox.lost()
    }

    /// Whether a minute has ended, whose counts are wanted.
    pub fn is_due(&self, at: Moment) -> bool {
        minute(at.wall()) != self.minute
    }

    /// The counts by now, at the end of a minute.
    pub fn counted(&mut self, at: Moment, counted: &Arc<Counted>) {
        let began = std::mem::replace(&mut self.minute, minute(at.wall()));
        self.mailbox.counted(began, Arc::clone(counted));
    }

    /// Waits until what is left in the mailbox is written, for a bounded time.
    pub fn finish(&mut self) {
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
        self.finish();
    }
}

impl Outlet for Keeper {
    fn emit(&mut self, at: Moment, event: &Event) {
        match event {
            Event::Started(_) => self.minute = minute(at.wall()),
            Event::Stopped(counted, _) => {
                self.mailbox.seconds(self.seconds.keep());
                self.counted(at, counted);
                self.mailbox.stop();
            }
            // The incident itself comes with what the decider remembers: see `remember`.
            Event::Incident(happened, incident) => self.want_seconds(at, *happened, incident),
            Event::Watching(_) | Event::Snapshot(_) | Event::Warning(_) | Event::Reloaded(_) => {}
        }
    }
}

/// When the minute began that a moment lies in, in seconds of Unix time.
fn minute(wall: jiff::Timestamp) -> i64 {
    start_of_minute(wall.as_second())
}
