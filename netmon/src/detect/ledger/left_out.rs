//! Queries that do not count in an incident, because their clients' failures do not (docs/contract.md, section 3, "Whose failures
//! count"): the kernel counts them with the others.

use super::{EXACT_TIMES, Ledger};
use crate::time::Time;

impl Ledger {
    /// The query that was sent then does not count, because its client's failures do not; `failed` says that an error came to it.
    pub fn leave_out(&mut self, sent: Time, failed: bool) {
        let mut known = self.left_out.iter_mut().rev();
        if let Some((_, has_failed)) = known.find(|(known, _)| *known == sent) {
            if failed && !std::mem::replace(has_failed, true) {
                self.count_left_out(sent, [0, 1]);
            }
            return;
        }
        self.forget_query(sent);
        self.count_left_out(sent, [1, failed.into()]);
        if self.left_out.len() == EXACT_TIMES {
            self.left_out.pop_front();
        }
        self.left_out.push_back((sent, failed));
    }

    fn count_left_out(&mut self, sent: Time, [asked, failed]: [u32; 2]) {
        if let Some(second) = self.second_mut(sent.second()) {
            let [of_asked, of_failed] = &mut second.left_out;
            *of_asked += asked;
            *of_failed += failed;
        }
    }

    /// The query that was sent then counts after all: it was answered.
    pub(super) fn take_in(&mut self, sent: Time) {
        let place = self.left_out.iter().rposition(|(known, _)| *known == sent);
        let Some((_, failed)) = place.and_then(|place| self.left_out.remove(place)) else {
            return;
        };
        if let Some(second) = self.second_mut(sent.second()) {
            let [asked, of_failed] = &mut second.left_out;
            *asked = asked.saturating_sub(1);
            *of_failed = of_failed.saturating_sub(failed.into());
        }
    }
}
