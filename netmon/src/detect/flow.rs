//! What became of the queries of some time, in sum.

use crate::observation::{Counts, Faults};

/// What became of the queries of a span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flow {
    /// Queries.
    pub queries: u64,
    /// Of these, answered.
    pub answers: u64,
    /// Of these, those that a verified error is about.
    pub failed: u64,
    /// Of the answers, SERVFAIL.
    pub servfail: u64,
    /// Of the answers, REFUSED that counts.
    pub refused: u64,
    /// Of the answers, FORMERR and NOTIMP.
    pub other: u64,
    /// Of the answers, those that say nothing of how well the server serves: to queries that are not standard (opcode 0), and an own
    /// server's REFUSED.
    pub aside: u64,
}

impl Flow {
    /// Answers that say that the server fails.
    pub const fn faults(self) -> u64 {
        self.servfail + self.refused + self.other
    }

    /// Queries that neither an answer nor an error came to.
    pub const fn silent(self) -> u64 {
        self.queries
            .saturating_sub(self.answers)
            .saturating_sub(self.failed)
    }

    pub fn take_off(&mut self, other: Self) {
        self.queries = self.queries.saturating_sub(other.queries);
        self.answers = self.answers.saturating_sub(other.answers);
        self.failed = self.failed.saturating_sub(other.failed);
        self.servfail = self.servfail.saturating_sub(other.servfail);
        self.refused = self.refused.saturating_sub(other.refused);
        self.other = self.other.saturating_sub(other.other);
        self.aside = self.aside.saturating_sub(other.aside);
    }
}

impl std::ops::AddAssign for Flow {
    fn add_assign(&mut self, other: Self) {
        self.queries += other.queries;
        self.answers += other.answers;
        self.failed += other.failed;
        self.servfail += other.servfail;
        self.refused += other.refused;
        self.other += other.other;
        self.aside += other.aside;
    }
}

impl From<Counts> for Flow {
    fn from(counts: Counts) -> Self {
        let Counts {
            asked,
            answered,
            faults:
                Faults {
                    servfail,
                    refused,
                    other,
                },
            failed,
        } = counts;
        Self {
            queries: asked.into(),
            answers: answered.into(),
            failed: failed.into(),
            servfail: servfail.into(),
            refused: refused.into(),
            other: other.into(),
            aside: 0,
        }
    }
}
