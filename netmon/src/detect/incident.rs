//! One incident, from opening to closing and reopening: what is known of it.

mod errors;
mod hit;
mod moved;
mod recovery;
mod restore;

use std::ops::RangeBounds;

use jiff::Timestamp;
use netmon_common::{Address, Code};

use crate::model::{self, CloseReason, Kind};
use crate::observation::{Failed, Name, Service};
use crate::time::{Time, WallOffset, rfc3339};

use super::distinct::Distinct;
use super::errors::{CodeCounts, EarlyErrors, Failures};
use super::failover::Failover;
use super::flow::Flow;
use super::ledger::{Cut, Ledger};
use super::limits::LISTED;
use super::overload::Overload;
use super::rules::Rules;
use super::severity::SeverityJudge;
use super::span::Span;
use super::waiting::Waiting;
use errors::Errors;

/// A moment with the wall time that it had then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// On the observations' clock.
    pub time: Time,
    /// As it is shown.
    pub wall: Timestamp,
}

impl Moment {
    pub fn new(time: Time, offset: WallOffset) -> Self {
        Self {
            time,
            wall: offset.wall(time),
        }
    }
}

/// What was heard of the service while the incident is known.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// When the newest query was sent to which a client of the incident got an answer.
    pub query_of_failed: Option<Time>,
    /// The same of clients that had no failure.
    pub query_of_others: Option<Time>,
    /// Whose query that was, where it is known.
    pub newest_other: Option<Address>,
    /// The same, of what was answered before the newest failure.
    pub query_of_others_before: Option<Time>,
    /// How many of these were answered since the newest failure.
    pub others_answered: u64,
    /// When an error last came that is none of its failures: one more about a query that has failed.
    pub error_again: Option<Time>,
    /// When a client of the incident last asked.
    pub failed_asked: Option<Time>,
    /// When an exchange was last answered that began since the incident did.
    pub answer_since_began: Option<Time>,
    /// Whether any exchange was answered since the incident opened.
    pub any: bool,
}

/// One incident.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
pub(super) struct Incident {
    pub kind: Kind,
    pub service: Service,
    /// The name of the interface of a link-local server.
    pub interface: Option<String>,
    pub id: String,
    pub began: Moment,
    pub opened: Moment,
    pub last_seen: Option<Moment>,
    /// When it opened last: first, or again.
    pub resumed: Time,
    pub recovered: Option<Moment>,
    /// When `unreachable` took its place: what came later does not count, though it is reported to be over a moment later.
    superseded: Option<Time>,
    pub closed: Option<(Moment, CloseReason)>,
    pub reopened: u64,
    pub severity: SeverityJudge,
    /// Whether it was reported since it opened last.
    pub is_reported: bool,
    /// What counts in it.
    span: Span,
    errors: Errors,
    /// What was counted since it recovered: it counts if a new failure comes.
    errors_beyond: Errors,
    /// Lookups that were asked again elsewhere.
    failover: Failover,
    /// The same, of those that were sent since it recovered.
    failover_beyond: Failover,
    pub reporters: Distinct<Address>,
    pub clients: Distinct<Address>,
    pub names: Distinct<Name>,
    /// The errors that are its failures.
    pub failures: Failures,
    /// Its failures that are queries without an answer.
    pub silent: u64,
    /// Clients and names of queries that may turn out not to belong to it.
    waiting: Waiting,
    pub heard: Heard,
    /// Clients that were answered shortly before it began, and have not failed since.
    pub others: Vec<Address>,
    /// Whether somebody was, and nobody knows who.
    pub others_unknown: bool,
    pub overload: Option<Overload>,
    /// Whether it is `failing` that opened for a domain that was lost.
    pub lost_domain: bool,
    /// Whether an error of it named a client behind a translation: the address that all clients before it have there.
    pub is_behind: bool,
    /// The id of the incident that explains it.
    pub because_of: Option<String>,
    /// Whether something other than counts of exchanges changed since it was reported last, which may be seen or not.
    changed: bool,
    /// What it counted when it was reported last.
    counted: Flow,
    /// How it was reported last.
    reported: Option<Box<model::Incident>>,
}

impl Incident {
    /// One that opens at `at`; the first query that failed was sent when it `began`.
    pub fn new(kind: Kind, service: Service, began: Cut, at: Time, rules: &Rules) -> Self {
        let offset = rules.offset;
        let interface = rules.interface(service);
        let link = interface
            .as_ref()
            .map_or_else(String::new, |name| format!("%{name}"));
        let opened = Moment::new(at, offset);
        let Service {
            server,
            port,
            transport,
            interface: _,
        } = service;
        Self {
            kind,
            service,
            interface,
            id: format!(
                "{}-{}-{server}{link}-{port}-{}",
                rfc3339(opened.wall),
                kind.name(),
                transport.name()
            ),
            began: Moment::new(began.at, offset),
            opened,
            last_seen: None,
            resumed: at,
            recovered: None,
            superseded: None,
            closed: None,
            reopened: 0,
            severity: SeverityJudge::opening(at),
            is_reported: false,
            span: Span::from(began),
            errors: Errors::default(),
            errors_beyond: Errors::default(),
            failover: Failover::default(),
            failover_beyond: Failover::default(),
            reporters: Distinct::default(),
            clients: Distinct::default(),
            names: Distinct::default(),
            failures: Failures::default(),
            silent: 0,
            waiting: Waiting::default(),
            heard: Heard::default(),
            others: Vec::new(),
            others_unknown: false,
            overload: None,
            lost_domain: false,
            is_behind: false,
            because_of: None,
            changed: false,
            counted: Flow::default(),
            reported: None,
        }
    }

    pub const fn began(&self) -> Time {
        self.began.time
    }

    /// When the newest failure was.
    pub const fn newest_failure(&self) -> Option<Time> {
        self.severity.newest_failure()
    }

    /// When the last error came. One more about the same query is no new failure, and no quiet.
    pub fn last_error(&self) -> Option<Time> {
        let failure = self.newest_failure()?;
        Some(self.heard.error_again.map_or(failure, |again| again.max(failure)))
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
        self.is_reported = false;
        self.severity.reopen(at);
        self.heard = Heard::default();
        self.go_on();
    }

    /// It closes.
    pub fn close(&mut self, at: Time, because: CloseReason, offset: WallOffset) {
        self.closed = Some((Moment::new(at, offset), because));
        if self.kind == Kind::Unanswered {
            self.waiting.clear();
        }
    }

    /// Takes a failure of that moment.
    pub fn fail(&mut self, at: Time, rules: &Rules) {
        self.go_on();
        self.last_seen = Some(Moment::new(at, rules.offset));
        self.changed = true;
        self.heard.others_answered = 0;
        self.heard.query_of_others_before = self.heard.query_of_others;
        // An answer that says that the server fails is no sign that it serves anybody.
        let answer = self
            .heard
            .answer_since_began
            .filter(|_| self.kind != Kind::Failing);
        self.severity.fail(at, answer, &rules.thresholds);
    }

    /// Its last failure came then: those that came later are not its own.
    pub fn seen_last(&mut self, at: Time, rules: &Rules) {
        self.last_seen = Some(Moment::new(at, rules.offset));
    }

    /// Judges the severity when it opens. One that opens again is the same outage: it becomes no milder by that.
    pub fn judge_opening(&mut self, others: bool, rules: &Rules) {
        if self.reopened == 0 {
            self.severity.open_as(others);
        } else {
            self.judge_severity(self.resumed, others, rules);
        }
    }

    /// Judges the severity at that moment; `others` tells whether clients that have not failed are taken to be answered.
    pub fn judge_severity(&mut self, at: Time, others: bool, rules: &Rules) {
        if !others {
            // Once that is over, answers after the newest failure do not bring it back.
            self.others.clear();
            self.others_unknown = false;
        }
        self.changed |= self.severity.judge(at, others, &rules.thresholds);
    }

    /// Moves its beginning back, to a query that failed earlier.
    pub fn begin_earlier(&mut self, began: Cut, errors: &EarlyErrors, offset: WallOffset) {
        self.count_early_errors(errors, began.at..self.began.time);
        self.began = Moment::new(began.at, offset);
        self.span.begin(began);
        self.changed = true;
    }

    /// A second leaves the ledger.
    pub fn settle(&mut self, number: u64, flow: Flow, ledger: &Ledger) {
        self.span.settle(number, flow, ledger);
    }

    /// When the newest query of a client without a failure was sent to which an answer says that the server served others.
    /// Of an outage that is over, only answers before its newest failure say so: it ended for all at once.
    pub fn served_others(&self) -> Option<Time> {
        if self.recovered.is_some() {
            self.heard.query_of_others_before
        } else {
            self.heard.query_of_others
        }
    }

    /// Its end is known as closely as it will be.
    pub fn refine(&mut self, ledger: &Ledger) {
        self.span.refine(ledger);
    }

    /// What counts in it.
    pub fn flow(&self, ledger: &Ledger) -> Flow {
        self.span.flow(ledger)
    }

    /// Takes DNS unreachables of that moment, whatever they are worth; so many of them are verified. The
    /// `sender` of one that came by itself, if it is to be named.
    pub fn count_errors(
        &mut self,
        at: Time,
        code: Code,
        [count, verified]: [u64; 2],
        sender: Option<Address>,
    ) {
        let lately = self.lately(at);
        let errors = if self.is_beyond(at) {
            &mut self.errors_beyond
        } else {
            &mut self.errors
        };
        errors.add(code, [count, verified], sender, lately);
        self.changed = true;
    }

    /// Takes the errors of a time before it opened.
    pub fn count_early_errors(&mut self, errors: &EarlyErrors, time: impl RangeBounds<Time>) {
        for error in errors.of(time) {
            let lately = self.lately(error.at);
            self.errors.add(error.code, error.counts, error.sender, lately);
        }
    }

    /// That moment, if the incident may turn out to have recovered before: `failing` does.
    fn lately(&self, at: Time) -> Option<Time> {
        (self.kind == Kind::Failing && self.recovered.is_none()).then_some(at)
    }

    /// How many errors it counts, by code, and how many of them are verified.
    pub const fn errors(&self) -> (CodeCounts, u64) {
        (self.errors.counts, self.errors.verified)
    }

    /// Who sent the errors that it counts, those first that sent its failures.
    pub fn senders(&self) -> Vec<Address> {
        let mut senders = self.reporters.listed().to_vec();
        for sender in self.errors.senders.listed() {
            if senders.len() < LISTED && !senders.contains(sender) {
                senders.push(*sender);
            }
        }
        senders
    }

    /// Takes an error that is one of its failures.
    pub fn note_failure(&mut self, at: Time, failure: &Failed, no_endpoints: bool, rules: &Rules) {
        if no_endpoints {
            self.failures.note_no_endpoints();
        } else {
            self.failures
                .note(at, self.service.server, failure, &rules.thresholds);
        }
        self.reporters.note(&failure.reporter);
        self.note(Some(&failure.client), failure.name.as_ref());
    }

    /// One more error about a query that has failed.
    pub const fn fail_again(&mut self, at: Time) {
        self.heard.error_again = Some(at);
    }

    /// Whether something changed since it was reported last that may be seen.
    pub fn may_have_news(&self, ledger: &Ledger) -> bool {
        self.changed || self.flow(ledger) != self.counted
    }

    /// It is reported like this now. Whether that differs from the last time.
    pub fn report_as(&mut self, shown: &model::Incident, ledger: &Ledger) -> bool {
        self.is_reported = true;
        self.changed = false;
        self.counted = self.flow(ledger);
        let is_news = self.reported.as_deref() != Some(shown);
        if is_news {
            self.reported = Some(Box::new(shown.clone()));
        }
        is_news
    }
}
