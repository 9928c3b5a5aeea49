//! Which clients were answered lately, by whatever service: answers to them are seen here.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::HEARD_CLIENTS;
use crate::time::Time;

/// Clients, each with the time of the newest answer to it.
#[derive(Debug, Default)]
pub(super) struct HeardClients {
    of: HashMap<Address, Time, RandomState>,
    /// In which second it was last looked who can make room.
    looked_at: u64,
}

impl HeardClients {
    /// The client was answered.
    pub fn note(&mut self, client: Address, at: Time, lately: Duration) {
        if let Some(newest) = self.of.get_mut(&client) {
            *newest = at;
            return;
        }
        if self.of.len() >= HEARD_CLIENTS {
            // Looking at all of them takes its time.
            if self.looked_at == at.second() {
                return;
            }
            self.looked_at = at.second();
            self.of.retain(|_, newest| at.since(*newest) <= lately / 2);
            if self.of.len() >= HEARD_CLIENTS {
                return;
            }
        }
        self.of.insert(client, at);
    }

    /// Whether it was answered so lately.
    pub fn was_answered(&self, client: Address, at: Time, lately: Duration) -> bool {
        self.of
            .get(&client)
            .is_some_and(|newest| at.since(*newest) <= lately)
    }

    /// Forgets all: packets may take another way from now on.
    pub fn clear(&mut self) {
        self.of.clear();
    }
}
