//! How what the kinds decide changes the incidents of a service.

use netmon_common::Address;

use super::{Outcome, Tracked};
use crate::detect::change::Change;
use crate::detect::decided::Failure;
use crate::detect::incident::Incident;
use crate::detect::kinds::{self, Context, Course, Verdict, is_idle};
use crate::detect::limits::REPORTED_EVERY;
use crate::detect::overload;
use crate::detect::rules::Rules;
use crate::detect::show::report;
use crate::model::{CloseReason, Happened, Kind};
use crate::time::Time;

impl Tracked {
    /// Judges the second that ended at `at`. Whether an incident did not open because an answer would not be seen.
    pub fn judge(
        &mut self,
        at: Time,
        rules: &Rules,
        would_be_seen: &dyn Fn(Address) -> bool,
        outcome: &mut Outcome<'_>,
    ) -> bool {
        let thresholds = &rules.thresholds;
        let lost = thresholds.lost_queries();
        let failed = self.facts.faults.decide(at, thresholds.failing_retry, lost);
        let mut one_direction = false;
        for book in &kinds::ALL {
            if let Some(mut incident) = self.incidents.take(book.kind) {
                let is_unreachable = self.incidents.is_open(Kind::Unreachable);
                if incident.is_open() && incident.is_judged(is_unreachable) {
                    if incident.kind == Kind::Failing {
                        for Failure { sent, client, name } in &failed {
                            incident.wait(*sent, Some(client), name.as_ref());
                        }
                    }
                    let course = (book.follow)(&incident, &self.facts, at, rules);
                    self.follow(&mut incident, course, at, rules, outcome);
                }
                if incident.is_open() || incident.may_reopen(at, rules) {
                    self.incidents.put(incident);
                }
            }
            if self.incidents.is_open(book.kind) || is_idle(&self.facts, at, rules) {
                continue;
            }
            let context = Context {
                rules,
                is_unreachable: self.incidents.is_open(Kind::Unreachable),
                would_be_seen,
            };
            let verdict = (book.opens)(&self.facts, at, &context);
            match verdict {
                Verdict::Nothing => {}
                Verdict::OneDirection => one_direction = true,
                Verdict::Opens(_) | Verdict::OpensForDomain(_) if !outcome.has_room => outcome.refused = true,
                Verdict::Opens(began) | Verdict::OpensForDomain(began) => {
                    let mut incident = self.begin(book.kind, began, at, rules);
                    incident.lost_domain = matches!(verdict, Verdict::OpensForDomain(_));
                    self.fill(&mut incident, at, rules);
                    let course = (book.follow)(&incident, &self.facts, at, rules);
                    self.follow(&mut incident, course, at, rules, outcome);
                    match course.all_fail {
                        Some(all) => incident.judge_opening(!all, rules),
                        None => self.look_at_others(&mut incident, began, rules),
                    }
                    self.incidents.put(incident);
                    outcome.opened = true;
                }
            }
        }
        if self.facts.silence.is_over(at, rules.keep()) {
            self.facts.silence.end(at, 0);
        }
        one_direction
    }

    /// What has become of an open incident follows.
    fn follow(
        &self,
        incident: &mut Incident,
        course: Course,
        at: Time,
        rules: &Rules,
        outcome: &mut Outcome<'_>,
    ) {
        if let Some(by) = course.waited {
            if incident.kind == Kind::Unanswered {
                for syn in self.facts.silence.syns_by(by) {
                    incident.wait(syn.at, Some(&syn.client), None);
                }
            }
            incident.waited(by);
        }
        if let Some(silent) = course.silent {
            incident.silent = silent;
        }
        if let Some(failure) = course.failure {
            incident.fail(failure, rules);
        }
        if let Some((recovered, end)) = course.recovered {
            incident.recover(recovered, end, rules.offset);
            if let Some(last) = course.last_failure {
                incident.seen_last(last, rules);
            }
        }
        let others = match (course.all_fail, incident.kind) {
            (Some(all), _) => Some(!all),
            // Nobody was answered: nothing says that it is any better, or worse.
            (None, Kind::Failing) => None,
            (None, _) => Some(self.others_are_answered(incident, at, rules)),
        };
        if let Some(others) = others {
            incident.judge_severity(at, others, rules);
        }
        let closes = course
            .closes
            .or(is_idle(&self.facts, at, rules).then_some(CloseReason::Idle));
        if let Some(because) = closes {
            self.report_closed(incident, at, because, rules, outcome);
        } else if incident.is_reported && incident.may_have_news(&self.facts.ledger) {
            report(
                Happened::Updated,
                incident,
                &self.facts.ledger,
                rules,
                outcome.changes,
            );
        }
    }

    /// An incident that opens: the one of that kind again that closed not long ago, or a new one.
    pub(super) fn begin(&mut self, kind: Kind, began: Time, at: Time, rules: &Rules) -> Box<Incident> {
        let facts = &self.facts;
        if let Some(mut known) = self.incidents.take(kind)
            && known.may_reopen(at, rules)
        {
            known.reopen(at);
            known.heard.answer_since_began = facts.answered.newest_to_query_since(known.began());
            return known;
        }
        let cut = facts.ledger.cut(began);
        let mut incident = Box::new(Incident::new(kind, facts.service, cut, at, rules));
        incident.heard.answer_since_began = facts.answered.newest_to_query_since(began);
        incident.count_early_errors(&facts.early_errors, began..);
        incident.note_early_moves(&facts.moved, began..);
        facts
            .crowded
            .into_iter()
            .for_each(|second| incident.is_sampled(second));
        incident.overload = overload::judge(facts, began, rules);
        incident
    }

    /// Fills an incident that opens at a whole second with what led to it.
    fn fill(&self, incident: &mut Incident, at: Time, rules: &Rules) {
        let facts = &self.facts;
        match incident.kind {
            // Its packets fill it.
            Kind::Unreachable => {}
            Kind::Unanswered => {
                for client in facts.silence.clients.iter() {
                    incident.wait(client.first, Some(&client.value), None);
                }
                for name in facts.silence.names.iter() {
                    incident.wait(name.first, None, Some(&name.value));
                }
                if let Some(beyond) = &facts.silence.beyond {
                    incident.wait_too(beyond);
                }
            }
            Kind::Failing => {
                let from = Time::at_second(rules.failing_window().seconds(at.second()).0);
                let decided = &facts.faults.decided;
                decided.mark(from, &mut incident.clients, &mut incident.names);
                for Failure { sent, client, name } in decided.since(from) {
                    incident.wait(*sent, Some(client), name.as_ref());
                }
                if let Some(newest) = facts.faults.newest_failure() {
                    incident.fail(newest, rules);
                }
            }
        }
    }

    /// An incident opens: whom the service answered shortly before it began, and how bad it is.
    pub(super) fn look_at_others(&self, incident: &mut Incident, began: Time, rules: &Rules) {
        let (facts, thresholds) = (&self.facts, &rules.thresholds);
        let mut within = thresholds.down_window;
        if rules.samples_answers && facts.has_unseen_answers(began, within) {
            // They may be to clients of which an earlier one was reported.
            within = within.saturating_add(REPORTED_EVERY);
        }
        let answered = facts.answered.since(began, within);
        let answered: Vec<Address> = answered
            .filter(|(_, side)| incident.tells_apart(*side))
            .map(|(client, _)| client)
            .collect();
        // Answers right before, of which nobody saw a single one: they may have been anybody's.
        incident.others_unknown = answered.is_empty()
            && facts.last_answer.is_some_and(|answer| {
                facts.last_answer_seen.is_none_or(|seen| seen < answer)
                    && began.since(answer) <= thresholds.down_window_at_opening
            });
        incident.others = answered
            .into_iter()
            .filter(|client| !incident.may_have_hit(*client))
            .collect();
        let others = self.others_are_answered(incident, incident.resumed, rules);
        incident.judge_opening(others, rules);
    }

    /// Whether clients that have not failed are taken to be answered still: some were answered shortly before it began;
    /// the service has answered somebody since then, within some seconds; and one of the last queries was answered, if
    /// there have been so many.
    pub(super) fn others_are_answered(&self, incident: &Incident, at: Time, rules: &Rules) -> bool {
        let (facts, thresholds) = (&self.facts, &rules.thresholds);
        // Where it is over, nothing becomes worse because nobody asks.
        let is_over = |until: Time| incident.recovered.map_or(at, |recovered| recovered.time.min(at)) > until;
        if self
            .others_are_answered_until(incident, rules)
            .is_none_or(is_over)
        {
            return false;
        }
        let began = facts.ledger.cut(incident.began());
        let last = facts.ledger.last(thresholds.down_queries, began, at.second());
        last.is_none_or(|flow| flow.answers > 0)
    }

    /// How long others are taken to be answered still, if nobody is answered from now on. A time that was not watched does not
    /// count.
    fn others_are_answered_until(&self, incident: &Incident, rules: &Rules) -> Option<Time> {
        if incident.others.is_empty() && !incident.others_unknown {
            return None;
        }
        let facts = &self.facts;
        // Of an earlier run only that there were answers is known.
        let answer = facts.last_answer.unwrap_or(incident.resumed);
        let watched = answer.max(facts.gap_until.unwrap_or_default());
        Some(watched.after(rules.thresholds.down_window))
    }

    /// Closes an incident, if one of that kind is open.
    pub fn close(
        &mut self,
        kind: Kind,
        at: Time,
        because: CloseReason,
        rules: &Rules,
        outcome: &mut Outcome<'_>,
    ) {
        if let Some(mut incident) = self.incidents.take_open(kind) {
            self.report_closed(&mut incident, at, because, rules, outcome);
            self.incidents.put(incident);
        }
    }

    fn report_closed(
        &self,
        incident: &mut Incident,
        at: Time,
        because: CloseReason,
        rules: &Rules,
        outcome: &mut Outcome<'_>,
    ) {
        let ledger = &self.facts.ledger;
        incident.refine(ledger);
        if !incident.is_reported && because == CloseReason::Scan {
            // It says nothing about the server, and nobody knows of it.
            incident.close(at, because, rules.offset);
            return;
        }
        if !incident.is_reported {
            report(Happened::Opened, incident, ledger, rules, outcome.changes);
        }
        incident.close(at, because, rules.offset);
        report(Happened::Closed, incident, ledger, rules, outcome.changes);
    }

    /// Reports the incidents that opened long enough ago, and were not reported yet.
    pub fn report_opened(&mut self, now: Time, rules: &Rules, changes: &mut Vec<Change>) {
        let mut absorbed = None;
        for incident in self.incidents.all_open_mut() {
            if !incident.is_reported && now.since(incident.resumed) >= rules.thresholds.settle {
                report(Happened::Opened, incident, &self.facts.ledger, rules, changes);
                if incident.kind == Kind::Unreachable {
                    absorbed = Some(incident.resumed);
                }
            }
        }
        if let Some(at) = absorbed {
            let mut outcome = Outcome::new(changes, true);
            self.close(Kind::Unanswered, at, CloseReason::Superseded, rules, &mut outcome);
        }
    }

    /// Closes what is open, if nobody but such clients was hit: they scan, or have lost their network.
    pub fn close_scanned(
        &mut self,
        at: Time,
        scans: impl Fn(Address) -> bool,
        rules: &Rules,
        outcome: &mut Outcome<'_>,
    ) {
        for kind in Kind::ALL {
            let all_scan = self.incidents.open_mut(kind).is_some_and(|incident| {
                let (clients, _) = incident.hit();
                clients.more() == 0 && clients.listed().iter().all(|client| scans(*client))
            });
            if all_scan {
                self.close(kind, at, CloseReason::Scan, rules, outcome);
            }
        }
    }

    /// When it must be judged next although nothing happens, after that second.
    pub fn next_due(&self, second: u64, rules: &Rules) -> Option<u64> {
        let facts = &self.facts;
        let mut next: Option<u64> = None;
        let mut take = |due: Option<u64>| {
            let due = due.filter(|due| *due > second);
            next = match (next, due) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        };
        for book in &kinds::ALL {
            let incident = self.incidents.of(book.kind);
            let open = incident.filter(|incident| incident.is_open());
            take((book.next)(open, facts, second, rules));
            let Some(incident) = incident else { continue };
            if let Some((closed, _)) = incident.closed {
                take(Some(closed.time.after(rules.thresholds.reopen).ceil_second() + 1));
                continue;
            }
            take(Some(facts.idle_since.after(rules.thresholds.idle).ceil_second()));
            let changes = incident.severity.may_change_at(&rules.thresholds);
            take(changes.map(Time::ceil_second));
            let lonely = self.others_are_answered_until(incident, rules);
            take(lonely.map(|until| until.second() + 1));
        }
        next
    }
}
