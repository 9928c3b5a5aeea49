//! Answers that say nothing of how well the server serves: to queries that are not standard, and an own server's REFUSED.

use super::Ledger;
use crate::time::Time;

/// How many there are of one second.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Aside {
    /// Those that are counted, of recursive and of iterative exchanges.
    counted: [u32; 2],
    /// Those that were told one by one.
    told: u32,
}

impl Aside {
    /// All of them.
    pub fn answers(self) -> u64 {
        let [recursive, iterative] = self.counted.map(u64::from);
        recursive + iterative + u64::from(self.told)
    }
}

impl Ledger {
    /// Takes how many answers of a second say nothing of how well the server serves, by now. How many of them are new.
    pub fn set_aside(&mut self, second: u64, iterative: bool, answers: u32) -> u64 {
        let Some(known) = self.second_mut(second) else {
            return 0;
        };
        let [recursive, of_resolvers] = &mut known.aside.counted;
        let place = if iterative { of_resolvers } else { recursive };
        let before = std::mem::replace(place, answers);
        answers.saturating_sub(before).into()
    }

    /// Takes one more such answer, to a query that was sent then.
    pub fn note_aside(&mut self, sent: Time) {
        if let Some(second) = self.second_mut(sent.second()) {
            second.aside.told += 1;
        }
    }
}
