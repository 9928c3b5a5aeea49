//! Which server is one of this host's resolvers, how it stands with each, and what follows from that.

mod unused;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use netmon_common::{Address, Transport};

use super::Monitor;
use crate::clock;
use crate::detect::Decider;
use crate::model::{
    Event, Happened, Incident, OtherResolver, Resolver, ResolverState, Warning, WarningKind, WhichResolver,
};
use crate::outlets::board::{Board, RESOLVERS};
use crate::report::story::resolvers as in_words;
use crate::resolvers::{self, Resolvers};
use crate::time::Time;

use unused::Unused;

/// How long an answer says that a resolver is up.
const LATELY: Duration = Duration::from_mins(10);

/// What is known of this host's resolvers.
#[derive(Debug)]
pub(super) struct Mine {
    listed: Resolvers,
    /// In the order of the list.
    states: Vec<ResolverState>,
    /// The incidents that are open, as they were reported last.
    open: BTreeMap<String, Arc<Incident>>,
    unused: Unused,
    /// By the names of interfaces that are at the link of another one, that one's name.
    links: BTreeMap<String, String>,
    /// When netmon's own query showed of a resolver that nobody asks whether it answers.
    probed: BTreeMap<Which, (Time, bool)>,
    /// For `netmon status`.
    board: Board,
}

/// A resolver: its address, its port, and the name of its link where it has one.
type Which = (Address, u16, Option<String>);

impl Default for Mine {
    fn default() -> Self {
        Self {
            listed: Resolvers::default(),
            states: Vec::new(),
            open: BTreeMap::new(),
            unused: Unused::default(),
            links: BTreeMap::new(),
            probed: BTreeMap::new(),
            board: Board::new(RESOLVERS),
        }
    }
}

impl Mine {
    /// All of them, in order.
    pub fn resolvers(&self) -> impl Iterator<Item = &resolvers::Resolver> {
        self.listed.iter()
    }

    /// Their addresses.
    pub fn servers(&self) -> impl Iterator<Item = Address> {
        self.listed.iter().map(|one| one.server)
    }

    /// The incident with that id, if it is open, as it was reported last.
    pub fn open_incident(&self, id: &str) -> Option<&Arc<Incident>> {
        self.open.get(id)
    }

    /// An open incident was reported like this.
    pub fn keep_open(&mut self, incident: &Arc<Incident>) {
        self.open.insert(incident.id.clone(), Arc::clone(incident));
    }

    /// netmon's own query has shown whether a resolver answers that nobody else asks.
    pub fn probed(&mut self, resolver: Which, at: Time, is_up: bool) {
        self.probed.insert(resolver, (at, is_up));
    }

    /// With how it stands with each.
    pub fn shown(&self) -> Vec<Resolver> {
        let all = self.listed.iter().zip(&self.states);
        all.map(|(one, state)| Resolver {
            server: one.server,
            interface: one.interface.clone(),
            position: one.position,
            of: one.of,
            by: one.by.clone(),
            state: *state,
        })
        .collect()
    }

    /// These interfaces are at the links of those from now on.
    pub fn set_links<'a>(&mut self, names: impl Iterator<Item = (&'a str, &'a str)>) {
        let names = names.map(|(name, link)| (name.to_owned(), link.to_owned()));
        self.links = names.collect();
    }

    /// Whether the server of an incident is that resolver. Its file may know the link by another interface's name.
    fn is(&self, one: &resolvers::Resolver, incident: &Incident) -> bool {
        let named = one.interface.as_deref();
        let link = named.map(|name| self.links.get(name).map_or(name, String::as_str));
        let interface = incident.interface.as_deref();
        let interface = if link == interface { named } else { interface };
        one.is(incident.server, incident.port, interface)
    }

    /// The resolver that the server of an incident is, and its place; the first, where several lists name it.
    fn resolver_of(&self, incident: &Incident) -> Option<(usize, &resolvers::Resolver)> {
        let mut all = self.listed.iter().enumerate();
        all.find(|(_, one)| self.is(one, incident))
    }

    /// Which resolver the server of an incident is.
    fn which(&self, incident: &Incident) -> WhichResolver {
        let Some((place, one)) = self.resolver_of(incident) else {
            return WhichResolver {
                of: u32::try_from(self.states.len()).unwrap_or(u32::MAX),
                ..WhichResolver::default()
            };
        };
        let others = self.listed.list_of(place).filter(|(other, _)| *other != place);
        let others = others.filter_map(|(other, resolver)| {
            Some(OtherResolver {
                server: resolver.server,
                state: *self.states.get(other)?,
            })
        });
        WhichResolver {
            configured: true,
            position: Some(one.position),
            of: one.of,
            by: Some(one.by.clone()),
            others: others.collect(),
        }
    }

    /// Judges how it stands with each.
    pub fn judge(&mut self, decider: &Decider, now: Time) {
        let states = self.listed.iter().map(|one| self.state_of(one, decider, now));
        self.states = states.collect();
    }

    fn state_of(&self, one: &resolvers::Resolver, decider: &Decider, now: Time) -> ResolverState {
        let seen = decider.seen(one.server, one.port, one.interface.as_deref());
        let is_lately = |answered: Option<Time>| answered.is_some_and(|at| now.since(at) < LATELY);
        let mut open = self.open.values().filter(|incident| self.is(one, incident));
        let Some(first) = open.next() else {
            let probed = self.probed.get(&(one.server, one.port, one.interface.clone()));
            return match probed.filter(|(at, _)| is_lately(Some(*at))) {
                _ if is_lately(seen.answered) => ResolverState::Up,
                Some((_, true)) => ResolverState::Up,
                Some((_, false)) => ResolverState::Down,
                None => ResolverState::Unknown,
            };
        };
        // A resolver that answers over UDP serves, whatever is wrong with TCP.
        let is_down = |incident: &Incident| {
            incident.is_down() && (incident.transport == Transport::Udp || !is_lately(seen.answered_udp))
        };
        if is_down(first) || open.any(|incident| is_down(incident)) {
            ResolverState::Down
        } else {
            ResolverState::Degraded
        }
    }
}

impl Monitor<'_> {
    /// This host is configured to use these resolvers from now on.
    pub(super) fn resolvers_changed(&mut self, resolvers: &Resolvers) -> anyhow::Result<()> {
        let before = self.mine.shown();
        self.set_resolvers(resolvers);
        self.reserve()?;
        let message = format!(
            "the resolvers of this host are now {}; they were {}",
            in_words(&self.mine.shown()),
            in_words(&before)
        );
        self.emit(&Event::Warning(Warning::new(
            WarningKind::ResolversChanged,
            message,
        )));
        Ok(())
    }

    /// These are the resolvers of this host.
    pub(super) fn set_resolvers(&mut self, resolvers: &Resolvers) {
        self.mine.listed = resolvers.clone();
        self.decider.set_configured(resolvers.addresses());
        self.mine.judge(&self.decider, clock::boot_now());
    }

    /// Says of an incident that changes whose server it is, and which resolver.
    pub(super) fn mark(&mut self, happened: Happened, incident: &mut Incident) {
        self.config.names.mark_incident(incident);
        self.mark_askers(incident);
        self.mark_probe(happened, incident);
        let mine = &mut self.mine;
        if happened == Happened::Closed {
            mine.open.remove(&incident.id);
        } else {
            mine.open.insert(incident.id.clone(), Arc::new(incident.clone()));
        }
        mine.judge(&self.decider, clock::boot_now());
        incident.resolver = Some(Box::new(mine.which(incident)));
        match mine.open.get_mut(&incident.id) {
            Some(open) => Arc::make_mut(open).resolver.clone_from(&incident.resolver),
            None => mine.unused.closed(incident),
        }
    }

    /// Reports the incidents in which only the other resolvers have changed, and what is unused.
    pub(super) fn tell_resolvers(&mut self) {
        let now = clock::boot_now();
        self.mine.judge(&self.decider, now);
        let open: Vec<_> = self.mine.open.values().cloned().collect();
        for incident in open {
            let which = Some(Box::new(self.mine.which(&incident)));
            if which != incident.resolver {
                let incident = Arc::new(Incident {
                    resolver: which,
                    ..(*incident).clone()
                });
                self.mine.keep_open(&incident);
                self.emit(&Event::Incident(Happened::Updated, Arc::clone(&incident)));
                self.remember(&incident);
            }
        }
        let shown = self.mine.shown();
        if let Err(error) = self.mine.board.write(&shown) {
            tracing::debug!("`netmon status` cannot be shown the resolvers: {error}");
        }
        let asked = self.mine.listed.iter().map(|one| {
            let interface = one.interface.as_deref();
            self.decider.seen(one.server, one.port, interface).asked
        });
        let asked: Vec<Option<Time>> = asked.collect();
        for warning in self.mine.unused.look(&shown, &asked, now) {
            self.emit(&Event::Warning(warning));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::detect::{Scope, Thresholds};
    use crate::model::{Kind, Wall};
    use crate::resolvers::Files;

    #[test]
    fn an_incident_of_a_link_local_server_is_about_the_one_on_its_link() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("resolv.conf");
        std::fs::write(&file, "nameserver fe80::1%eth0\nnameserver fe80::1%eth1\n").unwrap();
        let mut mine = Mine {
            listed: Resolvers::read(&Files::of_this_host(file)),
            ..Mine::default()
        };
        let server: IpAddr = "fe80::1".parse().unwrap();
        let at = Wall(jiff::Timestamp::UNIX_EPOCH);
        let incident = Incident {
            interface: Some("eth1".to_owned()),
            ..Incident::opened("one", server.into(), Kind::Unreachable, at)
        };
        mine.open.insert(incident.id.clone(), Arc::new(incident.clone()));
        let decider = Decider::new(Thresholds::default(), Scope::default());
        mine.judge(&decider, Time::at_second(1));
        assert_eq!(mine.states, [ResolverState::Unknown, ResolverState::Down]);
        assert_eq!(mine.which(&incident).position, Some(2));
        // A device on another one, which stands for the link.
        let below = Incident {
            interface: Some("card".to_owned()),
            ..incident
        };
        assert_eq!(mine.which(&below).position, None);
        mine.set_links([("eth0", "card"), ("eth2", "card")].into_iter());
        assert_eq!(mine.which(&below).position, Some(1));
    }
}
