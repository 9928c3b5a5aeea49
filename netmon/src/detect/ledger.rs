//! The exchanges of one service, by the second in which the query was sent, and the last queries by their exact time.
//!
//! A door reports a second as often as it changes, and what it reports replaces what was known: nothing is counted
//! twice. A quiet second costs nothing: only seconds with queries are kept. Exact times say where in a second an incident
//! began or ended.

mod aside;
mod left_out;
mod near_end;
mod told;

use std::collections::VecDeque;
use std::ops::Range;

use aside::Aside;

use super::flow::Flow;
use super::limits::{EXACT_TIMES, SECONDS};
use crate::observation::Counts;
use crate::time::Time;

/// One second.
#[derive(Clone, Copy, Debug, Default)]
struct Second {
    number: u64,
    counts: [Counts; 2],
    aside: Aside,
    /// How many of the exact times are of this second.
    exact: u32,
    /// What is left out.
    left_out: Flow,
}

impl Second {
    fn flow(&self) -> Flow {
        let [recursive, iterative] = self.counts;
        let mut flow = Flow::from(recursive);
        flow += Flow::from(iterative);
        flow.aside = self.aside.answers();
        flow.take_off(self.left_out);
        flow
    }
}

/// A query whose exact time is kept.
#[derive(Clone, Copy, Debug)]
struct Exact {
    sent: Time,
    fate: Fate,
}

/// What became of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// Nothing, or nobody told of it.
    Unknown,
    Answered,
    /// A verified error came.
    Failed,
}

/// A moment in a second, and what of that second lies before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// The moment.
    pub at: Time,
    /// What was sent in its second, before it.
    pub before: Flow,
}

/// What of a second a moment does not part: a door that samples tells of few queries, and of fewer answers.
#[derive(Clone, Copy, Debug, Default)]
struct Rest {
    /// Queries that are not known by their time, the one at the moment apart.
    queries: u64,
    /// Queries that were sent before the moment, and of which it is not known whether they were answered.
    before: u64,
    /// Answers without a fault to queries of which that is not known.
    good: u64,
}

/// What is new in a second since it was reported last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct News {
    /// Queries.
    pub asked: u64,
    /// Queries that do not count any more: a SYN whose connection is there.
    pub taken_back: u64,
    /// Answers.
    pub answered: u64,
    /// Of these, faults.
    pub faults: u64,
    /// Queries that a verified error came to.
    pub failed: u64,
}

/// The exchanges of one service.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    seconds: VecDeque<Second>,
    exact: VecDeque<Exact>,
    /// Queries that do not count, and whether an error came to each.
    left_out: VecDeque<(Time, bool)>,
}

impl Ledger {
    /// Takes what is known of a second by now. What is new in it.
    pub fn set(&mut self, second: u64, iterative: bool, counts: Counts) -> News {
        let Some(known) = self.second_mut(second) else {
            return News::default();
        };
        let [recursive, of_resolvers] = &mut known.counts;
        let place = if iterative { of_resolvers } else { recursive };
        let before = std::mem::replace(place, counts);
        News {
            asked: counts.asked.saturating_sub(before.asked).into(),
            taken_back: before.asked.saturating_sub(counts.asked).into(),
            answered: counts.answered.saturating_sub(before.answered).into(),
            faults: counts.faults.total().saturating_sub(before.faults.total()).into(),
            failed: counts.failed.saturating_sub(before.failed).into(),
        }
    }

    /// The kept second of that number, which is made if it is not older than all that are kept.
    fn second_mut(&mut self, number: u64) -> Option<&mut Second> {
        let place = near_end::place(&self.seconds, |known| known.number < number);
        if self.seconds.get(place).is_none_or(|known| known.number != number) {
            if place == 0 && self.seconds.len() >= SECONDS {
                return None;
            }
            let new = Second {
                number,
                ..Second::default()
            };
            self.seconds.insert(place, new);
        }
        self.seconds.get_mut(place)
    }

    /// The oldest second, if it must go before a newer one comes. Whoever still needs it takes it now.
    pub fn leaving(&self, coming: u64) -> Option<(u64, Flow)> {
        let newest = self.seconds.back()?;
        // A query may have been told before its second is counted.
        let more = usize::from(newest.number < coming);
        if self.seconds.len() + more <= SECONDS {
            return None;
        }
        self.seconds.front().map(|second| (second.number, second.flow()))
    }

    /// Forgets the oldest second.
    pub fn leave(&mut self) {
        if let Some(gone) = self.seconds.pop_front() {
            for _ in 0..gone.exact {
                self.exact.pop_front();
            }
        }
    }

    /// Takes a query's exact time, where it is known.
    pub fn note_query(&mut self, sent: Time) {
        let Some(second) = self.second_mut(sent.second()) else {
            return;
        };
        second.exact += 1;
        // An answer to a later query may have come first.
        let place = near_end::place(&self.exact, |exact| exact.sent <= sent);
        let fate = Fate::Unknown;
        self.exact.insert(place, Exact { sent, fate });
        self.forget_oldest();
    }

    /// The query that was sent then was answered. Its time is known from now on, if it was not.
    pub fn note_answer(&mut self, sent: Time) {
        self.take_in(sent);
        self.note_fate(sent, Fate::Answered);
    }

    /// A verified error came about the query that was sent then. Its time is known from now on, if it was not.
    pub fn note_failure(&mut self, sent: Time) {
        self.note_fate(sent, Fate::Failed);
    }

    fn note_fate(&mut self, sent: Time, fate: Fate) {
        let place = near_end::place(&self.exact, |exact| exact.sent < sent);
        let mut same = self
            .exact
            .range_mut(place..)
            .take_while(|exact| exact.sent == sent)
            .peekable();
        let is_known = same.peek().is_some();
        // Of a query that failed and is answered all the same, the answer counts.
        let is_open = |exact: &&mut Exact| {
            exact.fate == Fate::Unknown || exact.fate == Fate::Failed && fate == Fate::Answered
        };
        if let Some(exact) = same.find(is_open) {
            exact.fate = fate;
            return;
        }
        if is_known || !self.has(sent.second()) {
            return;
        }
        if let Some(second) = self.second_mut(sent.second()) {
            second.exact += 1;
        }
        self.exact.insert(place, Exact { sent, fate });
        self.forget_oldest();
    }

    /// Of too many the oldest is forgotten; and those of seconds that are not kept any more.
    fn forget_oldest(&mut self) {
        let kept = self.seconds.front().map_or(0, |oldest| oldest.number);
        while let Some(oldest) = self.exact.front()
            && (self.exact.len() > EXACT_TIMES || oldest.sent.second() < kept)
        {
            let number = oldest.sent.second();
            self.exact.pop_front();
            if number >= kept
                && let Some(second) = self.second_mut(number)
            {
                second.exact = second.exact.saturating_sub(1);
            }
        }
    }

    /// The beginning or the end of a span, with what is known by now of the queries of its second that were sent at the moment
    /// or later: a door may have counted some of them already when the moment was known.
    pub fn refine(&self, cut: Cut) -> Cut {
        let Some(second) = self.find(cut.at.second()) else {
            return cut;
        };
        let all = second.flow();
        let later = self.exact_between(cut.at, Time::at_second(cut.at.second() + 1));
        let mut before = cut.before;
        before.queries = before.queries.min(all.queries.saturating_sub(later.queries));
        before.answers = before.answers.min(all.answers.saturating_sub(later.answers));
        Cut { before, ..cut }
    }

    /// The same for the beginning, where what was sent before may be answered later.
    pub fn refine_beginning(&self, cut: Cut) -> Cut {
        let mut cut = self.refine(cut);
        let known = self.exact_between(Time::at_second(cut.at.second()), cut.at);
        cut.before.answers = cut.before.answers.max(known.answers);
        cut
    }

    /// The moment as the beginning of a span, or as an end that is no answer. What of its second lies before it is known as
    /// far as its queries are known by their exact time. Answers by now are taken to be to those that were sent before; if
    /// there are more, to queries that are not known by their time and that were sent before as well, and no more.
    pub fn cut(&self, at: Time) -> Cut {
        let (mut before, rest) = self.known_before(at);
        let unknown = rest.good.saturating_sub(rest.before).min(rest.queries);
        before.queries += unknown;
        before.answers += rest.good.min(rest.before) + unknown;
        Cut { at, before }
    }

    /// The moment as the end of a span: an answer came then, the newest thing that is known. So all that is known of its second
    /// lies before it, but for what is known to be sent later. Where nothing had been answered for some time (`is_first`), the
    /// answers that are counted by now, and not known one by one, are to later queries.
    pub fn cut_answered(&self, at: Time, is_first: bool) -> Cut {
        let all = self.find(at.second()).map_or_else(Flow::default, Second::flow);
        let known = self.exact_between(Time::at_second(at.second()), at);
        let later = self.exact_between(at, Time::at_second(at.second() + 1));
        let mut before = all;
        before.take_off(later);
        if is_first {
            let unknown = before.answers.saturating_sub(known.answers);
            before = Flow {
                queries: before.queries.saturating_sub(unknown),
                answers: known.answers,
                ..Flow::default()
            };
        }
        before.queries = before.queries.max(known.queries);
        before.answers = before.answers.max(known.answers).min(before.queries);
        Cut { at, before }
    }

    /// The queries that are known by their exact time, from `from` up to before `to`, and which of them are known to be answered.
    pub fn exact_between(&self, from: Time, to: Time) -> Flow {
        let place = |time: Time| self.exact.partition_point(|exact| exact.sent < time);
        let start = place(from);
        let known = self.exact.range(start..place(to).max(start));
        let mut flow = Flow::default();
        for exact in known {
            flow.queries += 1;
            flow.answers += u64::from(exact.fate == Fate::Answered);
        }
        flow
    }

    /// What of the moment's second is known to lie before it, and what is not known.
    fn known_before(&self, at: Time) -> (Flow, Rest) {
        let number = at.second();
        let Some(second) = self.find(number) else {
            return (Flow::default(), Rest::default());
        };
        let all = second.flow();
        let place = |time: Time| self.exact.partition_point(|exact| exact.sent < time);
        let (from, to) = (place(Time::at_second(number)), place(at));
        let end = place(Time::at_second(number + 1)).max(to);
        let of_fate = |fate: Fate, from: usize, to: usize| {
            let known = self.exact.range(from..to);
            known.filter(|exact| exact.fate == fate).count() as u64
        };
        let before = Flow {
            queries: (to - from) as u64,
            answers: of_fate(Fate::Answered, from, to),
            ..Flow::default()
        };
        let is_known = self.exact.get(to).is_some_and(|known| known.sent == at);
        let queries = all.queries.saturating_sub(u64::from(second.exact));
        let queries = queries.saturating_sub(u64::from(!is_known));
        let good = all.answers.saturating_sub(all.faults());
        let rest = Rest {
            queries,
            before: of_fate(Fate::Unknown, from, to),
            good: good.saturating_sub(of_fate(Fate::Answered, from, end)),
        };
        (before, rest)
    }

    /// Whether that second is kept.
    pub fn has(&self, number: u64) -> bool {
        self.find(number).is_some()
    }

    fn find(&self, number: u64) -> Option<&Second> {
        let place = near_end::place(&self.seconds, |known| known.number < number);
        self.seconds.get(place).filter(|known| known.number == number)
    }

    /// What was sent in the seconds from `from` up to before `to`.
    pub fn between(&self, from: u64, to: u64) -> Flow {
        let mut flow = Flow::default();
        let start = near_end::place(&self.seconds, |known| known.number < from);
        for second in self.seconds.range(start..).take_while(|known| known.number < to) {
            flow += second.flow();
        }
        flow
    }

    /// What was sent from that second on.
    pub fn since(&self, from: u64) -> Flow {
        self.between(from, u64::MAX)
    }

    /// What became of the last queries before that second, newest seconds first, of at least `queries` of them and none
    /// that was sent before `since`; `None` if there are fewer.
    pub fn last(&self, queries: u64, since: Cut, before: u64) -> Option<Flow> {
        let mut flow = Flow::default();
        let end = self.seconds.partition_point(|known| known.number < before);
        for second in self.seconds.range(..end).rev() {
            if second.number < since.at.second() {
                break;
            }
            flow += second.flow();
            if second.number == since.at.second() {
                flow.take_off(since.before);
            }
            if flow.queries >= queries {
                return Some(flow);
            }
        }
        None
    }

    /// The newest second with a query, if there is one.
    pub fn newest(&self) -> Option<u64> {
        self.seconds.back().map(|second| second.number)
    }

    /// The first of these seconds with so many answers that say that the server fails as it `fails` by.
    pub fn first_with_faults(&self, seconds: Range<u64>, fails: impl Fn(u64, u64) -> bool) -> Option<u64> {
        let place = self.seconds.partition_point(|known| known.number < seconds.start);
        let mut kept = self.seconds.range(place..);
        kept.find(|known| known.number >= seconds.end || fails(known.number, known.flow().faults()))
            .map(|known| known.number)
            .filter(|number| *number < seconds.end)
    }
}

#[cfg(test)]
mod tests;
