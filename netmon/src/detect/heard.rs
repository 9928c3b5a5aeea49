//! Which clients were answered lately, and by which services: answers of others to them are seen here, too.

use std::collections::HashMap;
use std::time::Duration;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::HEARD_CLIENTS;
use crate::bounded::Thinner;
use crate::observation::Service;
use crate::time::Time;

/// Clients that were answered.
#[derive(Debug, Default)]
pub(super) struct HeardClients {
    of: HashMap<Address, Heard, RandomState>,
    thinner: Thinner,
}

/// The newest answer to a client, and the newest one of another service.
#[derive(Debug)]
struct Heard {
    newest: (Service, Time),
    another: Option<(Service, Time)>,
}

impl HeardClients {
    /// The service answered the client.
    pub fn note(&mut self, client: Address, service: Service, at: Time, lately: Duration) {
        if let Some(heard) = self.of.get_mut(&client) {
            let before = std::mem::replace(&mut heard.newest, (service, at));
            if before.0 != service {
                heard.another = Some(before);
            }
            return;
        }
        let stays = |heard: &Heard| at.since(heard.newest.1) <= lately / 2;
        let has_room = self
            .thinner
            .has_room(&mut self.of, HEARD_CLIENTS, &client, at.second(), stays);
        if has_room {
            let heard = Heard {
                newest: (service, at),
                another: None,
            };
            self.of.insert(client, heard);
        }
    }

    /// Whether another service than that one answered it so lately.
    pub fn by_another(&self, client: Address, service: Service, at: Time, lately: Duration) -> bool {
        self.of.get(&client).is_some_and(|heard| {
            let answers = [Some(heard.newest), heard.another];
            let mut others = answers.into_iter().flatten().filter(|(by, _)| *by != service);
            others.any(|(_, newest)| at.since(newest) <= lately)
        })
    }

    /// Forgets all: packets may take another way from now on.
    pub fn clear(&mut self) {
        self.of.clear();
    }
}
