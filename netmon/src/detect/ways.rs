//! Where an answer would be seen, as this host's network changes; and what is said of that, and of other limits.

use netmon_common::Address;

use super::Decider;
use crate::model;
use crate::observation::Service;
use crate::time::Time;

/// Knows to which clients an answer would be seen, beside what the decider sees itself.
pub trait Hears {
    /// Whether an answer to that client would be seen.
    fn hears(&self, client: Address) -> bool;

    /// Silence toward that client is not judged, because it does not hear it.
    fn missed(&self, _client: Address) {}
}

impl<F: Fn(Address) -> bool> Hears for F {
    fn hears(&self, client: Address) -> bool {
        self(client)
    }
}

impl Decider {
    /// Packets may take another way from now on: interfaces or routes have changed. That a service answered before says
    /// no more that its answers would be seen.
    pub fn ways_changed(&mut self) {
        self.heard.clear();
        for server in self.servers.iter_mut() {
            server.facts.answers_are_seen = false;
        }
    }

    /// Services that wait for answers in vain and would be judged by those of before that moment, which is the last one at which
    /// this host's routes changed.
    pub fn silent_since(&self, changed: Time) -> Vec<Service> {
        let silent = self.servers.iter().map(|server| &server.facts).filter(|facts| {
            let is_waiting = facts.silence.first().is_some() && facts.answers_are_seen;
            is_waiting && facts.last_answer_seen.is_none_or(|answer| answer <= changed)
        });
        silent.map(|facts| facts.service).collect()
    }

    /// The same for one service: this host's route to it has changed since it answered.
    pub fn way_changed(&mut self, service: Service) {
        if let Some(server) = self.servers.get_mut(service) {
            server.facts.answers_are_seen = false;
        }
    }

    /// Has silence that could not be judged be judged at the end of this second, if an answer would be seen by now. Looked at where
    /// time goes on to another second.
    pub(super) fn look_at_unjudged(&mut self, now: Time, heard: &dyn Hears) {
        if self.unjudged.is_empty() || now.second() <= self.now.second() {
            return;
        }
        let (at, lately) = (self.now, self.rules.thresholds.answers_seen);
        let Self {
            unjudged,
            servers,
            heard: answered,
            ..
        } = self;
        let mut seen = Vec::new();
        unjudged.retain(|place| {
            let facts = servers.at(*place).map(|server| &server.facts);
            let Some(facts) = facts.filter(|facts| facts.silence.first().is_some()) else {
                return false;
            };
            let would_be_seen =
                |client| answered.by_another(client, facts.service, at, lately) || heard.hears(client);
            let is_seen = facts.silence.all_clients().any(would_be_seen);
            if is_seen {
                seen.push(*place);
            }
            !is_seen
        });
        for place in seen {
            self.plan_at(place, Some(at.second() + 1));
        }
    }

    /// The warnings that came up since the last call, in order; of what goes on, also that it is over.
    pub fn take_warnings(&mut self) -> Vec<model::Warning> {
        let (now, servers, suspects) = (self.now, &self.servers, &self.suspects);
        let is_anything_unwatched = self.warnings.is_anything_unwatched();
        let is_unjudged = |service| {
            let silent = servers.get(service).filter(|server| {
                let facts = &server.facts;
                facts.silence.first().is_some() && !facts.answers_are_seen
            });
            is_anything_unwatched && silent.is_some_and(|server| server.incidents.are_none())
        };
        let scans = |client| suspects.goes_on(client, now, &self.rules.thresholds);
        self.warnings.review(is_unjudged, scans);
        self.warnings.take()
    }
}
