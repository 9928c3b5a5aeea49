//! How long a server's answers took, in the few buckets that a scraper is given.
//!
//! The kernel's buckets are finer ([`netmon_common::latency`]), and their borders are not the round numbers that
//! people ask for: each is counted where its middle belongs, so that an edge here stands for one that lies within
//! 3.2 % of it. The sum takes each time as the middle of its bucket, with the same error.

use netmon_common::latency::{BUCKETS, middle};
use netmon_common::records::Latency;

/// The upper edges, in microseconds; a last bucket without one comes after them.
pub const EDGES_US: [u64; 16] = [
    100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    2_500_000, 5_000_000, 10_000_000,
];

/// For each bucket of the kernel, the one here.
const PLACES: [usize; BUCKETS] = places();

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would not compile a wrong index"
)]
const fn places() -> [usize; BUCKETS] {
    let mut places = [0; BUCKETS];
    let (mut bucket, mut place) = (0, 0);
    while bucket < BUCKETS {
        while place < EDGES_US.len() && middle(bucket) > EDGES_US[place] {
            place += 1;
        }
        places[bucket] = place;
        bucket += 1;
    }
    places
}

/// Answers by the time they took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// Answers in each bucket, those of the ones before not included.
    pub counts: [u64; EDGES_US.len() + 1],
    /// The sum of all times, in microseconds.
    pub sum_us: u64,
}

impl Histogram {
    /// Adds what the kernel counted between two readings. Its counters have 32 bits and wrap around; here they do
    /// not, if no more than 4 billion answers of one bucket lie between the readings.
    pub fn grow(&mut self, before: &Latency, now: &Latency) {
        let counters = now.counts.iter().zip(&before.counts).zip(PLACES);
        for (bucket, ((now, before), place)) in counters.enumerate() {
            let more = u64::from(now.wrapping_sub(*before));
            if let Some(count) = self.counts.get_mut(place) {
                *count = count.wrapping_add(more);
            }
            self.sum_us = self.sum_us.wrapping_add(more.wrapping_mul(middle(bucket)));
        }
    }

    /// All answers.
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.wrapping_add(*count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netmon_common::latency::{bucket, shortest};

    fn counted(times: &[u64]) -> Latency {
        let mut latency = Latency::ZERO;
        for time in times {
            latency.counts[bucket(*time)] += 1;
        }
        latency
    }

    #[test]
    fn each_edge_lies_within_3_2_percent_of_where_it_is_counted() {
        for (place, edge) in EDGES_US.into_iter().enumerate() {
            let beyond = PLACES.iter().position(|at| *at > place).unwrap();
            let border = shortest(beyond);
            assert!(
                border.abs_diff(edge) * 1_000 <= edge * 32,
                "{edge} us is counted at {border} us"
            );
        }
    }

    #[test]
    fn no_time_is_left_out_and_the_sum_is_within_3_2_percent() {
        let times: Vec<u64> = (0..30)
            .map(|power| 1 << power >> 2)
            .chain([99, 100, 101, u64::MAX >> 20])
            .collect();
        let mut histogram = Histogram::default();
        histogram.grow(&Latency::ZERO, &counted(&times));
        assert_eq!(histogram.count(), times.len() as u64);

        let ordinary: Vec<u64> = (1..2_000).map(|n| n * 37).collect();
        let exact: u64 = ordinary.iter().sum();
        let mut histogram = Histogram::default();
        histogram.grow(&Latency::ZERO, &counted(&ordinary));
        assert!(
            histogram.sum_us.abs_diff(exact) * 1_000 <= exact * 32,
            "{} for {exact}",
            histogram.sum_us
        );
    }

    #[test]
    fn a_counter_of_the_kernel_that_wraps_around_goes_on_here() {
        let (mut before, mut now) = (Latency::ZERO, Latency::ZERO);
        before.counts[bucket(300)] = u32::MAX - 1;
        now.counts[bucket(300)] = 3;
        let mut histogram = Histogram::default();
        histogram.grow(&Latency::ZERO, &before);
        histogram.grow(&before, &now);
        assert_eq!(histogram.count(), u64::from(u32::MAX) + 4);
    }
}
