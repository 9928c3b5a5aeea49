//! An answer: what it changes of what is known of a service, and of its incidents.

use netmon_common::Rcode;

use super::Tracked;
use crate::detect::rules::Rules;
use crate::detect::span::Settled;
use crate::model::Kind;
use crate::observation::{Answered, Side};
use crate::time::Time;

impl Tracked {
    /// Takes an answer to a query that was seen; `counts` says whether failures of its client count.
    pub fn answered(&mut self, at: Time, answered: &Answered, counts: bool, rules: &Rules) {
        if !self.facts.is_wanted(answered.recursion_desired) {
            // It is in no incident, neither as a query nor as an error. But the server is there.
            self.facts.heard(at);
            self.end_silence(at);
            return;
        }
        let settled = Settled::of(at, answered, self.facts.exchange(answered));
        let sent = settled.sent;
        if answered.side == Side::Behind {
            // The exchange is told of where it is seen before the translation.
            self.heard(at);
            let client = (answered.client, answered.side);
            self.facts.answered.note(client, sent, at);
            self.reached(answered, settled, rules);
            return;
        }
        if self.leaves_out(answered, settled, counts) {
            self.heard(at);
            return;
        }
        for sent in settled.transmissions() {
            self.facts.ledger.note_answer(sent);
            if !answered.standard {
                self.facts.ledger.note_aside(sent);
            }
        }
        self.heard(at);
        let facts = &mut self.facts;
        facts.last_answer_seen = Some(at);
        facts.answered.note((answered.client, answered.side), sent, at);
        self.judge_answer(at, answered, rules);
        for incident in self.incidents.all_open_mut() {
            if sent >= incident.began() {
                incident.heard.answer_since_began = Some(at);
            }
            // One that is over counts nothing that comes later.
            incident.answered(settled, answered.side);
        }
        self.reached(answered, settled, rules);
    }

    /// An answer reached that client: one that an incident hit, or another one.
    fn reached(&mut self, answered: &Answered, settled: Settled<'_>, rules: &Rules) {
        let Answered { client, side, .. } = *answered;
        let sent = settled.sent;
        for incident in self.incidents.all_open_mut() {
            let is_later = incident.newest_failure().is_some_and(|newest| sent > newest);
            if incident.may_have_hit_on(side, client) {
                let heard = &mut incident.heard;
                heard.query_of_failed = heard.query_of_failed.max(Some(sent));
                // `failing` recovers by its share.
                if is_later && incident.kind != Kind::Failing {
                    incident.recover_by(settled, &self.facts.ledger, rules.offset);
                }
            } else if incident.tells_apart(side) {
                let heard = &mut incident.heard;
                if heard.query_of_others <= Some(sent) {
                    heard.query_of_others = Some(sent);
                    heard.newest_other = Some(client);
                }
                heard.others_answered += u64::from(is_later);
            }
        }
    }

    /// Takes what a message says to queries that one before it has shown to be answered.
    pub fn said(&mut self, at: Time, answered: &Answered, counts: bool, rules: &Rules) {
        if !self.facts.is_wanted(answered.recursion_desired) {
            return;
        }
        let settled = Settled::of(at, answered, self.facts.exchange(answered));
        if !self.leaves_out(answered, settled, counts) {
            self.judge_answer(at, answered, rules);
        }
    }

    /// Leaves out faults of a client whose failures do not count, and what this host's own server refuses to it.
    fn leaves_out(&mut self, answered: &Answered, settled: Settled<'_>, counts: bool) -> bool {
        let is_fault = settled.exchange.faults() > 0;
        let leaves_out = !counts && (is_fault || self.facts.is_policy(answered));
        if leaves_out {
            for sent in settled.transmissions() {
                self.facts.ledger.leave_out_answered(sent, settled.exchange);
            }
            if is_fault {
                self.facts.faults.not_counting(settled.transmissions());
            }
        }
        leaves_out
    }

    /// What the rcode of one that is wanted says of the server.
    fn judge_answer(&mut self, at: Time, answered: &Answered, rules: &Rules) {
        let facts = &mut self.facts;
        let Some(rcode) = answered.rcode.filter(|_| answered.standard) else {
            return;
        };
        let second = at.second();
        let looks = rules.thresholds.looks_per_second;
        if facts.is_fault(rcode) {
            let look = self.faults_looked_at.take(second, looks);
            // It has failed when it is decided on.
            facts.faults.fault(at, answered, look);
        } else if matches!(rcode, Rcode::NoError | Rcode::NxDomain) {
            facts.last_good = Some(at);
            if self.answers_looked_at.take(second, looks) {
                let retry = rules.thresholds.failing_retry;
                let asked = (answered.name.as_ref(), answered.details.query_type);
                facts.faults.good(at, answered.client, asked, retry);
            }
        }
    }
}
