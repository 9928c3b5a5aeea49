//! What netmon's own queries say (`--probe`): of incidents that have opened, and of resolvers that nobody asks.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use netmon_common::Transport;

use super::Monitor;
use crate::model::{Event, Happened, Incident, Kind, Probe, ProbeOutcome, Wall};
use crate::observation::Service;
use crate::probe::{Errand, Prober, Reply};
use crate::time::Time;

/// How long nobody asks a resolver until netmon does, and how long until it does again.
const UNASKED: Duration = Duration::from_mins(5);

/// What is known by netmon's own queries.
#[derive(Debug)]
pub(super) struct Probing {
    prober: Prober,
    /// Since when it is known who asks.
    since: Time,
    /// The incidents that are open.
    incidents: BTreeMap<String, Probe>,
    /// When each resolver was asked.
    asked: BTreeMap<Service, Time>,
}

impl Probing {
    /// By that thread.
    pub const fn new(prober: Prober, since: Time) -> Self {
        Self {
            prober,
            since,
            incidents: BTreeMap::new(),
            asked: BTreeMap::new(),
        }
    }

    /// Whether a resolver is to be asked that was last asked by others then.
    fn is_due(&self, resolver: Service, asked: Option<Time>, now: Time) -> bool {
        is_due(
            self.asked.get(&resolver).copied(),
            asked.unwrap_or(self.since),
            now,
        )
    }
}

/// Whether a resolver is to be asked.
fn is_due(by_netmon: Option<Time>, by_others: Time, now: Time) -> bool {
    let is_lately = |at: Time| now.since(at) < UNASKED;
    !is_lately(by_others) && !by_netmon.is_some_and(is_lately)
}

impl Monitor<'_> {
    /// Waits until a server has replied.
    pub(super) async fn probed(&self) {
        match &self.probing {
            Some(probing) => probing.prober.replied().await,
            None => std::future::pending().await,
        }
    }

    /// Has the server of an incident asked that has opened.
    pub(super) fn probe(&self, happened: Happened, incident: &Incident) {
        let Some(probing) = self.probing.as_ref().filter(|_| happened == Happened::Opened) else {
            return;
        };
        probing.prober.ask(Errand {
            incident: Some(incident.id.clone()),
            service: self.decider.service_of(incident),
            name: incident.names.first().cloned(),
        });
    }

    /// Says of an incident what netmon's own queries came to.
    pub(super) fn mark_probe(&mut self, happened: Happened, incident: &mut Incident) {
        let Some(probing) = &mut self.probing else {
            return;
        };
        incident.probe = probing.incidents.get(&incident.id).copied();
        if happened == Happened::Closed {
            probing.incidents.remove(&incident.id);
        }
    }

    /// Goes on with what an earlier run has found out.
    pub(super) fn recall_probe(&mut self, incident: &Incident) {
        if let (Some(probing), Some(probe)) = (&mut self.probing, incident.probe) {
            probing.incidents.insert(incident.id.clone(), probe);
        }
    }

    /// Has the resolvers asked that nobody asks.
    pub(super) fn probe_resolvers(&mut self, now: Time) {
        let Some(probing) = &mut self.probing else {
            return;
        };
        for resolver in self.mine.resolvers() {
            let interface = resolver.interface.as_deref();
            let service = Service {
                server: resolver.server,
                port: resolver.port,
                transport: Transport::Udp,
                interface: self.ways.index_of(interface),
            };
            let asked = self.decider.seen(resolver.server, resolver.port, interface).asked;
            if probing.is_due(service, asked, now) {
                let errand = Errand {
                    incident: None,
                    service,
                    name: None,
                };
                if probing.prober.ask(errand) {
                    probing.asked.insert(service, now);
                }
            }
        }
    }

    /// Takes what servers have replied.
    pub(super) fn take_replies(&mut self) {
        let replies = self.probing.iter().flat_map(|probing| probing.prober.replies());
        let replies: Vec<Reply> = replies.collect();
        for reply in replies {
            if let Some(id) = &reply.errand.incident {
                self.incident_probed(id, &reply);
            } else {
                let is_up = !matches!(reply.udp, ProbeOutcome::Error | ProbeOutcome::Silent);
                let Service {
                    server,
                    port,
                    interface,
                    ..
                } = reply.errand.service;
                let interface = self.ways.names.get(&interface).cloned();
                self.mine.probed((server, port, interface), reply.at, is_up);
            }
        }
    }

    fn incident_probed(&mut self, id: &str, reply: &Reply) {
        let at = Wall(self.offset.wall(reply.at));
        let Some(mut incident) = self.mine.open_incident(id).map(|open| (**open).clone()) else {
            return;
        };
        let probe = Probe::of(
            at,
            reply.udp,
            reply.tcp,
            incident.transport,
            incident.kind == Kind::Failing,
        );
        if let Some(probing) = &mut self.probing {
            probing.incidents.insert(id.to_owned(), probe);
        }
        incident.probe = Some(probe);
        let incident = Arc::new(incident);
        self.mine.keep_open(&incident);
        self.emit(&Event::Incident(Happened::Updated, Arc::clone(&incident)));
        self.remember(&incident);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_is_asked_when_nobody_did_for_five_minutes_and_then_every_five_minutes() {
        let at = |minutes: u64| Time::at_second(minutes * 60);
        assert!(!is_due(None, at(0), at(4)));
        assert!(is_due(None, at(0), at(5)));
        assert!(!is_due(Some(at(5)), at(0), at(9)));
        assert!(is_due(Some(at(5)), at(0), at(10)));
        assert!(!is_due(Some(at(5)), at(8), at(12)), "others ask it");
    }
}
