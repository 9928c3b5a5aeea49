//! Queries that do not count in an incident, because their clients' failures do not (docs/contract.md, section 3, "Whose failures
//! count"): the kernel counts them with the others.

use super::{Ledger, near_end};
use crate::detect::flow::Flow;
use crate::detect::limits::LEFT_OUT;
use crate::time::Time;

impl Ledger {
    /// A query whose exact time was taken does not count any more.
    pub fn forget_query(&mut self, sent: Time) {
        let place = near_end::place(&self.exact, |exact| exact.sent < sent);
        if self.exact.get(place).is_some_and(|exact| exact.sent == sent) {
            self.exact.remove(place);
            if let Some(second) = self.second_mut(sent.second()) {
                second.exact = second.exact.saturating_sub(1);
            }
        }
    }

    /// A SYN whose exact time was taken does not count any more, whosever it is.
    pub fn forget_syn(&mut self, sent: Time) {
        self.take_in(sent);
        self.forget_query(sent);
    }

    /// The query that was sent then does not count, because its client's failures do not; `failed` says that an error came to it.
    pub fn leave_out(&mut self, sent: Time, failed: bool) {
        let mut known = self.left_out.iter_mut().rev();
        if let Some((_, has_failed)) = known.find(|(known, _)| *known == sent) {
            if failed && !std::mem::replace(has_failed, true) {
                self.leave_off(sent, query(0, 1));
            }
            return;
        }
        self.forget_query(sent);
        self.leave_off(sent, query(1, failed.into()));
        if self.left_out.len() == LEFT_OUT {
            self.left_out.pop_front();
        }
        self.left_out.push_back((sent, failed));
    }

    /// The same of a query whose answer says that the server fails.
    pub fn leave_out_answered(&mut self, sent: Time, exchange: Flow) {
        self.leave_out(sent, false);
        self.leave_off(
            sent,
            Flow {
                queries: 0,
                ..exchange
            },
        );
    }

    fn leave_off(&mut self, sent: Time, flow: Flow) {
        if let Some(second) = self.second_mut(sent.second()) {
            second.left_out += flow;
        }
    }

    /// The query that was sent then counts after all: it was answered.
    pub(super) fn take_in(&mut self, sent: Time) {
        let place = self.left_out.iter().rposition(|(known, _)| *known == sent);
        let Some((_, failed)) = place.and_then(|place| self.left_out.remove(place)) else {
            return;
        };
        if let Some(second) = self.second_mut(sent.second()) {
            second.left_out.take_off(query(1, failed.into()));
        }
    }
}

/// So many queries, of which so many failed.
fn query(queries: u64, failed: u64) -> Flow {
    Flow {
        queries,
        failed,
        ..Flow::default()
    }
}
