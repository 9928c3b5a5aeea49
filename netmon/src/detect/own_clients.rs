//! Whom services of this host have answered well, for a day: where others than this host ask, only failures of these clients
//! count. The history keeps them, so that a stranger is a stranger after a restart too.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::limits::OWN_CLIENTS;
use crate::bounded::Thinner;
use crate::model::{OwnClient, OwnService};
use crate::time::Time;
use foldhash::fast::RandomState;

/// How long it is remembered that an own service has answered a client, and that a service has answered anybody.
pub(super) const REMEMBERED: Duration = Duration::from_hours(24);

/// The history hears of a client again when it was answered so much later: it is remembered so much shorter after a restart,
/// at most.
const NEWS: Duration = Duration::from_hours(1);

/// All of them, up to [`OWN_CLIENTS`].
#[derive(Debug, Default)]
pub(super) struct OwnClients {
    of: HashMap<OwnClient, Until, RandomState>,
    /// Own services that have answered well; this host itself may be all that has asked them.
    services: BTreeSet<OwnService>,
    /// Of which the history has not heard, and until when they are remembered.
    news: Vec<(OwnClient, Time)>,
    thinner: Thinner,
}

/// Until when a client is remembered.
#[derive(Clone, Copy, Debug, Default)]
struct Until {
    here: Time,
    /// As far as the history knows.
    in_history: Time,
}

impl OwnClients {
    /// The service has answered the client well.
    pub fn note(&mut self, client: OwnClient, at: Time) {
        self.services.insert(client.service);
        let until = at.after(REMEMBERED);
        let has_room = self.news.len() < OWN_CLIENTS;
        let Some(known) = self.place(client, at) else {
            return;
        };
        known.here = known.here.max(until);
        if has_room && until.since(known.in_history) >= NEWS {
            known.in_history = until;
            self.news.push((client, until));
        }
    }

    /// The history knows of that client.
    pub fn recall(&mut self, client: OwnClient, until: Time, now: Time) {
        if until <= now {
            return;
        }
        self.services.insert(client.service);
        if let Some(known) = self.place(client, now) {
            known.here = known.here.max(until);
            known.in_history = known.in_history.max(until);
        }
    }

    fn place(&mut self, client: OwnClient, now: Time) -> Option<&mut Until> {
        // Whoever was answered within the hour.
        let stays = |until: &Until| until.here.since(now) + NEWS >= REMEMBERED;
        let has_room = self
            .thinner
            .has_room(&mut self.of, OWN_CLIENTS, &client, now.second(), stays);
        if !has_room {
            return None;
        }
        Some(self.of.entry(client).or_default())
    }

    /// Whether the service has answered that client well within the day.
    pub fn is_known(&self, client: OwnClient, now: Time) -> bool {
        self.of.get(&client).is_some_and(|until| until.here >= now)
    }

    /// Whether the service is known to have answered anybody well.
    pub fn serves(&self, service: OwnService) -> bool {
        self.services.contains(&service)
    }

    /// Of whom the history must hear, and until when they are remembered.
    pub fn take_news(&mut self) -> Vec<(OwnClient, Time)> {
        std::mem::take(&mut self.news)
    }
}
