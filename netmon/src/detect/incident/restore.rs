//! An incident that outlives the program: what is kept of it, and how it goes on.

use std::time::Duration;

use super::{Errors, Heard, Incident, Moment};
use crate::detect::distinct::Distinct;
use crate::detect::errors::Failures;
use crate::detect::failover::Failover;
use crate::detect::flow::Flow;
use crate::detect::ledger::{Cut, Ledger};
use crate::detect::overload::Overload;
use crate::detect::rules::Rules;
use crate::detect::severity::SeverityJudge;
use crate::detect::span::Span;
use crate::detect::waiting::Waiting;
use crate::model::Wall;
use crate::model::memory::{Memory, Remembered, Unlisted};
use crate::observation::Name;
use crate::time::Time;

impl Incident {
    /// What is kept of it beside what is reported.
    pub fn memory(&self, ledger: &Ledger) -> Memory {
        let flow = self.flow(ledger);
        let (clients, names) = self.hit();
        Memory {
            failed: flow.failed,
            servfail: flow.servfail,
            refused: flow.refused,
            other_faults: flow.other,
            silent: self.silent,
            errors: self.failures.total(),
            no_endpoints: self.failures.no_endpoints,
            said: self.failures.memory(),
            partly: self.severity.partly(),
            others_unknown: self.others_unknown || !self.others.is_empty(),
            hit_are_answered: self.heard.query_of_failed > self.last_error(),
            others_are_answered: self.failures.others_are_answered(self.served_others()),
            any_answer: self.heard.any,
            overload: self.overload.map(Overload::memory),
            lost_domain: self.lost_domain,
            is_behind: self.is_behind,
            unlisted: Unlisted {
                reporters: self.reporters.sketch(),
                clients: clients.sketch(),
                names: names.sketch(),
            },
        }
    }

    /// The incident of an earlier run, from `now` on. Moments before the clock's zero count as that zero, but
    /// are reported as they were.
    pub fn restore(remembered: &Remembered, now: Time, rules: &Rules) -> Self {
        let offset = rules.offset;
        let Remembered {
            incident: reported,
            memory,
        } = remembered;
        let moment = |wall: Wall| Moment {
            time: offset.time(wall.0).min(now),
            wall: wall.0,
        };
        let last_seen = moment(reported.last_seen);
        let closed = reported
            .closed
            .zip(reported.closed_because)
            .map(|(closed, because)| (moment(closed), because));
        let errors = Errors::restore(reported.errors.each(), reported.verified);
        let opened = moment(reported.opened);
        let just_after = |time: Time| time.after(Duration::from_nanos(1));
        let flow = Flow {
            queries: reported.queries,
            answers: reported.answers,
            failed: memory.failed,
            servfail: memory.servfail,
            refused: memory.refused,
            other: memory.other_faults,
            aside: 0,
        };
        let here = Ledger::default().cut(now);
        Self {
            kind: reported.kind,
            service: rules.service_of(reported),
            interface: reported.interface.clone(),
            id: reported.id.clone(),
            began: moment(reported.began),
            opened,
            last_seen: Some(last_seen),
            // What is judged over some time is judged over a time that was watched.
            resumed: now,
            recovered: reported.recovered.map(moment),
            closed,
            reopened: reported.reopened,
            severity: SeverityJudge::restore(reported.severity, now, last_seen.time, memory.partly),
            is_reported: true,
            span: Span::restore(flow, here),
            errors,
            superseded: None,
            errors_beyond: Errors::default(),
            failover: reported.failover.map(Failover::restore).unwrap_or_default(),
            failover_beyond: Failover::default(),
            reporters: Distinct::restore(reported.reporters.clone(), &memory.unlisted.reporters),
            clients: Distinct::restore(reported.clients.clone(), &memory.unlisted.clients),
            names: Distinct::restore(
                reported.names.iter().map(|name| Name::new(name)).collect(),
                &memory.unlisted.names,
            ),
            failures: Failures::restore(memory, opened.time),
            silent: memory.silent,
            waiting: Waiting::default(),
            heard: Heard {
                query_of_failed: memory.hit_are_answered.then(|| just_after(last_seen.time)),
                query_of_others: memory.others_are_answered.then(|| just_after(opened.time)),
                query_of_others_before: memory.others_are_answered.then(|| just_after(opened.time)),
                any: memory.any_answer,
                ..Heard::default()
            },
            others: Vec::new(),
            others_unknown: memory.others_unknown,
            overload: memory.overload.map(Overload::restore),
            lost_domain: memory.lost_domain,
            is_behind: memory.is_behind,
            because_of: reported.because_of.clone(),
            changed: false,
            counted: flow,
            reported: None,
        }
    }

    /// Its counts go on from there.
    pub fn go_on_from(&mut self, here: Cut) {
        self.span.begin(here);
        if self.recovered.is_some() {
            self.span.end(here);
        }
    }
}
