//! What came to and from one server, by whole seconds, and the last packets by their exact time.
//!
//! A quiet second costs nothing: only seconds with traffic are kept.

mod exact;

use std::collections::VecDeque;

use crate::detect::limits::SECONDS;
use crate::detect::recent::Window;
use crate::observation::Counts;
use crate::time::Time;

use exact::{ANSWER, Before, JUDGED, nanos_into_second};

/// Why an answer is a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) enum Fault {
    /// SERVFAIL.
    ServFail,
    /// REFUSED, by a server that is not this host's own.
    Refused,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::detect) struct Flow {
    /// Queries.
    pub queries: u64,
    /// Answers.
    pub answers: u64,
    /// Answers that are judged: iterative queries' are not.
    pub judged: u64,
    /// Of these, SERVFAIL.
    pub servfail: u64,
    /// Of these, REFUSED that counts.
    pub refused: u64,
}

impl Flow {
    /// Answers that are failures.
    pub fn failed(self) -> u64 {
        self.servfail + self.refused
    }

    fn add(&mut self, second: &Second) {
        self.queries += u64::from(second.queries);
        self.answers += u64::from(second.answers);
        self.judged += u64::from(second.judged);
        self.servfail += u64::from(second.servfail);
        self.refused += u64::from(second.refused);
    }
}

impl std::ops::AddAssign for Flow {
    fn add_assign(&mut self, other: Self) {
        self.queries += other.queries;
        self.answers += other.answers;
        self.judged += other.judged;
        self.servfail += other.servfail;
        self.refused += other.refused;
    }
}

/// One second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    number: u64,
    queries: u32,
    answers: u32,
    /// Queries whose silence may open an incident.
    asked: u32,
    /// Of these, sent at the very start of the second.
    asked_at_start: u32,
    judged: u32,
    servfail: u32,
    refused: u32,
    /// How many of the exact times are of this second.
    exact: u32,
    /// What is taken to have come before an incident that began in this second, besides what is known to have.
    before: Before,
}

/// What came to and from one server.
#[derive(Debug, Default)]
pub(in crate::detect) struct Ledger {
    latest: Second,
    earlier: VecDeque<Second>,
    /// Nanoseconds into the second, with [`ANSWER`] and [`JUDGED`]; in the order of time.
    exact: VecDeque<u32>,
    /// Packets seen by themselves that will come again in [`Counts`].
    untold: Untold,
}

#[derive(Clone, Copy, Debug, Default)]
struct Untold {
    queries: u64,
    answers: u64,
    /// Of the answers, those that are judged, and failures.
    failed: u64,
    /// Of the queries, those whose silence may open an incident.
    asked: u64,
}

impl Ledger {
    /// Takes a query: `asked` tells whether its silence may open an incident.
    pub fn query(&mut self, at: Time, counted_here: bool, asked: bool) {
        self.turn(at.second());
        if counted_here {
            let asked = u32::from(asked);
            self.latest.queries += 1;
            self.latest.asked += asked;
            if at == Time::at_second(self.latest.number) {
                self.latest.asked_at_start += asked;
            }
        } else {
            self.untold.queries += 1;
            self.untold.asked += u64::from(asked);
        }
        self.keep(nanos_into_second(at));
    }

    /// Takes an answer: `judged` tells whether it may open an incident.
    pub fn answer(&mut self, at: Time, counted_here: bool, judged: bool, fault: Option<Fault>) {
        self.turn(at.second());
        if counted_here {
            self.latest.answers += 1;
            if judged {
                self.latest.judged += 1;
                match fault {
                    Some(Fault::ServFail) => self.latest.servfail += 1,
                    Some(Fault::Refused) => self.latest.refused += 1,
                    None => {}
                }
            }
        } else {
            self.untold.answers += 1;
            self.untold.failed += u64::from(judged && fault.is_some());
        }
        self.keep(nanos_into_second(at) | ANSWER | if judged { JUDGED } else { 0 });
    }

    /// Takes what was counted of a second; `counts.refused` are those that count. Returns what was not yet seen
    /// packet by packet.
    pub fn counts(&mut self, second: u64, counts: &Counts, asked: bool) -> News {
        self.turn(second);
        let latest = &mut self.latest;
        add(&mut latest.queries, counts.queries);
        add(&mut latest.answers, counts.answers);
        if asked {
            add(&mut latest.asked, counts.queries);
            add(&mut latest.judged, counts.answers);
            add(&mut latest.servfail, counts.servfail);
            add(&mut latest.refused, counts.refused);
            self.untold.asked = self.untold.asked.saturating_sub(counts.queries);
        }
        News {
            queries: tell(&mut self.untold.queries, counts.queries),
            answers: tell(&mut self.untold.answers, counts.answers),
            failed: tell(
                &mut self.untold.failed,
                counts.servfail.saturating_add(counts.refused),
            ),
        }
    }

    /// What was counted from `began` on, in the seconds from `from` up to before `to`.
    ///
    /// In `began`'s own second what is known to have come before it is left out.
    pub fn flow(&self, began: Time, from: u64, to: u64) -> Flow {
        let mut flow = Flow::default();
        for second in self.seconds_from(from.max(began.second())) {
            if second.number < to {
                flow.add(second);
            }
        }
        if (from..to).contains(&began.second()) {
            self.leave_out(&mut flow, began);
        }
        flow
    }

    /// The same up to now, with what was seen by itself and will come in [`Counts`].
    pub fn flow_now(&self, began: Time, from: u64) -> Flow {
        let mut flow = Flow::default();
        for second in self.seconds_from(from.max(began.second())) {
            flow.add(second);
        }
        flow.queries += self.untold.queries;
        flow.answers += self.untold.answers;
        if from <= began.second() {
            self.leave_out(&mut flow, began);
        }
        flow
    }

    /// How many queries came in the window whose silence may open an incident; those after the `before` first
    /// ones of the second `since`.
    pub fn asked(&self, at: u64, window: Window, since: u64, before: u64) -> u64 {
        let oldest = at.saturating_sub(window.oldest).max(since);
        let youngest = at.saturating_sub(window.youngest);
        self.seconds_from(oldest)
            .filter(|second| second.number <= youngest)
            .map(
                |second| match (second.number == youngest, second.number == since) {
                    (false, false) => u64::from(second.asked),
                    (false, true) => u64::from(second.asked).saturating_sub(before),
                    (true, false) => u64::from(second.asked_at_start),
                    (true, true) => u64::from(second.asked_at_start).saturating_sub(before),
                },
            )
            .sum()
    }

    /// How many queries of the running second could open an incident by their silence.
    pub fn asked_now(&self, second: u64) -> u64 {
        if self.latest.number == second {
            u64::from(self.latest.asked) + self.untold.asked
        } else {
            0
        }
    }

    /// What was counted in the `seconds` before the whole second `at`.
    pub fn before(&self, at: u64, seconds: u64) -> Flow {
        let mut flow = Flow::default();
        for second in self.seconds_from(at.saturating_sub(seconds)) {
            if second.number < at {
                flow.add(second);
            }
        }
        flow
    }

    /// The kept seconds from that one on, newest first.
    fn seconds_from(&self, from: u64) -> impl Iterator<Item = &Second> {
        std::iter::once(&self.latest)
            .chain(self.earlier.iter().rev())
            .take_while(move |second| second.number >= from)
    }

    fn turn(&mut self, second: u64) {
        if second <= self.latest.number {
            return;
        }
        if self.earlier.len() == SECONDS {
            self.earlier.pop_front();
        }
        self.earlier.push_back(self.latest);
        self.latest = Second {
            number: second,
            ..Second::default()
        };
    }
}

/// What counts of a second told beyond what had been seen packet by packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) struct News {
    /// Queries.
    pub queries: u64,
    /// Answers.
    pub answers: u64,
    /// Of these, failures.
    pub failed: u64,
}

fn tell(untold: &mut u64, told: u64) -> u64 {
    let known = told.min(*untold);
    *untold -= known;
    told - known
}

fn add(count: &mut u32, more: u64) {
    *count = count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::limits::EXACT_TIMES;
    use crate::time::SECOND_NS;

    #[test]
    fn only_so_many_seconds_and_exact_times_are_kept() {
        let mut ledger = Ledger::default();
        for second in 0..10_000 {
            for nanos in 0..3 {
                ledger.query(Time::from_nanos(second * SECOND_NS + nanos), true, true);
            }
        }
        assert_eq!((ledger.earlier.len(), ledger.exact.len()), (SECONDS, EXACT_TIMES));
        assert_eq!(
            ledger.flow_now(Time::default(), 0).queries,
            3 * (SECONDS as u64 + 1)
        );
    }

    #[test]
    fn quiet_seconds_take_no_place() {
        let mut ledger = Ledger::default();
        for minute in 0..100 {
            ledger.query(Time::at_second(minute * 60), true, true);
        }
        assert_eq!(ledger.flow_now(Time::default(), 0).queries, 100);
    }

    #[test]
    fn counts_tell_only_what_was_not_seen() {
        let mut ledger = Ledger::default();
        let counts = Counts {
            queries: 5,
            answers: 1,
            servfail: 1,
            refused: 0,
            failures: [0; 6],
        };
        ledger.query(Time::from_nanos(1), false, true);
        ledger.answer(Time::from_nanos(2), false, true, Some(Fault::ServFail));
        let news = ledger.counts(0, &counts, true);
        assert_eq!((news.queries, news.answers, news.failed), (4, 0, 0));
    }

    /// Counts of the running second, seen by nobody.
    fn counted(queries: u64, answers: u64) -> Counts {
        Counts {
            queries,
            answers,
            ..Counts::default()
        }
    }

    #[test]
    fn what_was_answered_before_the_first_query_that_failed_is_left_out_although_nobody_saw_it() {
        // Three queries of which the first was seen, two answers; the third query fails at 0.9 s.
        let mut ledger = Ledger::default();
        ledger.query(Time::from_nanos(100_000_000), false, true);
        ledger.counts(0, &counted(3, 2), true);
        let began = Time::from_nanos(900_000_000);
        ledger.begin(began);
        let flow = ledger.flow_now(began, 0);
        assert_eq!((flow.queries, flow.answers), (1, 0));
        // What comes later in that second counts.
        ledger.counts(0, &counted(4, 1), true);
        let flow = ledger.flow_now(began, 0);
        assert_eq!((flow.queries, flow.answers), (5, 1));
    }

    #[test]
    fn the_query_that_failed_is_never_left_out() {
        let mut ledger = Ledger::default();
        ledger.counts(0, &counted(2, 7), true);
        let began = Time::from_nanos(900_000_000);
        ledger.begin(began);
        assert_eq!(ledger.flow_now(began, 0).queries, 1);
    }

    #[test]
    fn where_all_packets_were_seen_only_their_times_decide() {
        let mut ledger = Ledger::default();
        for millis in [100, 300, 500, 700] {
            ledger.query(Time::from_nanos(millis * 1_000_000), true, true);
            ledger.answer(Time::from_nanos((millis + 50) * 1_000_000), true, true, None);
        }
        let began = Time::from_nanos(500_000_000);
        ledger.begin(began);
        let flow = ledger.flow_now(began, 0);
        assert_eq!((flow.queries, flow.answers), (2, 2));
    }
}
