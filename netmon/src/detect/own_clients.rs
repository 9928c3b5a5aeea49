//! Whom services of this host have answered well, for a day: where others than this host ask, only failures of these clients
//! count. The history keeps them, so that a stranger is a stranger after a restart too.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use foldhash::fast::RandomState;
use netmon_common::Address;

use super::limits::OWN_CLIENTS;
use crate::model::OwnClient;
use crate::time::Time;

/// How long it is remembered that an own service has answered a client, and that a service has answered anybody.
pub(super) const REMEMBERED: Duration = Duration::from_hours(24);

/// The history hears of a client again when it was answered so much later: it is remembered so much shorter after a restart,
/// at most.
const NEWS: Duration = Duration::from_hours(1);

/// All of them, up to [`OWN_CLIENTS`].
#[derive(Debug, Default)]
pub(super) struct OwnClients {
    of: HashMap<(Address, Address), Until, RandomState>,
    /// Own addresses that have answered well; this host itself may be all that has asked them.
    servers: BTreeSet<Address>,
    /// Of which the history has not heard.
    news: Vec<OwnClient>,
    /// In which second it was last looked who can make room.
    looked_at: u64,
}

/// Until when a client is remembered.
#[derive(Clone, Copy, Debug, Default)]
struct Until {
    here: Time,
    /// As far as the history knows.
    in_history: Time,
}

impl OwnClients {
    /// The own address has answered the client well.
    pub fn note(&mut self, server: Address, client: Address, at: Time) {
        self.servers.insert(server);
        let until = at.after(REMEMBERED);
        let has_room = self.news.len() < OWN_CLIENTS;
        let Some(known) = self.place(server, client, at) else {
            return;
        };
        known.here = known.here.max(until);
        if has_room && until.since(known.in_history) >= NEWS {
            known.in_history = until;
            self.news.push(OwnClient {
                server,
                client,
                until,
            });
        }
    }

    /// The history knows of that client.
    pub fn recall(&mut self, recalled: OwnClient, now: Time) {
        if recalled.until <= now {
            return;
        }
        self.servers.insert(recalled.server);
        if let Some(known) = self.place(recalled.server, recalled.client, now) {
            known.here = known.here.max(recalled.until);
            known.in_history = known.in_history.max(recalled.until);
        }
    }

    fn place(&mut self, server: Address, client: Address, now: Time) -> Option<&mut Until> {
        if self.of.len() >= OWN_CLIENTS && !self.of.contains_key(&(server, client)) {
            // Looking at all of them takes its time.
            if self.looked_at == now.second() {
                return None;
            }
            self.looked_at = now.second();
            // Whoever was answered within the hour stays.
            self.of
                .retain(|_, until| until.here.since(now) + NEWS >= REMEMBERED);
            if self.of.len() >= OWN_CLIENTS {
                return None;
            }
        }
        Some(self.of.entry((server, client)).or_default())
    }

    /// Whether the own address has answered that client well within the day.
    pub fn is_known(&self, server: Address, client: Address, now: Time) -> bool {
        let known = self.of.get(&(server, client));
        known.is_some_and(|until| until.here >= now)
    }

    /// Whether the own address is known to have answered anybody well.
    pub fn serves(&self, server: Address) -> bool {
        self.servers.contains(&server)
    }

    /// Of whom the history must hear.
    pub fn take_news(&mut self) -> Vec<OwnClient> {
        std::mem::take(&mut self.news)
    }
}
