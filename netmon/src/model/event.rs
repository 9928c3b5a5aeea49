//! What happens, as the monitor hands it to the outlets: one enum for everything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use netmon_common::records::Destination;
use netmon_common::{Address, records};
use serde::Serialize;

use super::counts::{DestinationCounts, Totals};
use super::incident::{Happened, Incident};
use super::resolver::Resolver;
use super::warning::Warning;
use crate::time::{Time, WallOffset};

/// A moment of the boot clock, and how to show it.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// The moment.
    pub time: Time,
    /// The wall's time for it.
    pub offset: WallOffset,
}

impl Moment {
    /// The wall's time.
    pub fn wall(self) -> Timestamp {
        self.offset.wall(self.time)
    }
}

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// All is attached.
    Started(Started),
    /// These interfaces are watched from now on.
    Watching(BTreeSet<String>),
    /// An incident opened, goes on or closed.
    Incident(Happened, Arc<Incident>),
    /// The counts of a poll; only where they are asked for.
    Snapshot(Arc<Counted>),
    /// Something that limits what the rest says.
    Warning(Warning),
    /// The configuration was read again.
    Reloaded(Reloaded),
    /// The end: final counts, and how much each outlet dropped.
    Stopped(Arc<Counted>, BTreeMap<&'static str, u64>),
}

/// What is watched.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Started {
    /// The DNS ports.
    pub ports: Vec<u16>,
    /// What is watched, and how.
    pub interfaces: Vec<WatchedInterface>,
    /// What is not watched, and why.
    pub left_out: Vec<LeftOut>,
    /// The resolvers that this host is configured to use.
    pub resolvers: Vec<Resolver>,
}

/// An interface that is watched.
#[derive(Clone, Debug, Serialize)]
pub struct WatchedInterface {
    /// Its name.
    pub name: String,
    /// What sees what arrives.
    pub ingress: &'static str,
    /// What sees what leaves.
    pub egress: &'static str,
    /// Whether every packet on the wire is counted as one.
    pub exact: bool,
    /// Why these, in words.
    pub why: String,
}

/// An interface that is not watched.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOut {
    /// Its name.
    pub name: String,
    /// Why not: continues the sentence "which ...".
    pub why: String,
}

/// What became of a new configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reloaded {
    /// The keys whose new value holds from now on.
    pub changed: Vec<String>,
    /// The keys whose new value needs a restart.
    pub restart: Vec<String>,
    /// Why it was refused, and everything stays as it was.
    pub error: Option<String>,
}

impl fmt::Display for Reloaded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(error) = &self.error {
            return write!(f, "everything stays as it was: {error}");
        }
        f.write_str("the configuration was read again: ")?;
        match self.changed.as_slice() {
            [] => f.write_str("nothing changed")?,
            changed => write!(f, "new values of {}", changed.join(", "))?,
        }
        match self.restart.as_slice() {
            [] => Ok(()),
            restart => write!(f, "; a restart is needed for {}", restart.join(", ")),
        }
    }
}

/// All counts at a moment.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    /// Of everything.
    pub totals: Totals,
    /// By destination, in the order of addresses.
    pub destinations: Vec<DestinationCounts>,
    /// What was counted for destinations that have lost their places.
    pub retired: Destination,
    /// How long the answers of each server took of which it is measured, in all buckets.
    pub latencies: BTreeMap<Address, records::Latency>,
    /// How full the tables are.
    pub tables: Vec<Table>,
    /// How long the trace of a query lives that nobody answers; `None` where exchanges are not followed.
    pub trace_lifetime: Option<Duration>,
    /// The resolvers that this host is configured to use.
    pub resolvers: Vec<Resolver>,
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
