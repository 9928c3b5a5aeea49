//! Which incident explains another one: that of the servers that a stub of this host asks, the stub's.

use std::time::Duration;

use super::Decider;
use super::incident::Incident;
use crate::model::Kind;

/// How long before an incident began a stub's question says whom it asks: a query may have waited before it failed.
const BEFORE: Duration = Duration::from_secs(10);

impl Decider {
    /// Says of the incidents of a service of this host what explains them: all servers that it asks have one, too. That
    /// nothing listens there, nothing else explains.
    pub(super) fn explain(&mut self, place: usize) {
        let Some(server) = self.servers.at(place) else {
            return;
        };
        let service = server.facts.service;
        if !self.judged.is_here(service.server, service) {
            return;
        }
        for kind in [Kind::Unanswered, Kind::Failing] {
            let Some(server) = self.servers.get(service) else {
                return;
            };
            let Some(incident) = server.incidents.of(kind).filter(|incident| incident.is_open()) else {
                continue;
            };
            let root = self.root_of(incident);
            if let Some(server) = self.servers.get_mut(service)
                && let Some(incident) = server.incidents.open_mut(kind)
            {
                incident.set_because_of(root);
            }
        }
    }

    /// The id of the incident that explains this one: the first that opened.
    fn root_of(&self, incident: &Incident) -> Option<String> {
        let since = incident.began().before(BEFORE);
        let mut root: Option<&Incident> = None;
        let mut asks_nobody = true;
        for upstream in self.chain.upstreams(incident.service, since) {
            asks_nobody = false;
            let theirs = self.servers.get(upstream)?.incidents.all();
            // The stub may take some time to recover.
            let explains = theirs.filter(|one| one.is_open() || incident.is_because_of(one));
            let first = explains.min_by_key(|one| one.opened.time)?;
            if root.is_none_or(|known| first.opened.time < known.opened.time) {
                root = Some(first);
            }
        }
        if asks_nobody {
            // After a restart that is not known yet.
            return incident.because_of.clone();
        }
        let root = root?;
        let id = root.because_of.as_ref().unwrap_or(&root.id);
        (*id != incident.id).then(|| id.clone())
    }
}
