//! The decider: from what was seen to incidents (docs/contract.md, section 3; docs/detection.md explains it).
//!
//! It is pure: it reads no clock, does no I/O, and the same observations give the same incidents, from a
//! capture or live. Time is data, and never goes back: an earlier stamp counts as the latest one seen.
//! `unreachable` opens at its packet, everything else is judged when a whole second has ended.
//!
//! A door calls [`Decider::advance`] with the time of each packet, then [`Decider::observe`] with what the
//! packet was. One that counts by second ([`What::Counts`]) hands over the counts of a second, stamped within
//! it, before anything of a later second: counts that come late are taken for the second that is running.
//!
//! Memory is bounded (see [`limits`]); what did not fit is counted in [`Tallies`].

mod causes;
mod change;
mod distinct;
mod errors;
mod incident;
mod kinds;
pub mod limits;
mod memory;
mod recent;
mod restore;
mod rules;
mod scope;
mod server;
mod setting;
mod severity;
mod table;
#[cfg(test)]
mod tests;
mod thresholds;
mod unsolicited;
mod waiting;
mod warnings;

use netmon_common::{Address, Transport};

use crate::model;
use crate::observation::{Failure, Observation, Proof, Service, What};
use crate::time::{Time, WallOffset};

use rules::Rules;
use scope::Judged;
use table::Table;
use unsolicited::Unsolicited;
use warnings::Warnings;

pub use change::{Change, Tallies};
pub use memory::{Memory, Remembered};
pub use scope::Scope;
pub use setting::{NAMES as THRESHOLD_NAMES, SettingError, ThresholdValue};
pub use thresholds::{ImpossibleThreshold, Thresholds};

/// Observations in, incidents out.
#[derive(Debug)]
pub struct Decider {
    rules: Rules,
    judged: Judged,
    servers: Table,
    /// Places of the servers with something to judge at the end of a second.
    awake: Vec<usize>,
    /// The latest time seen.
    now: Time,
    /// The last whole second that was judged.
    second: u64,
    changes: Vec<Change>,
    unsolicited: Unsolicited,
    not_served: u64,
    warnings: Warnings,
}

impl Decider {
    /// A decider that has seen nothing.
    pub fn new(thresholds: Thresholds, scope: Scope) -> Self {
        Self {
            rules: Rules {
                thresholds,
                origin: None,
                offset: WallOffset::NONE,
            },
            judged: Judged::new(scope),
            servers: Table::default(),
            awake: Vec::new(),
            now: Time::default(),
            second: 0,
            changes: Vec::new(),
            unsolicited: Unsolicited::default(),
            not_served: 0,
            warnings: Warnings::default(),
        }
    }

    /// This host's own addresses, as they are now (live), or those given with `--local`.
    pub fn set_local(&mut self, addresses: impl IntoIterator<Item = Address>) {
        self.judged.set_own(addresses);
        for server in self.servers.iter() {
            if server.last_answer.is_some() {
                self.judged.has_answered(server.service.server);
            }
        }
        self.judge_standings();
    }

    /// Own addresses that have answered something at an earlier time, according to the history.
    pub fn set_served(&mut self, addresses: impl IntoIterator<Item = Address>) {
        self.judged.had_answered(addresses);
        self.judge_standings();
    }

    /// Own addresses that have answered something, for the history.
    pub fn served(&self) -> impl Iterator<Item = Address> {
        self.judged.served()
    }

    /// Judges by these from now on. Incidents that are open stay so until these close them.
    pub fn set_thresholds(&mut self, thresholds: Thresholds) {
        self.rules.thresholds = thresholds;
    }

    /// Whose failures count from now on. Incidents that are open stay so until they close.
    pub fn set_scope(&mut self, scope: Scope) {
        self.judged.set_scope(scope);
        self.judge_standings();
    }

    fn judge_standings(&mut self) {
        for server in self.servers.iter_mut() {
            server.standing = self.judged.standing(server.service.server);
        }
    }

    /// What turns the observations' clock into wall time from now on, for ids and told times. Captures need none.
    pub fn set_offset(&mut self, offset: WallOffset) {
        self.rules.offset = offset;
    }

    /// Takes what was seen. Opens `unreachable` at once. The door has called [`Self::advance`] with this time.
    pub fn observe(&mut self, observation: &Observation) {
        self.start(observation.time);
        self.now = self.now.max(observation.time);
        match &observation.what {
            What::Failure(failure) => self.take_failure(observation.service, failure),
            what => self.take_packets(observation.service, what),
        }
    }

    /// Time has come to `now`: judges every whole second that has ended by then. `heard` tells whether any
    /// packet toward a client was ever seen.
    ///
    /// Costs next to nothing while the second has not ended.
    #[inline]
    pub fn advance(&mut self, now: Time, heard: &dyn Fn(Address) -> bool) {
        self.start(now);
        self.now = self.now.max(now);
        let second = self.now.second();
        if second > self.second {
            self.judge_until(second, heard);
        }
    }

    /// What changed since the last call, in order.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// Open incidents as they are now, in the order in which they opened.
    pub fn open_incidents(&self) -> Vec<model::Incident> {
        let mut incidents: Vec<model::Incident> = self
            .servers
            .iter()
            .flat_map(|server| {
                let open = server.incidents.all_open();
                open.map(|incident| incident.show(&server.ledger, &self.rules))
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
            not_served: self.not_served,
            servers: self.servers.len() as u64,
            servers_dropped: self.servers.dropped(),
        }
    }

    /// DNS unreachables about that destination that quote no query that was seen.
    pub fn unsolicited_of(&self, destination: Address) -> u64 {
        self.unsolicited.of(destination)
    }

    /// Warnings so far, each once: `one_direction`, `queries_unseen`.
    pub fn warnings(&self) -> Vec<model::Warning> {
        self.warnings.all()
    }

    fn start(&mut self, at: Time) {
        if self.rules.origin.is_none() {
            let second = at.second();
            // Judging begins when the first second ends; full minutes when the first full second begins.
            self.second = second;
            self.rules.origin = Some(second + u64::from(at > Time::at_second(second)));
        }
    }

    fn judge_until(&mut self, second: u64, heard: &dyn Fn(Address) -> bool) {
        while self.second < second && !self.awake.is_empty() {
            self.second += 1;
            self.judge(Time::at_second(self.second), heard);
        }
        // Nobody is awake: nothing can change before the next observation.
        self.second = second;
    }

    fn judge(&mut self, at: Time, heard: &dyn Fn(Address) -> bool) {
        let Self {
            rules,
            servers,
            awake,
            changes,
            warnings,
            ..
        } = self;
        awake.retain(|&place| {
            let Some(server) = servers.at(place) else {
                return false;
            };
            if server.judge(at, rules, heard, changes) {
                warnings.one_direction(server.service);
            }
            server.awake = server.needs_judging();
            server.awake
        });
    }

    fn take_packets(&mut self, service: Service, what: &What) {
        let at = self.now;
        if let What::Counts(counts) = what
            && counts.failures.iter().any(|count| *count > 0)
            && !self.judged.standing(service.server).counts
        {
            self.not_served += counts.failures.iter().sum::<u64>();
        }
        let kin = match what {
            What::Query(query) if query.recursion_desired.is_none() => self.kin(service),
            _ => None,
        };
        let judged = &self.judged;
        let standing = || (!service.server.is_never_a_server()).then(|| judged.standing(service.server));
        let Some((place, server)) = self.servers.track(service, at, standing) else {
            return;
        };
        let had_answered = server.last_answer.is_some();
        match what {
            What::Query(query) => server.query(at, query, kin, &self.rules),
            What::Answer(answer) => server.answer(at, answer, &self.rules),
            What::Counts(counts) => server.counts(at, counts, &self.rules),
            What::Failure(_) => {}
        }
        if !server.awake && server.needs_judging() {
            server.awake = true;
            self.awake.push(place);
        }
        if !had_answered && server.last_answer.is_some() && self.judged.has_answered(service.server) {
            self.judge_standings();
        }
    }

    fn take_failure(&mut self, service: Service, failure: &Failure) {
        let at = self.now;
        let server = service.server;
        if failure.proof == Proof::None {
            self.unsolicited.note(server);
        }
        let standing = self.judged.standing(server);
        if !standing.counts {
            self.not_served += 1;
            return;
        }
        if failure.proof == Proof::None {
            if let Some(server) = self.servers.get_mut(service) {
                server.count_error(at, failure.code, false);
            }
            return;
        }
        let kin = match failure.recursion_desired {
            None => self.kin(service),
            Some(_) => None,
        };
        let standing = || (!server.is_never_a_server()).then_some(standing);
        let Some((place, server)) = self.servers.track(service, at, standing) else {
            return;
        };
        server.failure(at, failure, kin, &self.rules, &mut self.changes);
        if failure.proof == Proof::QueriesUnseen && server.incidents.is_open(model::Kind::Unreachable) {
            self.warnings.queries_unseen(service);
        }
        if !server.awake && server.needs_judging() {
            server.awake = true;
            self.awake.push(place);
        }
    }

    /// What is known of the same server over UDP, where RD of a TCP packet (a SYN) cannot be known.
    fn kin(&self, service: Service) -> Option<bool> {
        let udp = Service {
            transport: Transport::Udp,
            ..service
        };
        self.servers.get(udp)?.recursion.presumed(self.now.second())
    }
}
