//! Clients and names of queries that a silent server got, until they are old enough to have failed.

use netmon_common::Address;

use crate::observation::Name;
use crate::time::Time;

use super::limits::WAITING;

/// What waits, at most [`WAITING`] of them.
#[derive(Debug, Default)]
pub(super) struct Waiting(Vec<Asked>);

/// A client, a name, or both.
#[derive(Debug)]
pub(super) struct Asked {
    since: Time,
    /// Who asked.
    pub client: Option<Address>,
    /// For what.
    pub name: Option<Name>,
}

impl Waiting {
    /// Takes a client and a name, where there are any.
    pub fn add(&mut self, since: Time, client: Option<&Address>, name: Option<&Name>) {
        if (client.is_some() || name.is_some()) && self.0.len() < WAITING {
            self.0.push(Asked {
                since,
                client: client.copied(),
                name: name.cloned(),
            });
        }
    }

    /// Those that waited since `by` or longer, in the order in which they came.
    pub fn take_until(&mut self, by: Time) -> Vec<Asked> {
        self.0.extract_if(.., |asked| asked.since <= by).collect()
    }

    /// Forgets all: the server answered.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
