//! An incident that outlives the program: what is kept of it, and how it goes on.

use super::{Heard, Incident, Moment};
use crate::detect::causes::overload::Overload;
use crate::detect::distinct::Distinct;
use crate::detect::errors::{CodeCounts, Failures};
use crate::detect::memory::{Memory, Remembered, Unlisted};
use crate::detect::server::{Flow, Ledger};
use crate::detect::severity::SeverityJudge;
use crate::detect::waiting::Waiting;
use crate::model::{self, Wall};
use crate::observation::{Name, Service};
use crate::time::{Time, WallOffset};

/// The service that an incident belongs to.
pub(in crate::detect) const fn service_of(told: &model::Incident) -> Service {
    Service {
        server: told.server,
        port: told.port,
        transport: told.transport,
    }
}

impl Incident {
    /// What is kept of it beside what is told.
    pub fn memory(&self, ledger: &Ledger) -> Memory {
        let flow = self.flow(ledger);
        let newest = self.newest_failure();
        Memory {
            judged: flow.judged,
            servfail: flow.servfail,
            refused: flow.refused,
            silent: self.silent,
            errors: self.failures.total(),
            said: self.failures.memory(),
            answer_before_ns: self.severity.answer_before().and_then(|before| {
                let nanos = before.as_nanos();
                u64::try_from(nanos).ok()
            }),
            hit_are_answered: self.heard.query_of_named > newest,
            others_are_answered: self.failures.others_are_answered(self.heard.query_of_others),
            any_answer: self.heard.any,
            overload: self.overload.map(Overload::memory),
            unlisted: Unlisted {
                reporters: self.reporters.sketch(),
                clients: self.clients.sketch(),
                names: self.names.sketch(),
            },
        }
    }

    /// The incident of an earlier run, from `now` on. Moments before the clock's zero count as that zero, but
    /// are told as they were.
    pub fn restore(remembered: &Remembered, now: Time, offset: WallOffset) -> Self {
        let Remembered {
            incident: told,
            memory,
        } = remembered;
        let moment = |wall: Wall| Moment {
            time: offset.time(wall.0).min(now),
            wall: wall.0,
        };
        let last_seen = moment(told.last_seen);
        let closed = told
            .closed
            .zip(told.closed_because)
            .map(|(closed, because)| (moment(closed), because));
        let mut counts = CodeCounts::default();
        for (code, errors) in told.errors.each() {
            counts.add(code, errors);
        }
        let opened = moment(told.opened);
        let just_after = |time: Time| time.after(std::time::Duration::from_nanos(1));
        let flow = Flow {
            queries: told.queries,
            answers: told.answers,
            judged: memory.judged,
            servfail: memory.servfail,
            refused: memory.refused,
        };
        Self {
            kind: told.kind,
            service: service_of(told),
            id: told.id.clone(),
            began: moment(told.began),
            opened,
            last_seen: Some(last_seen),
            // What is judged over some time is judged over a time that was watched.
            resumed: now,
            closed,
            reopened: told.reopened,
            severity: SeverityJudge::restore(told.is_down(), last_seen.time, memory.answer_before_ns),
            settled: flow,
            settled_to: now.second(),
            counts,
            verified: told.verified,
            reporters: Distinct::restore(told.reporters.clone(), &memory.unlisted.reporters),
            clients: Distinct::restore(told.clients.clone(), &memory.unlisted.clients),
            names: Distinct::restore(
                told.names.iter().map(|name| Name::new(name)).collect(),
                &memory.unlisted.names,
            ),
            failures: Failures::restore(memory, opened.time),
            silent: memory.silent,
            waiting: Waiting::default(),
            heard: Heard {
                query_of_named: memory.hit_are_answered.then(|| just_after(last_seen.time)),
                query_of_others: memory.others_are_answered.then(|| just_after(opened.time)),
                any: memory.any_answer,
            },
            overload: memory.overload.map(Overload::restore),
            changed: false,
            told: flow,
        }
    }

    /// When it closed, as it is told.
    pub fn closed_wall(&self) -> Option<Wall> {
        self.closed.map(|(closed, _)| Wall(closed.wall))
    }
}
