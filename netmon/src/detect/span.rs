//! What an incident counts: exchanges from one moment on, up to another one or up to now.

use super::flow::Flow;
use super::ledger::{Cut, Ledger};

/// What is counted from one moment on, up to another one or up to now. Seconds that leave the ledger are kept in sum.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    first: Option<Cut>,
    last: Option<Cut>,
    /// What left the ledger, up to `last`.
    settled: Flow,
    /// What left the ledger, from `last` on.
    beyond: Flow,
}

impl Span {
    /// From that moment on.
    pub fn from(first: Cut) -> Self {
        Self {
            first: Some(first),
            ..Self::default()
        }
    }

    /// One of an earlier run, whose counts go on from `now`.
    pub fn restore(settled: Flow, now: Cut) -> Self {
        Self {
            first: Some(now),
            settled,
            ..Self::default()
        }
    }

    /// Where it begins.
    pub fn begin(&mut self, first: Cut) {
        self.first = Some(first);
    }

    /// Where it ends.
    pub fn end(&mut self, last: Cut) {
        self.last = Some(last);
    }

    /// What is known by now of its end is all that will be.
    pub fn refine(&mut self, ledger: &Ledger) {
        self.last = self.last.map(|last| ledger.refine(last));
    }

    /// It goes on.
    pub fn resume(&mut self) {
        self.last = None;
        let beyond = std::mem::take(&mut self.beyond);
        self.settled += beyond;
    }

    /// A second leaves the ledger.
    pub fn settle(&mut self, number: u64, flow: Flow, ledger: &Ledger) {
        let Some(first) = self.first else { return };
        if number < first.at.second() {
            return;
        }
        let first = ledger.refine(first);
        let mut flow = flow;
        if number == first.at.second() {
            flow.take_off(first.before);
        }
        match self.last {
            Some(last) if number > last.at.second() => self.beyond += flow,
            Some(last) if number == last.at.second() => {
                let mut inside = last.before;
                if number == first.at.second() {
                    inside.take_off(first.before);
                }
                flow.take_off(inside);
                self.settled += inside;
                self.beyond += flow;
            }
            Some(_) | None => self.settled += flow,
        }
    }

    /// Whether it began before that second, and nothing in it was answered until then.
    pub fn is_silent_before(&self, second: u64, ledger: &Ledger) -> bool {
        let begins = self.first.map(|first| first.at.second());
        begins.is_some_and(|begins| begins < second) && self.until(second, ledger).answers == 0
    }

    /// What is counted in it before that second, which is later than the one that it began in.
    fn until(&self, second: u64, ledger: &Ledger) -> Flow {
        let mut flow = self.settled;
        if let Some(first) = self.first {
            let first = ledger.refine(first);
            let from = first.at.second();
            let mut begun = ledger.between(from, from + 1);
            begun.take_off(first.before);
            flow += begun;
            flow += ledger.between(from + 1, second);
        }
        flow
    }

    /// What is counted in it.
    pub fn flow(&self, ledger: &Ledger) -> Flow {
        let Some(first) = self.first else {
            return self.settled;
        };
        match self.last {
            None => self.until(u64::MAX, ledger),
            Some(last) if last.at <= first.at => self.settled,
            Some(last) => {
                let (first, last) = (ledger.refine(first), ledger.refine(last));
                let to = last.at.second();
                let mut ended = if ledger.has(to) {
                    last.before
                } else {
                    Flow::default()
                };
                let mut flow = if to == first.at.second() {
                    ended.take_off(first.before);
                    self.settled
                } else {
                    self.until(to, ledger)
                };
                flow += ended;
                flow
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::limits::SECONDS;
    use crate::observation::Counts;
    use crate::time::Time;

    fn counts(asked: u32, answered: u32) -> Counts {
        Counts {
            asked,
            answered,
            ..Counts::default()
        }
    }

    fn at(millis: u64) -> Time {
        Time::from_nanos(millis * 1_000_000)
    }

    #[test]
    fn a_span_is_cut_exactly_where_all_queries_of_the_second_are_known() {
        let mut ledger = Ledger::default();
        for millis in [100, 300, 500, 700] {
            ledger.note_query(at(millis));
            ledger.note_answer(at(millis));
        }
        ledger.set(0, false, counts(4, 4));
        let mut span = Span::from(ledger.cut(at(300)));
        assert_eq!((span.flow(&ledger).queries, span.flow(&ledger).answers), (3, 3));
        span.end(ledger.cut_answered(at(700)));
        assert_eq!((span.flow(&ledger).queries, span.flow(&ledger).answers), (2, 2));
        span.resume();
        assert_eq!(span.flow(&ledger).queries, 3);
    }

    #[test]
    fn a_span_is_silent_until_the_second_of_its_first_answer_unless_it_began_in_it() {
        let mut ledger = Ledger::default();
        ledger.set(0, false, counts(3, 1));
        let span = Span::from(ledger.cut(at(900)));
        ledger.set(1, false, counts(2, 0));
        ledger.set(2, false, counts(2, 2));
        let silent: Vec<_> = (0..4)
            .map(|second| span.is_silent_before(second, &ledger))
            .collect();
        assert_eq!(silent, [false, true, true, false]);
    }

    #[test]
    fn where_queries_are_sampled_those_that_were_answered_came_before_the_first_that_failed() {
        let mut ledger = Ledger::default();
        ledger.set(0, false, counts(3, 2));
        ledger.note_query(at(900));
        let span = Span::from(ledger.cut(at(900)));
        assert_eq!((span.flow(&ledger).queries, span.flow(&ledger).answers), (1, 0));
        ledger.set(0, false, counts(7, 3));
        assert_eq!((span.flow(&ledger).queries, span.flow(&ledger).answers), (5, 1));
    }

    #[test]
    fn what_turns_out_to_be_sent_after_the_beginning_counts() {
        let mut ledger = Ledger::default();
        // An answer to a later query is counted already when the event of the failure is read.
        ledger.set(0, false, counts(4, 3));
        ledger.note_query(at(500));
        let mut span = Span::from(ledger.cut(at(500)));
        assert_eq!(span.flow(&ledger).queries, 1);
        ledger.note_answer(at(501));
        assert_eq!((span.flow(&ledger).queries, span.flow(&ledger).answers), (2, 1));
        for second in 1..=SECONDS as u64 {
            while let Some((number, flow)) = ledger.leaving(second) {
                span.settle(number, flow, &ledger);
                ledger.leave();
            }
            ledger.set(second, false, counts(0, 0));
        }
        assert_eq!((span.flow(&ledger).queries, span.flow(&ledger).answers), (2, 1));
    }

    #[test]
    fn a_span_counts_on_when_its_seconds_leave_the_ledger() {
        let mut ledger = Ledger::default();
        ledger.set(1, false, counts(2, 0));
        let mut span = Span::from(ledger.cut(Time::at_second(1)));
        for second in 2..1_000 {
            while let Some((number, flow)) = ledger.leaving(second) {
                span.settle(number, flow, &ledger);
                ledger.leave();
            }
            ledger.set(second, false, counts(2, 0));
            if second == 600 {
                span.end(ledger.cut(Time::at_second(600)));
            }
        }
        assert_eq!(span.flow(&ledger).queries, 2 * 599);
        span.resume();
        assert_eq!(span.flow(&ledger).queries, 2 * 999);
    }
}
