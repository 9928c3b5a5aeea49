//! The decider: from what was seen to incidents (contract, section 3; docs/detection.md explains it).
//!
//! It is pure: it reads no clock, does no I/O, and the same observations give the same incidents, from a
//! capture or live. Time is data, and never goes back: the doors of captures take an earlier stamp for the latest one seen. Live,
//! a query may be told after a later reading of the counts: it lies where it was sent.
//! `unreachable` opens at its packet, everything else is judged when a whole second has ended.
//!
//! A door calls [`Decider::advance`] with the time of each packet, then [`Decider::observe`] with what came of it.
//! Verdicts rest on exchanges ([`crate::observation`]), never on counts of packets.
//!
//! Files import one way: facts of a service ([`facts`], with what it is made of) <- [`incident`] <- [`kinds`] and [`causes`],
//! which read and decide <- [`service`], which changes <- this file.
//! Memory is bounded (see [`limits`]); what did not fit is counted in [`Tallies`].

mod agenda;
mod by_destination;
mod causes;
mod chain;
mod change;
mod clients;
mod crowd;
mod decided;
mod distinct;
mod errors;
mod explain;
mod facts;
mod failover;
mod faults;
mod flow;
mod heard;
mod incident;
mod incidents;
mod kinds;
mod ledger;
pub mod limits;
mod lookups;
mod minutes;
mod overload;
mod own_clients;
mod plan;
mod prefix;
mod recent;
mod restore;
mod rules;
mod scope;
mod seen;
mod service;
mod setting;
mod severity;
mod show;
mod silence;
mod span;
mod suspects;
mod table;
mod take;
#[cfg(test)]
mod tests;
mod thresholds;
mod told;
mod untold;
mod waiting;
mod warnings;
mod ways;

use std::collections::{BTreeMap, BTreeSet};

use netmon_common::Address;

use crate::model;
use crate::observation::{Observation, Service, What, Why};
use crate::time::{Time, WallOffset};

use agenda::{Agenda, Task};
use chain::Chain;
use crowd::Crowd;
use heard::HeardClients;
use lookups::Lookups;
use rules::Rules;
use scope::Judged;
use service::{Outcome, Tracked};
use suspects::Suspects;
use table::Table;
use take::{serves, suspect};
use warnings::Warnings;

pub use by_destination::ByDestination;
pub use causes::doubt;
pub use change::{Change, Tallies};
pub use prefix::Prefix;
pub use scope::Scope;
pub use seen::Seen;
pub use setting::{SettingError, ThresholdValue};
pub use thresholds::{ImpossibleThreshold, NAMES as THRESHOLD_NAMES, Thresholds};
pub use ways::Hears;

/// Observations in, incidents out.
#[derive(Debug)]
pub struct Decider {
    rules: Rules,
    judged: Judged,
    servers: Table,
    agenda: Agenda,
    /// The latest time seen.
    now: Time,
    changes: Vec<Change>,
    suspects: Suspects,
    crowd: Crowd,
    heard: HeardClients,
    /// The places of services whose silence is not judged, because an answer would not be seen.
    unjudged: BTreeSet<usize>,
    lookups: Lookups,
    chain: Chain,
    unsolicited: ByDestination,
    not_served: ByDestination,
    warnings: Warnings,
}

/// What comes of one observation beside the changes.
#[derive(Default)]
struct After {
    opened: bool,
    scanned: Vec<Service>,
    scanner: Option<Address>,
}

impl Decider {
    /// A decider that has seen nothing.
    pub fn new(thresholds: Thresholds, scope: Scope) -> Self {
        Self {
            rules: Rules {
                thresholds,
                origin: None,
                offset: WallOffset::NONE,
                interfaces: BTreeMap::new(),
                links: BTreeMap::new(),
                samples_answers: false,
                untold: untold::Untold::default(),
            },
            judged: Judged::new(scope),
            servers: Table::default(),
            agenda: Agenda::default(),
            now: Time::default(),
            changes: Vec::new(),
            suspects: Suspects::default(),
            crowd: Crowd::default(),
            heard: HeardClients::default(),
            unjudged: BTreeSet::new(),
            lookups: Lookups::default(),
            chain: Chain::default(),
            unsolicited: ByDestination::default(),
            not_served: ByDestination::default(),
            warnings: Warnings::default(),
        }
    }

    /// Takes what was seen. Opens `unreachable` at once. The door has called [`Self::advance`] with this time.
    pub fn observe(&mut self, observation: &Observation) {
        self.start(observation.time);
        self.now = self.now.max(observation.time);
        let service = observation.service;
        if service.server.is_never_a_server() {
            if matches!(&observation.what, What::Unverified(error) if error.why == Why::Unsolicited) {
                self.unsolicited.note(service.server);
            }
            return;
        }
        let after = match &observation.what {
            What::Seconds(seconds) => self.take_seconds(service, seconds),
            What::Asked(asked) => self.take_asked(service, observation.time, asked),
            What::Connected(connected) => self.take_connected(service, connected),
            What::Answered(answered) => self.take_answered(service, answered),
            What::Said(answered) => self.take_said(service, answered),
            What::Failed(failed) => self.take_failed(service, failed),
            What::Unverified(error) => self.take_unverified(service, error),
            What::MoreErrors(errors) => self.take_more_errors(service, observation.time, errors),
        };
        if let Some(after) = after {
            self.settle(service, after);
        }
    }

    /// Time has come to `now`: judges every whole second that has ended by then. `heard` says whether an answer to that
    /// client would be seen, as far as the door knows.
    ///
    /// Costs next to nothing while there is nothing to do.
    #[inline]
    pub fn advance(&mut self, now: Time, heard: &dyn Hears) {
        self.start(now);
        self.look_at_unjudged(now, heard);
        self.now = self.now.max(now);
        self.look_for_room();
        while let Some(task) = self.agenda.take(self.now) {
            match task {
                Task::Judge { second, place } => self.judge(second, place, heard),
                Task::Report { at, place } => self.report(at, place),
            }
        }
    }

    /// When [`Self::advance`] has something to report although nothing happens, within the running second.
    pub fn next_report(&self) -> Option<Time> {
        self.agenda.next_report()
    }

    /// What changed since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// The servers with an open incident.
    pub fn troubled(&self) -> impl Iterator<Item = Address> {
        let servers = self.servers.iter();
        let troubled = servers.filter(|server| server.incidents.all_open().next().is_some());
        troubled.map(|server| server.facts.service.server)
    }

    /// Open incidents as they are now, in the order in which they opened.
    pub fn open_incidents(&self) -> Vec<model::Incident> {
        let mut incidents: Vec<model::Incident> = self
            .servers
            .iter()
            .flat_map(|server| {
                let open = server.incidents.all_open();
                open.map(|incident| show::show(incident, &server.facts.ledger, &self.rules))
            })
            .collect();
        incidents.sort_by(|a, b| (a.opened, &a.id).cmp(&(b.opened, &b.id)));
        incidents
    }

    /// Subsets that only the decider knows, and what it dropped to stay bounded.
    pub fn tallies(&self) -> Tallies {
        Tallies {
            unsolicited: self.unsolicited.total(),
            unsolicited_elsewhere: self.unsolicited.elsewhere(),
            not_served: self.not_served.total(),
            servers: self.servers.len() as u64,
            servers_dropped: self.servers.dropped(),
        }
    }

    /// DNS unreachables about that destination that quote no query that was seen.
    pub fn unsolicited_of(&self, destination: Address) -> u64 {
        self.unsolicited.of(destination)
    }

    /// DNS unreachables about own addresses where nothing has served their client.
    pub const fn not_served(&self) -> &ByDestination {
        &self.not_served
    }

    fn start(&mut self, at: Time) {
        if self.rules.origin.is_none() {
            // Full minutes begin when the first full second does.
            self.rules.origin = Some(at.ceil_second());
        }
    }

    /// The service, which is tracked from now on, and its place.
    fn track(&mut self, service: Service) -> Option<(usize, &mut Tracked)> {
        let judged = &self.judged;
        let standing = || Some(judged.standing(service));
        self.servers.track(service, self.now, standing)
    }

    fn judge(&mut self, second: u64, place: usize, heard: &dyn Hears) {
        let at = Time::at_second(second);
        self.explain(place);
        let Some(service) = self.servers.at(place).map(|server| server.facts.service) else {
            return;
        };
        let (seat, has_room) = self.seat(service);
        let Self {
            rules,
            servers,
            changes,
            suspects,
            warnings,
            heard: answered,
            unjudged,
            ..
        } = self;
        let Some(server) = servers.at(place) else { return };
        if server.due != Some(second) {
            // It was planned for another second, or has made room for another service.
            return;
        }
        server.due = None;
        let mut after = After::default();
        server.facts.take_back(at, rules);
        let lately = rules.thresholds.answers_seen;
        let is_seen = server.facts.answers_are_seen && !warnings.are_of_a_capture();
        let is_heard =
            |client| is_seen || answered.by_another(client, service, at, lately) || heard.hears(client);
        let would_be_seen = |client| {
            let is_heard = is_heard(client);
            if !is_heard {
                heard.missed(client);
            }
            is_heard
        };
        if server.facts.silence.first().is_some() && !serves(server, at) {
            let window = rules.unanswered_window();
            // Where an answer would not be seen, silence says nothing, of its client neither.
            let silent = server.facts.silence.clients_within(second, window);
            let silent: Vec<Address> = silent.filter(|client| is_heard(*client)).collect();
            let mut all_scan = !silent.is_empty();
            for client in silent {
                all_scan &= suspect(suspects, warnings, server, client, at, rules, &mut after);
            }
            if all_scan {
                server.facts.silence.end(at, 0);
            }
        }
        let mut outcome = Outcome::new(changes, has_room);
        if server.judge(at, rules, &would_be_seen, &mut outcome) {
            warnings.one_direction(service, at);
            unjudged.insert(place);
        }
        let Outcome { opened, refused, .. } = outcome;
        let due = server.next_due(second, rules);
        if opened {
            self.agenda.report(at.after(rules.thresholds.settle), place);
        }
        self.seated(seat, opened, refused);
        self.plan_at(place, due);
        self.close_scanned(at, after);
    }
}
