//! The query rate before a first failure, held against the usual one.

use super::facts::Facts;
use super::minutes::MINUTE;
use super::rules::Rules;
use crate::model::memory;
use crate::time::Time;

/// The query rate before a first failure, and the usual one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Overload {
    /// Queries in the minute before the first failure.
    queries: u64,
    /// Twice the median of the queries in each earlier minute: a whole number also between two of them.
    usual_twice: u64,
    /// How many earlier minutes there are.
    minutes: usize,
}

impl Overload {
    /// For the history.
    pub fn memory(self) -> memory::Overload {
        memory::Overload {
            queries: self.queries,
            usual_twice: self.usual_twice,
            minutes: self.minutes as u64,
        }
    }

    /// From the history.
    pub fn restore(memory: memory::Overload) -> Self {
        Self {
            queries: memory.queries,
            usual_twice: memory.usual_twice,
            minutes: usize::try_from(memory.minutes).unwrap_or(usize::MAX),
        }
    }
}

/// Whether the query rate in the minute before the first failure, by whole seconds, is at least 4 times the
/// median of at least 3 full earlier minutes, and at least 100 a second.
pub(super) fn judge(facts: &Facts, first_failure: Time, rules: &Rules) -> Option<Overload> {
    let thresholds = &rules.thresholds;
    let at = first_failure.second();
    if facts.has_gap_since(Time::at_second(at.saturating_sub(MINUTE))) {
        return None;
    }
    let queries = facts.ledger.between(at.saturating_sub(MINUTE), at).queries;
    if queries < thresholds.overload_rate.saturating_mul(MINUTE) {
        return None;
    }
    // The minute that the minute before the failure begins in is not earlier.
    let mut earlier = facts.minutes.before(rules.minute(at.checked_sub(MINUTE)?)?);
    if earlier.len() < thresholds.overload_minutes {
        return None;
    }
    let usual_twice = median_twice(&mut earlier);
    let holds = queries.saturating_mul(2) >= usual_twice.saturating_mul(thresholds.overload_ratio);
    holds.then_some(Overload {
        queries,
        usual_twice,
        minutes: earlier.len(),
    })
}

/// Twice the median.
fn median_twice(counts: &mut [u64]) -> u64 {
    counts.sort_unstable();
    let middle = counts.len() / 2;
    let upper = counts.get(middle).copied().unwrap_or(0);
    if counts.len() % 2 == 1 {
        return upper * 2;
    }
    let lower = middle
        .checked_sub(1)
        .and_then(|below| counts.get(below).copied())
        .unwrap_or(0);
    lower + upper
}

impl Overload {
    /// The sentence of evidence.
    pub fn evidence(self) -> String {
        let Self {
            queries,
            usual_twice,
            minutes,
        } = self;
        format!(
            "{} queries a second in the minute before the first failure, against {} in the median of {minutes} \
             earlier minutes: possibly a denial of service",
            per_second(queries * 2),
            per_second(usual_twice),
        )
    }
}

/// A rate a second with one decimal, of twice the count of a minute.
fn per_second(twice: u64) -> String {
    let tenths = twice * 10 / (2 * MINUTE);
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_may_lie_between_two_minutes() {
        let cases: [(&mut [u64], u64); 4] = [
            (&mut [5], 10),
            (&mut [9, 1, 5], 10),
            (&mut [4, 1], 5),
            (&mut [8, 2, 4, 1], 6),
        ];
        for (counts, twice) in cases {
            assert_eq!(median_twice(counts), twice, "{counts:?}");
        }
    }

    #[test]
    fn a_rate_has_one_decimal() {
        assert_eq!(per_second(2 * 6_000), "100.0");
        assert_eq!(per_second(2 * 99 + 1), "1.6");
    }
}
