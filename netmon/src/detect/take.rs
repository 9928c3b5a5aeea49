//! What the decider does with each observation, and with a gap between them, before it plans what comes of it.

use netmon_common::{Address, Code, Rcode};

use super::lookups::{Move, Question};
use super::own_clients::REMEMBERED;
use super::rules::Rules;
use super::service::{Outcome, Tracked};
use super::suspects::{Suspects, Suspicion};
use super::warnings::Warnings;
use super::{After, Decider};
use crate::model::Kind;
use crate::observation::{
    Answered, Asked, Connected, Details, Failed, Name, Proof, Seconds, Service, Side, Unverified, Why,
};
use crate::time::Time;

impl Decider {
    /// Not all exchanges of the time up to then are accounted for, of one service or of all. Verified errors count all
    /// the same; silence, shares, rates and idle time are judged by what comes later.
    pub fn gap(&mut self, service: Option<Service>, until: Time) {
        let Some(service) = service else {
            self.servers.gap_until = self.servers.gap_until.max(Some(until));
            self.servers.iter_mut().for_each(|server| server.gap(until));
            return;
        };
        if let Some(server) = self.servers.get_mut(service) {
            server.gap(until);
        }
    }

    pub(super) fn take_seconds(&mut self, service: Service, seconds: &Seconds) -> Option<After> {
        let at = self.now;
        let judged = &self.judged;
        let standing = || Some(judged.standing(service));
        let (_, server) = self.servers.track(service, at, standing)?;
        let did_serve = serves(server, at);
        server.seconds(at, seconds, &self.rules);
        if !did_serve && serves(server, at) {
            self.suspects.answered(service, &self.rules.thresholds);
        }
        if self.rules.samples_answers {
            for second in server.facts.untold(seconds.second, at) {
                self.rules.untold.note(second);
            }
        }
        Some(After::default())
    }

    pub(super) fn take_asked(&mut self, service: Service, sent: Time, asked: &Asked) -> Option<After> {
        let at = self.now;
        let counts = self.counts(service, asked.client);
        let is_stranger = !counts;
        let rules = &self.rules;
        let scans = self.suspects.scans(asked.client, at, &rules.thresholds);
        let judged = &self.judged;
        let standing = || Some(judged.standing(service));
        let (_, server) = self.servers.track(service, at, standing)?;
        let counts = counts && (!scans || serves(server, at)) && !server.facts.has_gap_since(sent);
        let look = server.asked(at, sent, asked, counts, rules);
        if is_stranger && server.facts.is_wanted(asked.recursion_desired) {
            server.facts.ledger.leave_out(sent, false);
        }
        let question = question(asked.client, asked.name.as_ref(), asked.details);
        if let Some(question) = question.filter(|_| look) {
            if self.judged.is_here(asked.client, service) {
                self.chain.asks(service, sent, question);
            }
            if self.judged.is_here(service.server, service) {
                self.chain.stub_asked(service, sent, question);
            }
            let moves = self.lookups.asked(service, sent, question);
            self.moved(moves);
        }
        Some(After::default())
    }

    pub(super) fn take_connected(&mut self, service: Service, connected: &Connected) -> Option<After> {
        let server = self.servers.get_mut(service)?;
        for syn in &connected.syns {
            server.facts.connected(*syn, connected.client);
        }
        None
    }

    pub(super) fn take_answered(&mut self, service: Service, answered: &Answered) -> Option<After> {
        let at = self.now;
        let rules = &self.rules;
        self.heard
            .note(answered.client, service, at, rules.thresholds.answers_seen);
        let counts = self.counts(service, answered.client);
        let judged = &self.judged;
        let standing = || Some(judged.standing(service));
        let (_, server) = self.servers.track(service, at, standing)?;
        if !serves(server, at) {
            self.suspects.answered(service, &self.rules.thresholds);
        }
        server.answered(at, answered, counts, rules);
        if answered.side == Side::Behind {
            // Who asked what is told of the client before the translation.
            return Some(After::default());
        }
        let own = server.facts.standing.own;
        let is_wanted = server.facts.is_wanted(answered.recursion_desired);
        let is_fault = answered.rcode.is_some_and(|rcode| server.facts.is_fault(rcode));
        let question = question(answered.client, answered.name.as_ref(), answered.details);
        if let Some(question) = question.filter(|_| is_wanted) {
            self.chain.stub_settled(service, question);
            let moves = if is_fault {
                self.lookups.failed(service, answered.sent, question)
            } else {
                self.lookups.answered(service, answered.sent, question)
            };
            self.moved(moves);
        }
        self.learn_served(own, service, answered);
        Some(After::default())
    }

    pub(super) fn take_said(&mut self, service: Service, answered: &Answered) -> Option<After> {
        let at = self.now;
        let counts = self.counts(service, answered.client);
        let server = self.servers.get_mut(service)?;
        server.said(at, answered, counts, &self.rules);
        let own = server.facts.standing.own;
        self.learn_served(own, service, answered);
        Some(After::default())
    }

    /// Remembers whom an own service has answered well: failures of these count.
    fn learn_served(&mut self, own: bool, service: Service, answered: &Answered) {
        if own && matches!(answered.rcode, Some(Rcode::NoError | Rcode::NxDomain)) {
            self.judged.has_answered_well(service, answered.client, self.now);
        }
    }

    pub(super) fn take_failed(&mut self, service: Service, failed: &Failed) -> Option<After> {
        let at = self.now;
        let counts = self.counts(service, failed.client)
            || matches!(failed.proof, Proof::RaisedByThisHost(_))
                && self.judged.is_own(failed.client, service);
        if !counts {
            self.not_served.note(service.server);
            let server = self.servers.get_mut(service);
            // Others are not in the ledger.
            let server = server.filter(|server| server.facts.is_wanted(failed.recursion_desired));
            if let (Some(sent), Some(server)) = (failed.proof.sent(), server) {
                server.facts.ledger.leave_out(sent.min(at), true);
            }
            return None;
        }
        self.track(service)?;
        let (seat, has_room) = self.seat(service);
        let server = self.servers.get_mut(service)?;
        let mut after = After::default();
        let could_open = failed.code.is_outage() && server.facts.is_wanted(failed.recursion_desired);
        let scans = could_open
            && suspect(
                &mut self.suspects,
                &mut self.warnings,
                server,
                failed.client,
                at,
                &self.rules,
                &mut after,
            );
        let mut outcome = Outcome::new(&mut self.changes, has_room);
        let no_endpoints = self.judged.has_no_endpoints(service, failed);
        server.failed(at, failed, (!scans, no_endpoints), &self.rules, &mut outcome);
        let Outcome { opened, refused, .. } = outcome;
        after.opened = opened;
        if failed.proof == Proof::QueriesUnseen {
            self.warnings.queries_unseen(service);
        }
        self.seated(seat, opened, refused);
        let question = question(failed.client, failed.name.as_ref(), failed.details);
        if let (Some(sent), Some(question)) = (failed.proof.sent(), question.filter(|_| could_open)) {
            self.chain.stub_settled(service, question);
            let moves = self.lookups.failed(service, sent, question);
            self.moved(moves);
        }
        Some(after)
    }

    pub(super) fn take_unverified(&mut self, service: Service, error: &Unverified) -> Option<After> {
        match error.why {
            Why::Unsolicited => self.unsolicited.note(service.server),
            Why::Again => {}
            Why::QueriesUnseen => self.warnings.unverified_error(service, self.now),
        }
        if !self.counts(service, error.client) {
            self.not_served.note(service.server);
            return None;
        }
        let server = self.servers.get_mut(service)?;
        let sender = Some(error.reporter).filter(|_| error.why == Why::Again);
        server.count_errors(self.now, error.code, [1, 0], sender);
        if error.why == Why::Again
            && error.code.is_outage()
            && let Some(incident) = server.incidents.open_mut(Kind::Unreachable)
        {
            incident.fail_again(self.now);
        }
        Some(After::default()).filter(|_| !server.incidents.are_none())
    }

    pub(super) fn take_more_errors(
        &mut self,
        service: Service,
        since: Time,
        errors: &[u64; Code::ALL.len()],
    ) -> Option<After> {
        let standing = self.judged.standing(service);
        let counts = !standing.own || standing.named || self.judged.serves(service);
        let Some(server) = self.servers.get_mut(service).filter(|_| counts) else {
            self.not_served.note_many(service.server, errors.iter().sum());
            return None;
        };
        for (code, count) in Code::ALL.into_iter().zip(errors) {
            server.count_errors(since, code, [*count; 2], None);
        }
        Some(After::default()).filter(|_| !server.incidents.are_none())
    }

    /// Lookups move away from services.
    fn moved(&mut self, moves: Vec<Move>) {
        for away in moves {
            if let Some((place, server)) = self.track(away.service) {
                server.moved(away);
                self.plan(place);
            }
        }
    }

    /// Whether failures of that client's queries count.
    fn counts(&self, service: Service, client: Address) -> bool {
        let standing = self.judged.standing(service);
        self.judged.counts(service, standing, client, self.now)
    }
}

/// What a client asks, where the door knows the name.
fn question(client: Address, name: Option<&Name>, details: Details) -> Option<Question<'_>> {
    Some(Question {
        client,
        name: name?,
        query_type: details.query_type,
        client_port: details.client_port,
    })
}

/// Whether the service is known to serve anybody: it is named or configured, or has answered within a day.
pub(super) fn serves(server: &Tracked, at: Time) -> bool {
    let facts = &server.facts;
    let answer = facts.last_answer.max(facts.last_good);
    facts.standing.matters() || answer.is_some_and(|answer| at.since(answer) <= REMEMBERED)
}

/// Takes a failure of a client at a service. Whether the client fails at so many others that the failure is its own.
pub(super) fn suspect(
    suspects: &mut Suspects,
    warnings: &mut Warnings,
    server: &Tracked,
    client: Address,
    at: Time,
    rules: &Rules,
    after: &mut After,
) -> bool {
    if serves(server, at) {
        return false;
    }
    match suspects.note(client, server.facts.service, at, &rules.thresholds) {
        Suspicion::None => false,
        Suspicion::Scans { services, say } => {
            if let Some(count) = say {
                warnings.many_servers(client, count, at);
            }
            if !services.is_empty() {
                after.scanner = Some(client);
                after.scanned.extend(services);
            }
            true
        }
    }
}
