//! Who is seen asking a server, and for what, also while all is well: what the kernel's events happen to show. It is a sample, and
//! says nothing of how much.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::{SEEN, SIGHTINGS};
use crate::observation::{Name, Observation, Side, What};

/// What was seen since the last reading, of each server.
#[derive(Clone, Debug, Default)]
pub struct Sightings(HashMap<Address, Lately, RandomState>);

/// One of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Somebody asks.
    Client(Address),
    /// Somebody asks for it.
    Name(Name),
    /// A process of this host asks, in people's words.
    Process(Arc<str>),
}

impl Sightings {
    /// Takes what an observation shows.
    pub fn observe(&mut self, observation: &Observation) {
        let (client, name) = match &observation.what {
            What::Asked(asked) => (asked.client, &asked.name),
            What::Answered(answered) if answered.side != Side::Behind => (answered.client, &answered.name),
            _ => return,
        };
        let server = observation.service.server;
        self.note(server, Seen::Client(client));
        if let Some(name) = name {
            self.note(server, Seen::Name(name.clone()));
        }
    }

    /// Takes one of a server, where there is room for servers.
    pub fn note(&mut self, server: Address, seen: Seen) {
        if self.0.len() < SIGHTINGS || self.0.contains_key(&server) {
            self.0.entry(server).or_default().take(seen);
        }
    }

    /// That of each server.
    pub(super) fn into_all(self) -> impl Iterator<Item = (Address, Lately)> {
        self.0.into_iter()
    }
}

/// What was seen of a server, the latest first.
#[derive(Clone, Debug, Default)]
pub struct Lately {
    /// Who asked.
    pub clients: VecDeque<Address>,
    /// For what.
    pub names: VecDeque<Name>,
    /// Which processes.
    pub processes: VecDeque<Arc<str>>,
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

    /// Takes what was seen after that.
    pub fn add(&mut self, later: Self) {
        put_all(&mut self.clients, later.clients);
        put_all(&mut self.names, later.names);
        put_all(&mut self.processes, later.processes);
    }
}

fn put_all<T: PartialEq>(list: &mut VecDeque<T>, later: VecDeque<T>) {
    later.into_iter().rev().for_each(|one| put(list, one));
}

fn put<T: PartialEq>(list: &mut VecDeque<T>, one: T) {
    if list.front() == Some(&one) {
        return;
    }
    list.retain(|known| *known != one);
    list.push_front(one);
    list.truncate(SEEN);
}
