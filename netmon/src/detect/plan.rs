//! What is to be done after an observation, and when.

use super::service::Outcome;
use super::{After, Decider};
use crate::observation::Service;
use crate::time::Time;

impl Decider {
    /// Plans what comes of an observation of that service.
    pub(super) fn settle(&mut self, service: Service, after: After) {
        let now = self.now;
        if let Some((place, _)) = self.track(service) {
            if after.opened {
                self.agenda.report(now.after(self.rules.thresholds.settle), place);
            }
            self.plan(place);
        }
        self.close_scanned(now, after);
        // What need not settle is reported now.
        while let Some(place) = self.agenda.take_report(now) {
            self.report(now, place);
        }
    }

    /// Reports now what has opened and not settled yet: nothing comes any more.
    pub fn finish(&mut self) {
        let settled = self.now.after(self.rules.thresholds.settle);
        for server in self.servers.iter_mut() {
            server.report_opened(settled, &self.rules, &mut self.changes);
        }
    }

    /// Reports what has opened at the service at that place, and settled.
    pub(super) fn report(&mut self, at: Time, place: usize) {
        self.explain(place);
        if let Some(server) = self.servers.at(place) {
            server.report_opened(at, &self.rules, &mut self.changes);
        }
    }

    /// Closes what a client has opened elsewhere that is known by then to scan.
    pub(super) fn close_scanned(&mut self, at: Time, after: After) {
        let Some(_) = after.scanner else { return };
        let rules = &self.rules;
        for service in after.scanned {
            let suspects = &self.suspects;
            let Some(server) = self.servers.get_mut(service) else {
                continue;
            };
            let mut outcome = Outcome::new(&mut self.changes, true);
            let scans = |client| suspects.scans(client, at, &rules.thresholds);
            server.close_scanned(at, scans, rules, &mut outcome);
        }
    }

    /// Plans when the service at that place is judged next: at the end of this second if an incident is open, for then
    /// something has changed.
    pub(super) fn plan(&mut self, place: usize) {
        let second = self.now.second();
        let Some(server) = self.servers.at(place) else {
            return;
        };
        let is_open = server.incidents.all_open().next().is_some();
        let due = if is_open {
            Some(second + 1)
        } else {
            server.next_due(second, &self.rules)
        };
        self.plan_at(place, due);
    }

    pub(super) fn plan_at(&mut self, place: usize, due: Option<u64>) {
        let (Some(server), Some(due)) = (self.servers.at(place), due) else {
            return;
        };
        if server.due.is_none_or(|planned| due < planned) {
            server.due = Some(due);
            self.agenda.judge(due, place);
        }
    }

    pub(super) fn judge_all_next(&mut self) {
        for place in 0..self.servers.len() {
            self.plan_at(place, Some(self.now.second() + 1));
        }
    }
}
