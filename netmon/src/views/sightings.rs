//! Who is seen asking a server, and for what, also while all is well: what the kernel's events happen to show. It is a sample, and
//! says nothing of how much.

use std::collections::{BTreeSet, VecDeque};

use netmon_common::Address;

use super::limits::{SEEN, SIGHTINGS};
use crate::observation::{Observation, What};

/// What was seen since the last reading.
#[derive(Clone, Debug, Default)]
pub struct Sightings(BTreeSet<(Address, Seen)>);

/// One of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// Somebody asks.
    Client(Address),
    /// Somebody asks for it.
    Name(String),
    /// A process of this host asks, in people's words.
    Process(String),
}

impl Sightings {
    /// Takes what an observation shows.
    pub fn observe(&mut self, observation: &Observation) {
        let (client, name) = match &observation.what {
            What::Asked(asked) => (asked.client, &asked.name),
            What::Answered(answered) => (answered.client, &answered.name),
            _ => return,
        };
        let server = observation.service.server;
        self.note(server, Seen::Client(client));
        if let Some(name) = name {
            self.note(server, Seen::Name(name.to_string()));
        }
    }

    /// Takes one, where there is room.
    pub fn note(&mut self, server: Address, seen: Seen) {
        if self.0.len() < SIGHTINGS {
            self.0.insert((server, seen));
        }
    }

    /// All of it.
    pub(super) fn into_all(self) -> impl Iterator<Item = (Address, Seen)> {
        self.0.into_iter()
    }
}

/// What was seen of a server, the latest first.
#[derive(Clone, Debug, Default)]
pub struct Lately {
    /// Who asked.
    pub clients: VecDeque<Address>,
    /// For what.
    pub names: VecDeque<String>,
    /// Which processes.
    pub processes: VecDeque<String>,
}

impl Lately {
    /// Takes one.
    pub fn take(&mut self, seen: Seen) {
        match seen {
            Seen::Client(client) => put(&mut self.clients, client),
            Seen::Name(name) => put(&mut self.names, name),
            Seen::Process(process) => put(&mut self.processes, process),
        }
    }
}

fn put<T: PartialEq>(list: &mut VecDeque<T>, one: T) {
    list.retain(|known| *known != one);
    list.push_front(one);
    list.truncate(SEEN);
}
