//! What an incident counts: exchanges from one moment on, up to another one or up to now.

use super::flow::Flow;
use super::ledger::{Cut, Ledger};
use crate::observation::Answered;
use crate::time::Time;

/// What is counted from one moment on, up to another one or up to now. Seconds that leave the ledger are kept in sum.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    first: Option<Cut>,
    last: Option<End>,
    /// What left the ledger, up to `last`.
    settled: Flow,
    /// What left the ledger, from `last` on.
    beyond: Flow,
}

/// Where a span ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct End {
    cut: Cut,
    /// Of what lies before the cut in its second, what does not count: the query whose answer ends the span, and that answer. It is
    /// taken off when all that is known of the cut is.
    within: Flow,
    /// Of the seconds before, what does not count: the query whose answer ends the span, and what was answered then or later.
    not_in_it: Flow,
    /// Whether nothing of the seconds before had been answered: what is counted later came later.
    is_silent: bool,
}

impl From<Cut> for End {
    fn from(cut: Cut) -> Self {
        Self {
            cut,
            within: Flow::default(),
            not_in_it: Flow::default(),
            is_silent: false,
        }
    }
}

impl End {
    /// What counts of its second.
    fn of_its_second(self) -> Flow {
        let mut flow = self.cut.before;
        flow.take_off(self.within);
        flow
    }

    /// With what is known by now.
    fn refined(self, ledger: &Ledger) -> Self {
        Self {
            cut: ledger.refine(self.cut),
            ..self
        }
    }

    fn take_off(self, mut before: Flow) -> Flow {
        if self.is_silent {
            before = Flow {
                queries: before.queries,
                failed: before.failed,
                ..Flow::default()
            };
        }
        before.take_off(self.not_in_it);
        before
    }
}

/// An answer, and the queries that it settles: the same query each time that it was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settled<'a> {
    /// When the answer came.
    pub at: Time,
    /// When the query was sent last.
    pub sent: Time,
    /// When it was sent before.
    pub earlier: &'a [Time],
    /// What one of them counts now; nothing where such exchanges are not counted.
    pub exchange: Flow,
}

impl<'a> Settled<'a> {
    /// By an answer that came then, to an exchange that is counted as this.
    pub fn of(at: Time, answered: &'a Answered, exchange: Flow) -> Self {
        Self {
            at,
            sent: answered.sent.min(at),
            earlier: &answered.earlier,
            exchange,
        }
    }
}

impl Settled<'_> {
    /// When its queries were sent.
    pub fn transmissions(&self) -> impl Iterator<Item = Time> {
        std::iter::once(self.sent).chain(self.earlier.iter().copied())
    }

    /// What it counts, of queries that were sent from `from` up to before `to`.
    fn between(self, from: Time, to: Time) -> Flow {
        let mut flow = Flow::default();
        for _ in self.transmissions().filter(|sent| (from..to).contains(sent)) {
            flow += self.exchange;
        }
        // The same query that is sent again has been sent all the same.
        flow.queries = 0;
        flow
    }
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
    pub fn end(&mut self, last: impl Into<End>) {
        self.last = Some(last.into());
    }

    /// It ends with that answer, which does not count, and neither does its query.
    pub fn end_answered(&mut self, by: Settled<'_>, ledger: &Ledger) {
        let Some(first) = self.first else { return };
        let second = Time::at_second(by.at.second());
        let mut earlier = by.between(first.at, second);
        let is_silent = first.at < second
            && self.until(by.at.second(), ledger).answers == 0
            && ledger.exact_between(first.at, second).answers <= earlier.answers;
        let cut = ledger.cut_answered(by.at, is_silent);
        let mut within = by.between(second, Time::at_second(by.at.second() + 1));
        let query = if by.sent < second {
            &mut earlier
        } else {
            &mut within
        };
        query.queries += by.exchange.queries;
        self.last = Some(End {
            cut,
            within,
            not_in_it: earlier,
            is_silent,
        });
    }

    /// One more answer after its end.
    pub fn answered_later(&mut self, by: Settled<'_>) {
        if let (Some(first), Some(last)) = (self.first, &mut self.last) {
            last.not_in_it += by.between(first.at, Time::at_second(last.cut.at.second()));
        }
    }

    /// What is known by now of its end is all that will be.
    pub fn refine(&mut self, ledger: &Ledger) {
        self.last = self.last.map(|last| last.refined(ledger));
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
        let first = ledger.refine_beginning(first);
        let mut flow = flow;
        if number == first.at.second() {
            flow.take_off(first.before);
        }
        match self.last {
            Some(last) if number > last.cut.at.second() => self.beyond += flow,
            Some(last) if number == last.cut.at.second() => {
                let mut inside = last.of_its_second();
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

    /// What is counted in it before that second, which is later than the one that it began in.
    fn until(&self, second: u64, ledger: &Ledger) -> Flow {
        let mut flow = self.settled;
        if let Some(first) = self.first {
            let first = ledger.refine_beginning(first);
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
            Some(last) if last.cut.at <= first.at => last.take_off(self.settled),
            Some(last) => {
                let (first, last) = (ledger.refine_beginning(first), last.refined(ledger));
                let to = last.cut.at.second();
                let mut ended = if ledger.has(to) {
                    last.of_its_second()
                } else {
                    Flow::default()
                };
                let mut flow = if to == first.at.second() {
                    ended.take_off(first.before);
                    self.settled
                } else {
                    last.take_off(self.until(to, ledger))
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

    fn answer(came: u64, sent: u64) -> Settled<'static> {
        Settled {
            at: at(came),
            sent: at(sent),
            earlier: &[],
            exchange: Flow {
                queries: 1,
                answers: 1,
                ..Flow::default()
            },
        }
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
        span.end_answered(answer(710, 700), &ledger);
        assert_eq!((span.flow(&ledger).queries, span.flow(&ledger).answers), (2, 2));
        span.resume();
        assert_eq!(span.flow(&ledger).queries, 3);
    }

    #[test]
    fn what_is_counted_before_it_is_told_is_taken_off_the_end_once_it_is() {
        let mut ledger = Ledger::default();
        ledger.note_query(at(100));
        let mut span = Span::from(ledger.cut(at(100)));
        // Nine more that fail, one that is answered, and one that is sent after that answer; told is none of these.
        ledger.set(0, false, counts(12, 2));
        ledger.note_answer(at(500));
        span.end_answered(answer(510, 500), &ledger);
        ledger.note_answer(at(520));
        assert_eq!((span.flow(&ledger).queries, span.flow(&ledger).answers), (10, 0));
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
