//! Whom the failures of the last minute hit, and for which names: what an incident that opens by them lists.

use std::collections::VecDeque;
use std::time::Duration;

use netmon_common::Address;

use super::distinct::{Distinct, Mark};
use super::limits::{DECIDED_FAULTS, FAULT_SECONDS, MARKED_FAULTS};
use crate::observation::Name;
use crate::time::Time;

const KEPT: Duration = Duration::from_secs(FAULT_SECONDS as u64);

/// A query that failed.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// When it was sent.
    pub sent: Time,
    /// Who asked.
    pub client: Address,
    /// For what.
    pub name: Option<Name>,
}

/// The last failures: the newest one by one, those before by what a [`Distinct`] knows of what it does not list.
#[derive(Debug, Default)]
pub(super) struct Decided {
    newest: VecDeque<Failure>,
    before: VecDeque<(Time, Mark, Option<Mark>)>,
}

impl Decided {
    /// Takes a failure.
    pub fn note(&mut self, failure: Failure) {
        let oldest = failure.sent.before(KEPT);
        while self.before.front().is_some_and(|(sent, ..)| *sent < oldest) {
            self.before.pop_front();
        }
        while self.newest.front().is_some_and(|known| known.sent < oldest) {
            self.newest.pop_front();
        }
        if self.newest.len() == DECIDED_FAULTS
            && let Some(Failure { sent, client, name }) = self.newest.pop_front()
        {
            if self.before.len() == MARKED_FAULTS {
                self.before.pop_front();
            }
            let name = name.map(|name| Mark::of(&name));
            self.before.push_back((sent, Mark::of(&client), name));
        }
        self.newest.push_back(failure);
    }

    /// Those that are known one by one and were sent from that moment on.
    pub fn since(&self, from: Time) -> impl Iterator<Item = &Failure> {
        self.newest.iter().filter(move |failure| failure.sent >= from)
    }

    /// The others that were sent from that moment on.
    pub fn mark(&self, from: Time, clients: &mut Distinct<Address>, names: &mut Distinct<Name>) {
        for (_, client, name) in self.before.iter().filter(|(sent, ..)| *sent >= from) {
            clients.note_mark(*client);
            if let Some(name) = name {
                names.note_mark(*name);
            }
        }
    }
}
