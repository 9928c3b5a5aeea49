//! All that is remembered of one server (address, port, transport), and how each observation changes it.

mod faults;
mod incidents;
mod ledger;
mod minutes;
mod silence;

use netmon_common::{Address, Code, Rcode};

use crate::model::{CloseReason, Happened, Kind};
use crate::observation::{Answer, Counts, Failure, Query, Service};
use crate::time::Time;

use super::causes::overload;
use super::change::Change;
use super::errors::EarlyErrors;
use super::incident::Incident;
use super::kinds::{Verdict, failing, unreachable};
use super::rules::Rules;
use super::scope::{Recursion, Standing};

pub(super) use faults::Faults;
pub(super) use incidents::Incidents;
pub(super) use ledger::{Fault, Flow, Ledger};
pub(super) use minutes::{MINUTE, Minutes};
pub(super) use silence::{Asked, Last, Silence};

/// One server.
#[derive(Debug)]
pub(super) struct Server {
    pub service: Service,
    pub standing: Standing,
    /// Whether it is in the list of those that are judged at each second.
    pub awake: bool,
    /// When it was last observed.
    pub last_active: Time,
    pub last_query: Time,
    pub last_answer: Option<Time>,
    pub recursion: Recursion,
    pub ledger: Ledger,
    pub minutes: Minutes,
    pub silence: Silence,
    pub faults: Faults,
    pub incidents: Incidents,
    early_errors: EarlyErrors,
    queries_looked_at: Looks,
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

impl Server {
    /// A server that is observed for the first time.
    pub fn new(service: Service, standing: Standing, at: Time) -> Self {
        Self {
            service,
            standing,
            awake: false,
            last_active: at,
            last_query: at,
            last_answer: None,
            recursion: Recursion::default(),
            ledger: Ledger::default(),
            minutes: Minutes::default(),
            silence: Silence::default(),
            faults: Faults::default(),
            incidents: Incidents::default(),
            early_errors: EarlyErrors::default(),
            queries_looked_at: Looks::default(),
            faults_looked_at: Looks::default(),
        }
    }

    /// Whether a message with that RD may lead to an incident. Where RD is not known, other messages to the
    /// server tell, or what is known of its `kin`, the same server on the other transport.
    fn is_wanted(&mut self, at: Time, recursion_desired: Option<bool>, kin: Option<bool>) -> bool {
        if let Some(desired) = recursion_desired {
            self.recursion.note(at.second(), desired);
        }
        let desired = recursion_desired
            .or_else(|| self.recursion.presumed(at.second()))
            .or(kin)
            .unwrap_or(true);
        desired || self.standing.iterative_too
    }

    /// Takes a query.
    pub fn query(&mut self, at: Time, query: &Query, kin: Option<bool>, rules: &Rules) {
        let second = at.second();
        self.last_query = at;
        let wanted = self.is_wanted(at, query.recursion_desired, kin);
        self.ledger.query(at, query.counted_here, wanted);
        if query.counted_here
            && let Some(minute) = rules.minute(second)
        {
            self.minutes.add(minute, 1);
        }
        if !wanted || !self.standing.counts {
            return;
        }
        let look = self
            .queries_looked_at
            .take(second, rules.thresholds.looks_per_second);
        let name = query.name.as_ref();
        self.silence.asked(at, query.client, name, look, rules.last());
        if look && let Some(incident) = self.incidents.open_mut(Kind::Unanswered) {
            incident.wait(at, Some(&query.client), name);
        }
    }

    /// Takes an answer.
    pub fn answer(&mut self, at: Time, answer: &Answer, rules: &Rules) {
        let sent = answer.query_time.map(|sent| sent.min(at));
        self.last_query = self.last_query.max(sent.unwrap_or(at));
        self.last_answer = Some(at);
        let judged = self.is_wanted(at, answer.recursion_desired, None);
        let fault = self.fault(answer.rcode);
        self.ledger.answer(at, answer.counted_here, judged, fault);
        self.silence.end(at, self.ledger.asked_now(at.second()));
        if judged && fault.is_some() {
            self.take_fault(at, sent.unwrap_or(at), answer, rules);
        }
        if let Some(incident) = self.incidents.open_mut(Kind::Unreachable) {
            unreachable::answered(incident, at, answer.client, sent, rules);
        }
        self.heard(rules);
    }

    fn take_fault(&mut self, at: Time, sent: Time, answer: &Answer, rules: &Rules) {
        let look = self
            .faults_looked_at
            .take(at.second(), rules.thresholds.looks_per_second);
        let (client, name) = (answer.client, answer.name.as_ref());
        self.faults.note(at, sent, client, name, look);
        if let Some(incident) = self.incidents.open_mut(Kind::Failing) {
            failing::failed(incident, at, look.then_some(client), name.filter(|_| look), rules);
        }
    }

    fn fault(&self, rcode: Rcode) -> Option<Fault> {
        match rcode {
            Rcode::ServFail => Some(Fault::ServFail),
            Rcode::Refused if !self.standing.own => Some(Fault::Refused),
            Rcode::Refused | Rcode::NoError | Rcode::NxDomain | Rcode::Other => None,
        }
    }

    /// The incidents learn that an answer came.
    fn heard(&mut self, rules: &Rules) {
        for incident in self.incidents.all_open_mut() {
            incident.hear(rules);
        }
    }

    /// Takes what was counted of a second.
    pub fn counts(&mut self, at: Time, counts: &Counts, rules: &Rules) {
        let second = at.second();
        let counts = Counts {
            refused: if self.standing.own { 0 } else { counts.refused },
            ..*counts
        };
        let wanted = self.is_wanted(at, None, None);
        let news = self.ledger.counts(second, &counts, wanted);
        if let Some(minute) = rules.minute(second) {
            self.minutes.add(minute, counts.queries);
        }
        if news.queries > 0 {
            self.last_query = at;
        }
        if wanted && news.failed > 0 {
            self.faults.note_counted(at);
            if let Some(incident) = self.incidents.open_mut(Kind::Failing) {
                failing::failed(incident, at, None, None, rules);
            }
        }
        for (code, count) in Code::ALL.into_iter().zip(counts.failures) {
            for incident in self.incidents.all_mut().filter(|_| count > 0) {
                incident.count_errors(code, count, count);
            }
        }
        if news.answers > 0 {
            // When in this second the answers came is not known: no query of it counts as unanswered.
            self.last_answer = Some(at);
            self.silence.end(at, self.ledger.asked_now(second));
            self.heard(rules);
        }
    }

    /// Takes an error that is believed.
    pub fn failure(
        &mut self,
        at: Time,
        failure: &Failure,
        kin: Option<bool>,
        rules: &Rules,
        changes: &mut Vec<Change>,
    ) {
        self.last_query = self.last_query.max(failure.proof.sent().unwrap_or(at).min(at));
        if let Some(answer) = failure.last_answer {
            // Counts tell no more than the second of an answer.
            self.last_answer = Some(answer.min(at));
        }
        self.silence.end(at, self.ledger.asked_now(at.second()));
        self.count_error(at, failure.code, failure.proof.is_verified());
        if failure.code.is_outage() && self.is_wanted(at, failure.recursion_desired, kin) {
            unreachable::failed(self, at, failure, rules, changes);
        }
    }

    /// Takes an error, whatever it is worth.
    pub fn count_error(&mut self, at: Time, code: Code, verified: bool) {
        self.early_errors.note(at, code, verified);
        for incident in self.incidents.all_mut() {
            incident.count_errors(code, 1, u64::from(verified));
        }
    }

    /// Judges the second that ended at `at`. Whether an incident did not open for want of a direction.
    pub fn judge(
        &mut self,
        at: Time,
        rules: &Rules,
        heard: &dyn Fn(Address) -> bool,
        changes: &mut Vec<Change>,
    ) -> bool {
        let mut one_direction = false;
        for kind in Kind::ALL {
            if let Some(mut incident) = self.incidents.take(kind) {
                self.judge_incident(&mut incident, at, rules, changes);
                if incident.is_open() || incident.may_reopen(at, rules) {
                    self.incidents.put(incident);
                }
            }
            if self.incidents.is_open(kind) {
                continue;
            }
            match kind.opens(self, at, rules, heard) {
                Verdict::Nothing => {}
                Verdict::OneDirection => one_direction = true,
                Verdict::Opens(began) => {
                    let mut incident = self.begin(kind, began, at, rules);
                    kind.fill(&mut incident, self, at, rules);
                    self.tell(Happened::Opened, &mut incident, rules, changes);
                    self.incidents.put(incident);
                }
            }
        }
        if self.silence.is_over(at, rules.last()) {
            self.silence.end(at, 0);
        }
        if self
            .faults
            .none_since(at.second().saturating_sub(rules.failing_window().oldest))
        {
            self.faults.clear();
        }
        one_direction
    }

    fn judge_incident(
        &mut self,
        incident: &mut Incident,
        at: Time,
        rules: &Rules,
        changes: &mut Vec<Change>,
    ) {
        incident.settle(&self.ledger, at.second());
        if !incident.is_open() {
            return;
        }
        let kind = incident.kind;
        kind.follow(incident, self, at, rules);
        if let Some(because) = kind.closes(incident, self, at, rules) {
            incident.close(at, because, rules.offset);
            self.tell(Happened::Closed, incident, rules, changes);
        } else if incident.has_news(&self.ledger) {
            self.tell(Happened::Updated, incident, rules, changes);
        }
    }

    /// An incident that opens: the one of that kind again that closed not long ago, or a new one.
    pub fn begin(&mut self, kind: Kind, began: Time, at: Time, rules: &Rules) -> Box<Incident> {
        if let Some(mut known) = self.incidents.take(kind)
            && known.may_reopen(at, rules)
        {
            known.reopen(at);
            return known;
        }
        if kind == Kind::Unreachable {
            self.ledger.begin(began);
        }
        let mut incident = Box::new(Incident::new(kind, self.service, began, at, rules.offset));
        incident.count_early_errors(&self.early_errors, began..);
        incident.settle(&self.ledger, at.second());
        incident.overload = overload::judge(self, began, rules);
        incident
    }

    /// Moves an incident's beginning back, to a query that failed earlier.
    pub fn begin_earlier(&mut self, incident: &mut Incident, began: Time, rules: &Rules) {
        if began.second() < incident.began().second() {
            self.ledger.begin(began);
        }
        incident.begin_earlier(began, &self.ledger, &self.early_errors, rules.offset);
    }

    /// Closes an incident, if one of that kind is open.
    pub fn close(
        &mut self,
        kind: Kind,
        at: Time,
        because: CloseReason,
        rules: &Rules,
        changes: &mut Vec<Change>,
    ) {
        if let Some(mut incident) = self.incidents.take_open(kind) {
            incident.close(at, because, rules.offset);
            self.tell(Happened::Closed, &mut incident, rules, changes);
            self.incidents.put(incident);
        }
    }

    /// Tells what happened to an incident.
    pub fn tell(&self, kind: Happened, incident: &mut Incident, rules: &Rules, changes: &mut Vec<Change>) {
        changes.push(Change {
            kind,
            incident: incident.tell(&self.ledger, rules),
        });
    }

    /// Whether there is something to judge at the end of a second.
    pub fn needs_judging(&self) -> bool {
        self.silence.first.is_some() || self.faults.newest.is_some() || !self.incidents.are_none()
    }
}
