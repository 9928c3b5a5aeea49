//! What the history knows comes back: incidents of an earlier run.
//!
//! Time in which nobody watched proves nothing: a query that was not seen then may have been sent all the same.
//! So the time without queries that closes an incident as `idle`, and the time in which answers are judged,
//! begin again with the restart.

use super::Decider;
use super::facts::Facts;
use super::incident::Incident;
use super::own_clients::REMEMBERED;
use super::show::report;
use crate::model::{self, CloseReason, Happened, Kind, Memory, Remembered};
use crate::observation::Service;
use crate::time::Time;

impl Decider {
    /// Goes on with incidents of an earlier run: open ones, and closed ones that may still reopen. Those that
    /// are open are reported as updated. One whose server has another open incident of its kind by now closes as
    /// superseded.
    ///
    /// [`Self::set_offset`] must have been called: it gives the moments for the incidents' wall times.
    pub fn restore(&mut self, now: Time, remembered: impl IntoIterator<Item = Remembered>) {
        self.start(now);
        self.crowd.forget();
        self.now = self.now.max(now);
        for one in remembered {
            self.restore_one(&one);
        }
    }

    fn restore_one(&mut self, remembered: &Remembered) -> Option<()> {
        let (at, offset) = (self.now, self.rules.offset);
        let mut incident = Box::new(Incident::restore(remembered, at, &self.rules));
        if let Some((closed, _)) = incident.closed {
            let age = offset.wall(at).duration_since(closed.wall);
            if age > jiff::SignedDuration::try_from(self.rules.thresholds.reopen).ok()? {
                return None;
            }
        }
        let service = incident.service;
        if service.server.is_never_a_server() {
            return None;
        }
        let Self {
            rules,
            servers,
            judged,
            changes,
            ..
        } = self;
        let (place, server) = servers.track(service, at, || Some(judged.standing(service)))?;
        let ledger = &server.facts.ledger;
        // What was asked before, in this second, is none of its counts.
        let here = ledger.cut(at);
        incident.go_on_from(here);
        if incident.is_open() && is_answered(&incident, &server.facts) {
            incident.heard.any = true;
            incident.heard.query_of_failed = Some(at);
            incident.recover(at, here, offset);
        }
        if server.incidents.has(incident.kind) {
            if incident.is_open() {
                incident.close(at, CloseReason::Superseded, offset);
                report(Happened::Closed, &mut incident, ledger, rules, changes);
            }
            return None;
        }
        if incident.is_open() {
            report(Happened::Updated, &mut incident, ledger, rules, changes);
        }
        server.incidents.put(incident);
        self.plan(place);
        Some(())
    }

    /// The service of an incident.
    pub fn service_of(&self, reported: &model::Incident) -> Service {
        self.rules.service_of(reported)
    }

    /// What must be kept of an incident beside what is reported, to go on with it after a restart. `None` when it is
    /// over and can no longer reopen.
    pub fn memory(&self, reported: &model::Incident) -> Option<Memory> {
        let server = self.servers.get(self.rules.service_of(reported))?;
        let incident = server.incidents.of(reported.kind)?;
        Some(incident.memory(&server.facts.ledger))
    }
}

/// Whether the service has answered in this run, before the incident was known, what ends it.
fn is_answered(incident: &Incident, facts: &Facts) -> bool {
    let mut answered = facts.answered.since(facts.last_query, REMEMBERED);
    match incident.kind {
        Kind::Unanswered => facts.last_answer.is_some(),
        Kind::Unreachable => answered.any(|(client, side)| incident.may_have_hit_on(side, client)),
        Kind::Failing => false,
    }
}
