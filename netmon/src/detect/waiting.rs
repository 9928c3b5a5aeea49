//! Clients and names of queries of which it is not known yet whether they belong to an incident: those that a silent server got
//! until they are old enough to have failed; those that a failing one answered until it can have recovered no more before them.

use std::collections::VecDeque;

use netmon_common::Address;

use crate::observation::Name;
use crate::time::Time;

use super::limits::WAITING;

/// What waits, at most [`WAITING`] of them, in the order in which they were asked.
#[derive(Debug, Default)]
pub(super) struct Waiting(VecDeque<Asked>);

/// A client, a name, or both.
#[derive(Debug)]
pub(super) struct Asked {
    /// When it was asked.
    pub since: Time,
    /// Who asked.
    pub client: Option<Address>,
    /// For what.
    pub name: Option<Name>,
}

impl Waiting {
    /// Takes a client and a name, where there are any and they do not wait already. Of too many, gives back the first.
    pub fn add(&mut self, since: Time, client: Option<&Address>, name: Option<&Name>) -> Option<Asked> {
        let same = |asked: &Asked| asked.client.as_ref() == client && asked.name.as_ref() == name;
        if (client.is_none() && name.is_none()) || self.0.iter().any(same) {
            return None;
        }
        let first = (self.0.len() == WAITING).then(|| self.0.pop_front());
        let place = self.0.partition_point(|asked| asked.since <= since);
        let (client, name) = (client.copied(), name.cloned());
        self.0.insert(place, Asked { since, client, name });
        first.flatten()
    }

    /// Those that waited since `by` or longer, in the order in which they were asked.
    pub fn take_until(&mut self, by: Time) -> Vec<Asked> {
        let end = self.0.partition_point(|asked| asked.since <= by);
        self.0.drain(..end).collect()
    }

    /// All of them, in the order in which they were asked.
    pub fn iter(&self) -> impl Iterator<Item = &Asked> {
        self.0.iter()
    }

    /// Forgets all: the server answered.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
