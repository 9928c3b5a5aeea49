//! The exchanges of a service by the second in which the query was sent, as far as they can be worked out of what the
//! kernel counts by destination.

use std::collections::VecDeque;

use crate::observation::{Counts, Observation, Recursion, Seconds, Service, What};
use crate::time::Time;

/// Seconds of each service that may still change: as long as an exchange waits, and some more.
pub(super) const SECONDS: u64 = 64;

/// The exchanges of a service, as far as they can be worked out.
#[derive(Debug, Default)]
pub(super) struct Exchanges {
    /// What is known of RD.
    pub recursion: Recursion,
    /// Each second with the others, and with the iterative ones.
    seconds: VecDeque<(u64, [Counts; 2])>,
    /// When it was last observed.
    pub touched: u64,
}

/// What was counted of a service since the last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Packets {
    /// Queries.
    pub queries: u64,
    /// Responses.
    pub answers: u64,
    /// Of these, SERVFAIL.
    pub servfail: u64,
    /// Of the responses, REFUSED.
    pub refused: u64,
    /// Verified errors.
    pub failures: u64,
}

impl Exchanges {
    /// The counts of a second.
    pub fn second(&mut self, second: u64, iterative: bool) -> Option<&mut Counts> {
        while self
            .seconds
            .front()
            .is_some_and(|(kept, _)| kept.saturating_add(SECONDS) < second)
        {
            self.seconds.pop_front();
        }
        let place = self.seconds.partition_point(|(kept, _)| *kept < second);
        if self.seconds.get(place).is_none_or(|(kept, _)| *kept != second) {
            self.seconds.insert(place, (second, Default::default()));
        }
        self.seconds
            .get_mut(place)
            .map(|(_, counts)| of(counts, iterative))
    }

    /// One query failed, sent in that second if one of it is not settled, else in one near it. Which second changed.
    pub fn settle_failure(&mut self, second: u64, iterative: bool) -> Option<u64> {
        let is_open = |counts: &[Counts; 2]| {
            let [recursive, of_resolvers] = counts;
            let counts = if iterative { of_resolvers } else { recursive };
            counts.silent() > 0
        };
        let exact = self
            .seconds
            .iter()
            .position(|(kept, counts)| *kept == second && is_open(counts));
        let near = || {
            self.seconds
                .iter()
                .rposition(|(kept, counts)| *kept >= second && is_open(counts))
        };
        let place = exact.or_else(near);
        if let Some((kept, counts)) = place.and_then(|place| self.seconds.get_mut(place)) {
            of(counts, iterative).failed += 1;
            return Some(*kept);
        }
        // It is not counted yet, or no more.
        let counts = self.second(second, iterative)?;
        counts.asked += 1;
        counts.failed += 1;
        Some(second)
    }

    /// Takes what was counted in that second. Which seconds changed.
    pub fn take(&mut self, second: u64, iterative: bool, packets: Packets) -> Vec<u64> {
        let mut changed = Vec::new();
        let Packets {
            queries,
            mut answers,
            mut servfail,
            mut refused,
            mut failures,
        } = packets;
        if let Some(counts) = self.second(second, iterative) {
            counts.asked = counts.asked.saturating_add(narrow(queries));
            if queries > 0 {
                changed.push(second);
            }
        }
        for (kept, counts) in self.seconds.iter_mut().rev() {
            if answers + failures == 0 {
                break;
            }
            let counts = of(counts, iterative);
            let answered = narrow(answers).min(counts.silent());
            counts.answered += answered;
            answers -= u64::from(answered);
            let failed = narrow(servfail).min(answered);
            counts.faults.servfail += failed;
            servfail -= u64::from(failed);
            let refusals = narrow(refused).min(answered - failed);
            counts.faults.refused += refusals;
            refused -= u64::from(refusals);
            let lost = narrow(failures).min(counts.silent());
            counts.failed += lost;
            failures -= u64::from(lost);
            if answered + lost > 0 && !changed.contains(kept) {
                changed.push(*kept);
            }
        }
        changed.sort_unstable();
        changed
    }

    /// Reports a second.
    pub fn report(
        &mut self,
        service: Service,
        time: Time,
        second: u64,
        iterative: bool,
        observe: &mut impl FnMut(Observation),
    ) {
        let Some((_, counts)) = self.seconds.iter_mut().find(|(kept, _)| *kept == second) else {
            return;
        };
        observe(Observation {
            time,
            service,
            what: What::Seconds(Seconds {
                second,
                iterative,
                counts: *of(counts, iterative),
            }),
        });
    }
}

const fn of(counts: &mut [Counts; 2], iterative: bool) -> &mut Counts {
    let [recursive, of_resolvers] = counts;
    if iterative { of_resolvers } else { recursive }
}

fn narrow(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
