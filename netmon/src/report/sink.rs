//! What a live monitor tells, and to whom: one trait, one file for each form.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use netmon_common::{Address, records};

use crate::config::Reloaded;
use crate::detect::{Memory, Remembered};
use crate::kernel::{Attachment, Change};
use crate::model::{DestinationCounts, Happened, Incident, Totals, Warning};
use crate::time::{Time, WallOffset};

/// What an interface got, for those who ask why.
#[derive(Clone, Debug)]
pub struct Started<'a> {
    /// What is watched, and how.
    pub attachments: &'a [Attachment],
    /// What is not watched, and why.
    pub left_out: &'a [(String, String)],
    /// The DNS ports.
    pub ports: &'a [u16],
}

/// All counts at a moment.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Of everything.
    pub totals: Totals,
    /// By destination, in the order of addresses.
    pub destinations: Vec<DestinationCounts>,
    /// How long the answers of each server took of which it is measured, in all buckets.
    pub latencies: BTreeMap<Address, records::Latency>,
    /// How full the tables are.
    pub tables: Vec<Table>,
}

/// A table of bounded size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Table {
    /// Its name in metrics.
    pub name: &'static str,
    /// Entries that it has.
    pub entries: u64,
    /// Entries that it can have.
    pub capacity: u64,
}

/// What earlier runs have left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recalled {
    /// Incidents that are open, or closed lately.
    pub incidents: Vec<Remembered>,
    /// This host's own addresses that have answered something.
    pub served: Vec<Address>,
    /// Incidents that cannot be understood, and stay as they are.
    pub garbled: u64,
}

/// A moment of the boot clock, and how to show it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The moment.
    pub time: Time,
    /// The wall's time for it.
    pub offset: WallOffset,
}

/// Tells what happens, as it happens.
///
/// An error is one of the output, such as a pipe that nobody reads any more: it ends the monitor.
pub trait Sink {
    /// All is attached.
    fn started(&mut self, at: Moment, started: &Started<'_>) -> io::Result<()>;
    /// An incident opened, goes on or closed.
    fn incident(&mut self, at: Moment, happened: Happened, incident: &Incident) -> io::Result<()>;
    /// Whether the counts of this poll are wanted.
    fn wants_snapshot(&self, at: Moment) -> bool;
    /// The counts of a poll that wanted them.
    fn snapshot(&mut self, at: Moment, counted: &Counted) -> io::Result<()>;
    /// The counts were read: the event loop is alive.
    fn polled(&mut self, _at: Moment) {}
    /// Ready once somebody asks this sink for the counts, who cannot wait for the next poll.
    fn poll_asked(&mut self, _context: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
    /// The counts, for those who asked.
    fn answer(&mut self, _at: Moment, _counted: &Arc<Counted>) {}
    /// Something that limits what the rest says.
    fn warning(&mut self, at: Moment, warning: &Warning) -> io::Result<()>;
    /// The configuration was read again: what came of it, or why it was refused. A sink that has settings of its
    /// own takes the new ones here; whoever else has nothing to do.
    fn reloaded(&mut self, _at: Moment, _reloaded: Result<&Reloaded, &str>) -> io::Result<()> {
        Ok(())
    }
    /// The interfaces that are watched have changed. Whoever only tells of it gets [`Self::warning`] as well.
    fn network_changed(&mut self, _change: &Change) {}
    /// The end.
    fn stopped(&mut self, at: Moment, counted: &Counted) -> io::Result<()>;

    /// What had been counted before anything was attached: pinned maps have counted all along.
    fn begin(&mut self, _counted: &Counted) {}
    /// After [`Self::incident`]: what the decider must know to go on with the incident after a restart. `None` where
    /// it has forgotten it already.
    fn remember(&mut self, _incident: &Incident, _memory: Option<Memory>) {}
    /// All of this host's own addresses that have answered something, each time that there are more.
    fn served(&mut self, _addresses: &[Address]) {}
    /// What earlier runs have left, once, as soon as it is known. Asked when all is attached, and at each poll.
    fn recall(&mut self) -> Option<Recalled> {
        None
    }
    /// What is wrong with the sink itself, to be told as a warning. Asked at each poll.
    fn trouble(&mut self) -> Option<Warning> {
        None
    }
}

/// Several sinks, told in their order. The first error ends it: a sink whose trouble must not end the monitor
/// keeps it to itself.
pub struct Sinks(Vec<Box<dyn Sink>>);

impl Sinks {
    /// All of these.
    pub fn new(sinks: Vec<Box<dyn Sink>>) -> Self {
        Self(sinks)
    }
}

impl Sink for Sinks {
    fn started(&mut self, at: Moment, started: &Started<'_>) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|sink| sink.started(at, started))
    }

    fn incident(&mut self, at: Moment, happened: Happened, incident: &Incident) -> io::Result<()> {
        self.0
            .iter_mut()
            .try_for_each(|sink| sink.incident(at, happened, incident))
    }

    fn wants_snapshot(&self, at: Moment) -> bool {
        self.0.iter().any(|sink| sink.wants_snapshot(at))
    }

    fn snapshot(&mut self, at: Moment, counted: &Counted) -> io::Result<()> {
        let mut wanting = self.0.iter_mut().filter(|sink| sink.wants_snapshot(at));
        wanting.try_for_each(|sink| sink.snapshot(at, counted))
    }

    fn polled(&mut self, at: Moment) {
        self.0.iter_mut().for_each(|sink| sink.polled(at));
    }

    fn poll_asked(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // All of them are polled, so that each can wake the loop.
        let mut asked = Poll::Pending;
        for sink in &mut self.0 {
            if sink.poll_asked(context).is_ready() {
                asked = Poll::Ready(());
            }
        }
        asked
    }

    fn answer(&mut self, at: Moment, counted: &Arc<Counted>) {
        self.0.iter_mut().for_each(|sink| sink.answer(at, counted));
    }

    fn warning(&mut self, at: Moment, warning: &Warning) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|sink| sink.warning(at, warning))
    }

    fn reloaded(&mut self, at: Moment, reloaded: Result<&Reloaded, &str>) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|sink| sink.reloaded(at, reloaded))
    }

    fn network_changed(&mut self, change: &Change) {
        self.0.iter_mut().for_each(|sink| sink.network_changed(change));
    }

    fn stopped(&mut self, at: Moment, counted: &Counted) -> io::Result<()> {
        self.0.iter_mut().try_for_each(|sink| sink.stopped(at, counted))
    }

    fn begin(&mut self, counted: &Counted) {
        self.0.iter_mut().for_each(|sink| sink.begin(counted));
    }

    fn remember(&mut self, incident: &Incident, memory: Option<Memory>) {
        self.0
            .iter_mut()
            .for_each(|sink| sink.remember(incident, memory.clone()));
    }

    fn served(&mut self, addresses: &[Address]) {
        self.0.iter_mut().for_each(|sink| sink.served(addresses));
    }

    fn recall(&mut self) -> Option<Recalled> {
        self.0.iter_mut().find_map(|sink| sink.recall())
    }

    fn trouble(&mut self) -> Option<Warning> {
        self.0.iter_mut().find_map(|sink| sink.trouble())
    }
}
