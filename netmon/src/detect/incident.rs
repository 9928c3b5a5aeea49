//! One incident, from opening to closing and reopening: what is known of it, and how it is told.

mod restore;

use std::ops::RangeBounds;

use jiff::Timestamp;
use netmon_common::{Address, Code};

use crate::model::{self, ByCode, CloseReason, Kind, State, Wall};
use crate::observation::{Failure, Name, Service};
use crate::time::{Time, WallOffset, rfc3339};

use super::causes;
use super::causes::overload::Overload;
use super::distinct::Distinct;
use super::errors::{CodeCounts, EarlyErrors, Failures};
use super::rules::Rules;
use super::server::{Flow, Ledger};
use super::severity::SeverityJudge;
use super::waiting::Waiting;

pub(super) use restore::service_of;

/// A moment with the wall time that it had then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// On the observations' clock.
    pub time: Time,
    wall: Timestamp,
}

impl Moment {
    fn new(time: Time, offset: WallOffset) -> Self {
        Self {
            time,
            wall: offset.wall(time),
        }
    }
}

/// What was heard of the server while the incident is known.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// When the newest query was sent to which a client of the incident got an answer.
    pub query_of_named: Option<Time>,
    /// The same of clients that had no failure.
    pub query_of_others: Option<Time>,
    /// Whether any answer came since the incident opened.
    pub any: bool,
}

/// One incident.
#[derive(Debug)]
pub(super) struct Incident {
    pub kind: Kind,
    pub service: Service,
    id: String,
    began: Moment,
    opened: Moment,
    last_seen: Option<Moment>,
    /// When it opened last: first, or again.
    pub resumed: Time,
    closed: Option<(Moment, CloseReason)>,
    reopened: u64,
    severity: SeverityJudge,
    /// What was counted from `began` on, in the seconds before `settled_to`.
    settled: Flow,
    settled_to: u64,
    counts: CodeCounts,
    verified: u64,
    reporters: Distinct<Address>,
    clients: Distinct<Address>,
    names: Distinct<Name>,
    /// The errors that are its failures.
    pub failures: Failures,
    /// Its failures that are queries without an answer.
    pub silent: u64,
    /// Clients and names of queries that are not old enough to have failed.
    waiting: Waiting,
    pub heard: Heard,
    pub overload: Option<Overload>,
    /// Whether something that is told, other than counts of packets, changed since it was told last.
    changed: bool,
    told: Flow,
}

impl Incident {
    /// One that opens at `at`; the first query that failed was sent when it `began`.
    pub fn new(kind: Kind, service: Service, began: Time, at: Time, offset: WallOffset) -> Self {
        let opened = Moment::new(at, offset);
        let Service {
            server,
            port,
            transport,
        } = service;
        Self {
            kind,
            service,
            id: format!(
                "{}-{}-{server}-{port}-{}",
                rfc3339(opened.wall),
                kind.name(),
                transport.name()
            ),
            began: Moment::new(began, offset),
            opened,
            last_seen: None,
            resumed: at,
            closed: None,
            reopened: 0,
            severity: SeverityJudge::opening(),
            settled: Flow::default(),
            settled_to: 0,
            counts: CodeCounts::default(),
            verified: 0,
            reporters: Distinct::default(),
            clients: Distinct::default(),
            names: Distinct::default(),
            failures: Failures::default(),
            silent: 0,
            waiting: Waiting::default(),
            heard: Heard::default(),
            overload: None,
            changed: false,
            told: Flow::default(),
        }
    }

    pub const fn began(&self) -> Time {
        self.began.time
    }

    /// When the newest failure was.
    pub const fn newest_failure(&self) -> Option<Time> {
        self.severity.newest_failure()
    }

    pub const fn is_open(&self) -> bool {
        self.closed.is_none()
    }

    /// Whether a failure at `at` belongs to it although it is closed.
    pub fn may_reopen(&self, at: Time, rules: &Rules) -> bool {
        self.closed
            .is_some_and(|(closed, _)| at.since(closed.time) <= rules.thresholds.reopen)
    }

    /// It opens again.
    pub fn reopen(&mut self, at: Time) {
        self.closed = None;
        self.reopened += 1;
        self.resumed = at;
        self.severity.reopen();
        self.heard = Heard::default();
    }

    /// It closes.
    pub fn close(&mut self, at: Time, because: CloseReason, offset: WallOffset) {
        self.closed = Some((Moment::new(at, offset), because));
        self.waiting.clear();
    }

    /// Takes a failure of that moment; the last answer before it came at `answer`.
    pub fn fail(&mut self, at: Time, answer: Option<Time>, rules: &Rules) {
        self.last_seen = Some(Moment::new(at, rules.offset));
        self.changed = true;
        self.severity.fail(at, answer, &rules.thresholds);
    }

    /// An answer came.
    pub fn hear(&mut self, rules: &Rules) {
        self.heard.any = true;
        self.changed |= self.severity.hear(&rules.thresholds);
    }

    /// Moves its beginning back, to a query that failed earlier.
    pub fn begin_earlier(&mut self, began: Time, ledger: &Ledger, errors: &EarlyErrors, offset: WallOffset) {
        self.count_early_errors(errors, began..self.began.time);
        self.began = Moment::new(began, offset);
        self.changed = true;
        // Of seconds that the ledger has forgotten, what was counted before stands.
        let recounted = ledger.flow(began, began.second(), self.settled_to);
        if recounted.queries >= self.settled.queries && recounted.answers >= self.settled.answers {
            self.settled = recounted;
        }
    }

    /// Takes into account all that was counted before the whole second `second`.
    pub fn settle(&mut self, ledger: &Ledger, second: u64) {
        self.settled += ledger.flow(self.began.time, self.settled_to, second);
        self.settled_to = second;
    }

    /// What was counted from its beginning on.
    pub fn flow(&self, ledger: &Ledger) -> Flow {
        let mut flow = self.settled;
        flow += ledger.flow_now(self.began.time, self.settled_to);
        flow
    }

    /// Takes DNS unreachables, whatever they are worth; so many of them are verified.
    pub fn count_errors(&mut self, code: Code, count: u64, verified: u64) {
        self.counts.add(code, count);
        self.verified += verified;
        self.changed = true;
    }

    /// Takes the errors of a time before it opened.
    pub fn count_early_errors(&mut self, errors: &EarlyErrors, time: impl RangeBounds<Time>) {
        errors.count(time, &mut self.counts, &mut self.verified);
    }

    /// Takes an error that is one of its failures.
    pub fn note_failure(&mut self, at: Time, failure: &Failure, rules: &Rules) {
        self.failures
            .note(at, self.service.server, failure, &rules.thresholds);
        self.reporters.note(&failure.reporter);
        self.note(Some(&failure.client), failure.name.as_ref());
    }

    /// Takes whom it hit, and for what name.
    pub fn note(&mut self, client: Option<&Address>, name: Option<&Name>) {
        self.changed |= client.is_some_and(|client| self.clients.note(client));
        self.changed |= name.is_some_and(|name| self.names.note(name));
    }

    /// Takes whom it will have hit, and for what name, if the server stays silent.
    pub fn wait(&mut self, since: Time, client: Option<&Address>, name: Option<&Name>) {
        let client = client.filter(|client| !self.clients.may_have(client));
        let name = name.filter(|name| !self.names.may_have(name));
        self.waiting.add(since, client, name);
    }

    /// The server was silent: those that waited since `by` or longer were hit.
    pub fn waited(&mut self, by: Time) {
        for asked in self.waiting.take_until(by) {
            self.note(asked.client.as_ref(), asked.name.as_ref());
        }
    }

    /// Whether the client has had a failure; among those not listed it may be mistaken for another one.
    pub fn may_have_hit(&self, client: Address) -> bool {
        self.clients.may_have(&client)
    }

    /// Whether it lists the client.
    pub fn lists_client(&self, client: Address) -> bool {
        self.clients.listed().contains(&client)
    }

    /// How many names it hit.
    pub fn name_count(&self) -> u64 {
        self.names.listed().len() as u64 + self.names.more()
    }

    /// How many clients it hit.
    pub fn client_count(&self) -> u64 {
        self.clients.listed().len() as u64 + self.clients.more()
    }

    /// Whether something that is told changed since it was told last.
    pub fn has_news(&self, ledger: &Ledger) -> bool {
        self.changed || self.flow(ledger) != self.told
    }

    /// As it is told, and told now.
    pub fn tell(&mut self, ledger: &Ledger, rules: &Rules) -> model::Incident {
        self.changed = false;
        self.told = self.flow(ledger);
        self.show(ledger, rules)
    }

    /// As it is told.
    pub fn show(&self, ledger: &Ledger, rules: &Rules) -> model::Incident {
        let flow = self.flow(ledger);
        model::Incident {
            id: self.id.clone(),
            server: self.service.server,
            port: self.service.port,
            transport: self.service.transport,
            interface: None,
            kind: self.kind,
            state: if self.is_open() {
                State::Open
            } else {
                State::Closed
            },
            severity: self.severity.now(),
            began: Wall(self.began.wall),
            opened: Wall(self.opened.wall),
            last_seen: Wall(self.last_seen.unwrap_or(self.opened).wall),
            recovered: None,
            closed: self.closed.map(|(closed, _)| Wall(closed.wall)),
            closed_because: self.closed.map(|(_, because)| because),
            reopened: self.reopened,
            queries: flow.queries,
            answers: flow.answers,
            errors: ByCode::new(|code| self.counts.of(code)),
            verified: self.verified,
            reporters: self.reporters.listed().to_vec(),
            clients: self.clients.listed().to_vec(),
            clients_more: self.clients.more(),
            names: self.names.listed().iter().map(ToString::to_string).collect(),
            names_more: self.names.more(),
            causes: causes::causes(self, flow, &rules.thresholds),
        }
    }
}
