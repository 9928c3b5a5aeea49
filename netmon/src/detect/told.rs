//! What the decider is told of this host, of its history and of its settings, at the start and as they change.

use std::collections::{BTreeMap, BTreeSet};

use netmon_common::Address;

use super::Decider;
use super::scope::Scope;
use super::thresholds::Thresholds;
use crate::model;
use crate::time::{Time, WallOffset};

impl Decider {
    /// This host's own addresses: those given with `--local`.
    pub fn set_local(&mut self, addresses: impl IntoIterator<Item = Address>) {
        self.set_own(addresses, false);
    }

    /// This host's own addresses, as they are now: these, link-local ones as keys of their links ([`Address::on_link`]), and all
    /// loopback addresses.
    pub fn set_local_live(&mut self, addresses: impl IntoIterator<Item = Address>) {
        self.rules.samples_answers = true;
        self.set_own(addresses, true);
    }

    /// The resolvers that this host is configured to use, as they are now.
    pub fn set_configured(&mut self, servers: BTreeSet<Address>) {
        self.judged.set_configured(servers);
        self.judge_standings();
    }

    /// The service addresses that this host is known to translate, as they are now.
    pub fn set_translated(&mut self, services: BTreeSet<Address>) {
        self.judged.set_translated(services);
    }

    fn set_own(&mut self, addresses: impl IntoIterator<Item = Address>, live: bool) {
        self.judged.set_own(addresses, live);
        for server in self.servers.iter() {
            if server.facts.last_good.is_some() {
                self.judged.has_answered(server.facts.service);
            }
        }
        self.judge_standings();
    }

    /// A client that an own service has answered well in an earlier run, according to the history, which remembers it until then.
    pub fn recall_own_client(&mut self, client: model::OwnClient, until: Time, now: Time) {
        self.judged.clients.recall(client, until, now);
    }

    /// Clients that own services have answered well, of which the history has not heard, and until when they are remembered.
    pub fn take_own_clients(&mut self) -> Vec<(model::OwnClient, Time)> {
        self.judged.clients.take_news()
    }

    /// Judges by these from now on. Incidents that are open stay so until these close them.
    pub fn set_thresholds(&mut self, thresholds: Thresholds) {
        self.rules.thresholds = thresholds;
        self.judge_all_next();
    }

    /// Whose failures count from now on. Incidents that are open stay so until they close.
    pub fn set_scope(&mut self, scope: Scope) {
        self.judged.set_scope(scope);
        self.judge_standings();
    }

    fn judge_standings(&mut self) {
        self.crowd.forget();
        for server in self.servers.iter_mut() {
            let standing = self.judged.standing(server.facts.service);
            if server.facts.standing != standing {
                server.facts.standing = standing;
                // Whose queries count has changed.
                server.facts.silence.end(self.now, 0);
            }
        }
    }

    /// What turns the observations' clock into wall time from now on, for ids and reported times. Captures need none.
    pub fn set_offset(&mut self, offset: WallOffset) {
        self.rules.offset = offset;
    }

    /// The names of the interfaces by which packets can come unseen, as they are now.
    pub fn set_unwatched(&mut self, names: Vec<String>) {
        self.warnings.set_unwatched(names);
    }

    /// The names of this host's interfaces, by index, as they are now.
    pub fn set_interfaces(&mut self, names: BTreeMap<u32, String>) {
        self.rules.interfaces = names;
    }

    /// The interface that stands for the link of each, by which link-local servers are told apart, where that is another one; as they
    /// are now.
    pub fn set_links(&mut self, links: BTreeMap<u32, u32>) {
        self.rules.links = links;
    }
}
