//! One service (server address, port, transport): how each observation changes what is known of it, and how what the kinds
//! decide changes its incidents.

mod answers;
mod judging;

use netmon_common::{Address, Code};

use super::change::Change;
use super::errors::EarlyError;
use super::facts::Facts;
use super::incidents::Incidents;
use super::lookups::Move;
use super::rules::Rules;
use super::scope::Standing;
use crate::model::Kind;
use crate::observation::{Asked, Failed, Seconds, Service, Side};
use crate::time::Time;

/// What is known of one service, and its incidents.
#[derive(Debug)]
pub(super) struct Tracked {
    pub facts: Facts,
    pub incidents: Incidents,
    /// When it was last observed.
    pub last_active: Time,
    /// The second at which it is judged next, where that is planned.
    pub due: Option<u64>,
    queries_looked_at: Looks,
    answers_looked_at: Looks,
    faults_looked_at: Looks,
}

/// How many packets of a second were looked at for their names.
#[derive(Clone, Copy, Debug, Default)]
struct Looks {
    second: u64,
    looks: u32,
}

impl Looks {
    fn take(&mut self, second: u64, most: u32) -> bool {
        if self.second != second {
            *self = Self { second, looks: 0 };
        }
        self.looks += 1;
        self.looks <= most
    }
}

/// Where changes go, and when an incident that opened is to be reported.
pub(super) struct Outcome<'a> {
    pub changes: &'a mut Vec<Change>,
    /// Whether there is room for one more.
    pub has_room: bool,
    /// Set when an incident opened that is reported later.
    pub opened: bool,
    /// Set when one would have opened if there were room.
    pub refused: bool,
}

impl<'a> Outcome<'a> {
    /// Nothing yet.
    pub const fn new(changes: &'a mut Vec<Change>, has_room: bool) -> Self {
        Self {
            changes,
            has_room,
            opened: false,
            refused: false,
        }
    }
}

impl Tracked {
    /// A service that is observed for the first time.
    pub fn new(service: Service, standing: Standing, at: Time) -> Self {
        Self {
            facts: Facts::new(service, standing, at),
            incidents: Incidents::default(),
            last_active: at,
            due: None,
            queries_looked_at: Looks::default(),
            answers_looked_at: Looks::default(),
            faults_looked_at: Looks::default(),
        }
    }

    /// Takes what is known of a second by now.
    pub fn seconds(&mut self, at: Time, seconds: &Seconds, rules: &Rules) {
        let facts = &mut self.facts;
        if seconds.iterative && !facts.standing.iterative_too {
            return;
        }
        if seconds.second > at.second() {
            // It has not begun.
            return;
        }
        let mut counts = seconds.counts;
        let refused = if facts.standing.own {
            std::mem::take(&mut counts.faults.refused)
        } else {
            0
        };
        while let Some((number, flow)) = facts.ledger.leaving(seconds.second) {
            self.incidents
                .all_mut()
                .for_each(|incident| incident.settle(number, flow, &facts.ledger));
            facts.ledger.leave();
        }
        let news = facts.ledger.set(seconds.second, seconds.iterative, counts);
        let refused = match refused {
            0 => 0,
            _ => facts.ledger.set_aside(seconds.second, seconds.iterative, refused),
        };
        if news.asked > 0 && counts.asked > rules.thresholds.looks_per_second {
            facts.crowded = facts.crowded.max(Some(seconds.second));
            self.incidents
                .all_mut()
                .for_each(|incident| incident.is_sampled(seconds.second));
        }
        if news.asked > 0 {
            facts.last_query = facts.last_query.max(at);
            facts.idle_since = facts.idle_since.max(at);
        }
        if let Some(minute) = rules.minute(seconds.second) {
            facts.minutes.add(minute, news.asked);
            facts.minutes.take_off(minute, news.taken_back);
        }
        if news.faults > 0 {
            let faults = facts.ledger.counted_faults(seconds.second);
            facts.faults.counted(seconds.second, faults, at);
        }
        if news.answered > news.faults + refused {
            facts.last_good = Some(at);
        }
        if news.answered > 0 {
            self.heard(at);
            for incident in self.incidents.all_open_mut() {
                if seconds.second > incident.began().second() {
                    incident.heard.answer_since_began = Some(at);
                }
            }
        } else if news.failed > 0 {
            self.end_silence(at);
        }
    }

    /// An exchange was answered.
    fn heard(&mut self, at: Time) {
        self.facts.heard(at);
        self.end_silence(at);
        for incident in self.incidents.all_open_mut() {
            incident.heard.any = true;
        }
    }

    fn end_silence(&mut self, at: Time) {
        let facts = &mut self.facts;
        let silent = facts.ledger.between(at.second(), at.second() + 1).silent();
        facts.silence.end(at, silent);
    }

    /// Takes a query that was `sent` then, which may be told later; `counts` tells whether its failure would count. Whether it was
    /// looked at.
    pub fn asked(&mut self, at: Time, sent: Time, asked: &Asked, counts: bool, rules: &Rules) -> bool {
        let facts = &mut self.facts;
        facts.last_query = facts.last_query.max(sent);
        if !facts.is_wanted(asked.recursion_desired) {
            return false;
        }
        facts.idle_since = facts.idle_since.max(sent);
        let name = asked.name.as_ref();
        facts.ledger.note_query(sent);
        let look = self
            .queries_looked_at
            .take(at.second(), rules.thresholds.looks_per_second);
        for incident in self.incidents.all_open_mut() {
            if incident.kind == Kind::Unreachable && incident.may_have_hit(asked.client) {
                incident.heard.failed_asked = incident.heard.failed_asked.max(Some(sent));
            }
        }
        if !counts {
            return look;
        }
        if asked.is_syn {
            let oldest = facts.silence.connects(sent, asked.client, look, rules.keep());
            if let Some(oldest) = oldest
                && let Some(incident) = self.incidents.open_mut(Kind::Unanswered)
            {
                incident.wait(oldest.at, Some(&oldest.client), None);
            }
            return look;
        }
        facts.silence.asked(sent, asked.client, name, look, rules.keep());
        if look && let Some(incident) = self.incidents.open_mut(Kind::Unanswered) {
            incident.wait(sent, Some(&asked.client), name);
        }
        look
    }

    /// A lookup moves away from the service. Where nothing was seen of it, a door that samples may not have told of its answer.
    pub fn moved(&mut self, away: Move) {
        let Move { moved, silent, .. } = away;
        let facts = &mut self.facts;
        let is_silent = |sent: Time| {
            let second = sent.second();
            !facts.has_gap_since(sent) && facts.ledger.between(second, second + 1).silent() > 0
        };
        if silent.is_none_or(is_silent) {
            facts.moved.note(moved);
            self.incidents
                .all_mut()
                .for_each(|incident| incident.note_moved(moved));
        }
    }

    /// Takes an error that may be believed. It opens or prolongs `unreachable` if it counts; it may say that a service address
    /// has no endpoints.
    pub fn failed(
        &mut self,
        at: Time,
        failure: &Failed,
        (counts, no_endpoints): (bool, bool),
        rules: &Rules,
        outcome: &mut Outcome<'_>,
    ) {
        let facts = &mut self.facts;
        let sent = failure.proof.sent().unwrap_or(at).min(at);
        facts.last_query = facts.last_query.max(sent);
        if let Some(answer) = failure.last_answer {
            // Counts give no more than the second of an answer.
            facts.last_answer = Some(answer.min(at));
        }
        self.end_silence(at);
        if !self.facts.is_wanted(failure.recursion_desired) {
            return;
        }
        self.facts.idle_since = self.facts.idle_since.max(sent);
        if let Some(unanswered) = self.incidents.open_mut(Kind::Unanswered) {
            unanswered.not_silent(sent, failure.client);
        }
        let verified = failure.proof.is_verified();
        let sender = Some(failure.reporter).filter(|_| verified);
        self.count_errors(at, failure.code, [1, verified.into()], sender);
        if !counts || !failure.code.is_outage() {
            return;
        }
        if failure.proof.sent().is_some() {
            self.facts.ledger.note_failure(sent);
        }
        let open = self.incidents.take_open(Kind::Unreachable);
        let opens = open.is_none();
        if opens && !outcome.has_room {
            outcome.refused = true;
            return;
        }
        let mut incident = open.unwrap_or_else(|| self.begin(Kind::Unreachable, sent, at, rules));
        if sent < incident.began() {
            let began = self.facts.ledger.cut(sent);
            incident.note_early_moves(&self.facts.moved, sent..incident.began());
            incident.begin_earlier(began, &self.facts.early_errors, rules.offset);
        }
        incident.is_behind |= failure.side == Side::Behind;
        let is_new = !incident.may_have_hit(failure.client);
        if is_new
            && incident
                .heard
                .newest_other
                .is_none_or(|other| other == failure.client)
        {
            // Whoever got answers may be this very client: what counts is what others got.
            let is_other = |client, side| {
                client != failure.client && !incident.may_have_hit(client) && incident.tells_apart(side)
            };
            let newest = self.facts.answered.newest_query(is_other).unzip();
            let heard = &mut incident.heard;
            (heard.query_of_others, heard.newest_other) = newest;
            heard.query_of_others_before = heard.query_of_others;
        }
        incident.note_failure(at, failure, no_endpoints, rules);
        incident.fail(at, rules);
        if opens {
            if let Some(unanswered) = self.incidents.open_mut(Kind::Unanswered) {
                unanswered.supersede(at, self.facts.ledger.cut(at));
            }
            self.look_at_others(&mut incident, sent, rules);
            outcome.opened = true;
        } else {
            let others = self.others_are_answered(&incident, at, rules);
            incident.judge_severity(at, others, rules);
        }
        self.incidents.put(incident);
    }

    /// Takes errors, whatever they are worth; so many of them are verified. Nobody is
    /// named as the `sender` of one that anybody can have forged.
    pub fn count_errors(&mut self, at: Time, code: Code, counts: [u64; 2], sender: Option<Address>) {
        if counts == [0; 2] {
            return;
        }
        self.facts.early_errors.note(EarlyError {
            at,
            code,
            counts,
            sender,
        });
        for incident in self.incidents.all_mut() {
            incident.count_errors(at, code, counts, sender);
        }
    }

    /// Not all exchanges of the time up to then are accounted for.
    pub fn gap(&mut self, until: Time) {
        let facts = &mut self.facts;
        facts.gap_until = facts.gap_until.max(Some(until));
        facts.idle_since = facts.idle_since.max(until);
        facts.silence.end(until, 0);
    }
}
