//! What came to and from one server, by whole seconds, and the last packets by their exact time.
//!
//! A quiet second costs nothing: only seconds with traffic are kept.

use std::collections::VecDeque;

use crate::detect::limits::{EXACT_TIMES, SECONDS};
use crate::detect::recent::Window;
use crate::observation::Counts;
use crate::time::{SECOND_NS, Time};

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
    before: Untold,
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
}

/// Marks the exact time of an answer. Nanoseconds into a second need 30 bits.
const ANSWER: u32 = 1 << 31;
/// Marks the exact time of an answer that is judged.
const JUDGED: u32 = 1 << 30;
/// The nanoseconds.
const NANOS: u32 = JUDGED - 1;

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
        }
        News {
            queries: tell(&mut self.untold.queries, counts.queries),
            answers: tell(&mut self.untold.answers, counts.answers),
        }
    }

    /// The server becomes unreachable with a query of that time. What was counted of that second so far, and never seen packet
    /// by packet, has no time: as many queries as there were answers are taken to have come before, and all
    /// the answers, because the query that failed is a later one.
    pub fn begin(&mut self, began: Time) {
        let nanos = nanos_into_second(began);
        let mut seen = Untold::default();
        let mut seen_before = 0;
        let mut failed_is_seen = false;
        for time in self.exact_times(began.second()).into_iter().flatten() {
            if time & ANSWER != 0 {
                seen.answers += 1;
            } else {
                seen.queries += 1;
                seen_before += u64::from(time & NANOS < nanos);
                failed_is_seen |= time & NANOS == nanos;
            }
        }
        let latest = std::iter::once(&mut self.latest);
        let mut seconds = latest.chain(self.earlier.iter_mut().rev());
        let Some(second) = seconds.find(|second| second.number == began.second()) else {
            return;
        };
        let unseen = u64::from(second.queries).saturating_sub(seen.queries);
        let answered = u64::from(second.answers).saturating_sub(seen_before);
        second.before = Untold {
            queries: answered.min(unseen.saturating_sub(u64::from(!failed_is_seen))),
            answers: u64::from(second.answers).saturating_sub(seen.answers),
        };
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
            u64::from(self.latest.asked)
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

    fn keep(&mut self, exact: u32) {
        if self.exact.len() == EXACT_TIMES {
            self.exact.pop_front();
        }
        self.exact.push_back(exact);
        self.latest.exact += 1;
    }

    /// Takes off what came in `began`'s second, before it.
    fn leave_out(&self, flow: &mut Flow, began: Time) {
        let Some(second) = self
            .seconds_from(began.second())
            .find(|second| second.number == began.second())
        else {
            return;
        };
        flow.queries = flow.queries.saturating_sub(second.before.queries);
        flow.answers = flow.answers.saturating_sub(second.before.answers);
        // Where the first exact times are forgotten, the second is counted whole.
        for time in self.exact_times(began.second()).into_iter().flatten() {
            if time & NANOS < nanos_into_second(began) {
                let (answer, judged) = (u64::from(time & ANSWER != 0), u64::from(time & JUDGED != 0));
                flow.queries = flow.queries.saturating_sub(1 - answer);
                flow.answers = flow.answers.saturating_sub(answer);
                flow.judged = flow.judged.saturating_sub(judged);
            }
        }
    }

    /// The exact times of the packets of that second that were seen by themselves; `None` if some of them are
    /// forgotten.
    fn exact_times(&self, second: u64) -> Option<impl Iterator<Item = u32> + '_> {
        let newer: u32 = self
            .seconds_from(second.saturating_add(1))
            .map(|newer| newer.exact)
            .sum();
        let exact = self
            .seconds_from(second)
            .find(|kept| kept.number == second)
            .map_or(0, |kept| kept.exact);
        let (newer, exact) = (usize::try_from(newer).ok()?, usize::try_from(exact).ok()?);
        let to = self.exact.len().checked_sub(newer)?;
        let from = to.checked_sub(exact)?;
        Some(self.exact.range(from..to).copied())
    }
}

/// What counts of a second told beyond what had been seen packet by packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::detect) struct News {
    /// Queries.
    pub queries: u64,
    /// Answers.
    pub answers: u64,
}

fn tell(untold: &mut u64, told: u64) -> u64 {
    let known = told.min(*untold);
    *untold -= known;
    told - known
}

fn add(count: &mut u32, more: u64) {
    *count = count.saturating_add(u32::try_from(more).unwrap_or(u32::MAX));
}

fn nanos_into_second(at: Time) -> u32 {
    u32::try_from(at.nanos() % SECOND_NS).unwrap_or(0)
}
