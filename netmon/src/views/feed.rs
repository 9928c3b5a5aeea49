//! What the event loop hands to the views, and how: through a bounded queue that never makes it wait.

use std::collections::BTreeMap;

use netmon_common::Address;
use netmon_common::records::{self, Destination};

use super::sightings::Sightings;
use crate::model::view::Replay;
use crate::model::{Event, Moment, Names, Resolver, Table, Totals};

/// One thing for the state.
#[derive(Debug)]
pub enum Feed {
    /// Something happened.
    Event(Moment, Event),
    /// The counts were read.
    Reading(Box<Reading>),
    /// What servers are called.
    Names(Names),
    /// What is replayed, and how.
    Replay(Replay),
    /// A replay begins again: nothing has passed yet.
    Again(Moment),
    /// These servers have lost their places: nothing is counted for them any more.
    Gone(Vec<Address>),
}

/// The counts, as far as they have changed.
#[derive(Debug)]
pub struct Reading {
    /// When.
    pub at: Moment,
    /// Whether all of it was counted before, nobody knows when.
    pub is_first: bool,
    /// Everything that passed.
    pub totals: Totals,
    /// The servers whose counts have changed since the last reading that was taken.
    pub changed: Vec<Changed>,
    /// Whether these are all servers that there are.
    pub is_all: bool,
    /// How long answers took; `None` where nobody looks.
    pub latencies: Option<BTreeMap<Address, records::Latency>>,
    /// Who was seen asking, and for what.
    pub seen: Sightings,
    /// The resolvers that this host is configured to use, and how it stands with each.
    pub resolvers: Vec<Resolver>,
    /// How full the tables are.
    pub tables: Vec<Table>,
    /// What each outlet dropped.
    pub outlets: BTreeMap<&'static str, u64>,
}

/// A server whose counts have changed.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Which.
    pub address: Address,
    /// The counts now.
    pub counters: Destination,
    /// DNS unreachables about a port where nothing ever answered.
    pub not_served: u64,
}
