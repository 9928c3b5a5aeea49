//! Times from queries to their first answers, by server.

use std::collections::HashMap;

use netmon_common::Address;
use netmon_common::latency::{BUCKETS, bucket, middle};

use crate::report::model::Latency;

/// The times of one server: 1.5 KiB.
#[derive(Clone, Debug)]
pub struct Histogram {
    buckets: Box<[u32; BUCKETS]>,
    count: u64,
    max: u64,
}

impl Histogram {
    /// No time yet.
    pub fn new() -> Self {
        Self {
            buckets: Box::new([0; BUCKETS]),
            count: 0,
            max: 0,
        }
    }

    /// Adds a time in microseconds.
    pub fn add(&mut self, micros: u64) {
        if let Some(count) = self.buckets.get_mut(bucket(micros)) {
            *count = count.saturating_add(1);
        }
        self.count += 1;
        self.max = self.max.max(micros);
    }

    /// The number of times, and their percentiles; each is that of the smallest time that at least so many of
    /// a hundred do not exceed, within 3.2 %.
    pub fn summary(&self) -> Latency {
        if self.count == 0 {
            return Latency::default();
        }
        Latency {
            count: self.count,
            p50: Some(self.percentile(50)),
            p90: Some(self.percentile(90)),
            p99: Some(self.percentile(99)),
            max: Some(self.max),
        }
    }

    fn percentile(&self, percent: u64) -> u64 {
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100);
        let mut passed = 0_u128;
        for (number, count) in self.buckets.iter().enumerate() {
            passed += u128::from(*count);
            if passed >= rank {
                return middle(number).min(self.max);
            }
        }
        self.max
    }
}

/// The times of all servers that were counted: the caller keeps their number bounded.
#[derive(Clone, Debug, Default)]
pub struct Latencies(HashMap<Address, Histogram>);

impl Latencies {
    /// Adds a time of this server, in microseconds.
    pub fn add(&mut self, server: Address, micros: u64) {
        self.0.entry(server).or_insert_with(Histogram::new).add(micros);
    }

    /// What is known of this server.
    pub fn of(&self, server: Address) -> Latency {
        self.0.get(&server).map(Histogram::summary).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_within_5_percent() {
        let cases: [(&str, Vec<u64>); 5] = [
            ("one", vec![1_234]),
            ("a thousand in a row", (1..=1_000).collect()),
            ("milliseconds", (0..500).map(|n| 1_000 + n * n).collect()),
            ("two humps", [vec![300; 95], vec![5_000_000; 5]].concat()),
            ("a minute", vec![43_741_555, 3_905_993, 17_830_396]),
        ];
        for (case, mut times) in cases {
            let mut histogram = Histogram::new();
            for time in &times {
                histogram.add(*time);
            }
            times.sort_unstable();
            let exact = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
            let summary = histogram.summary();
            for (percent, read) in [(50, summary.p50), (90, summary.p90), (99, summary.p99)] {
                let (read, exact) = (read.unwrap(), exact(percent));
                assert!(
                    read.abs_diff(exact) * 20 <= exact,
                    "{case}: p{percent} is {exact} us, not {read} us"
                );
            }
            assert_eq!(summary.max, times.last().copied(), "{case}");
            assert_eq!(summary.count, times.len() as u64, "{case}");
        }
    }

    #[test]
    fn no_times_have_no_percentiles() {
        assert_eq!(Histogram::new().summary(), Latency::default());
    }
}
