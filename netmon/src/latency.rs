//! How long answers took, in few numbers.

use netmon_common::latency::{BUCKETS, middle, shortest};
use netmon_common::records;

use crate::model::Latency;

/// How many answers there were, and the percentiles of the times they took; each is that of the shortest time
/// that at least so many of a hundred do not exceed, within 3.2 %.
pub fn summary(times: &records::Latency) -> Latency {
    let count: u64 = times.counts.iter().map(|count| u64::from(*count)).sum();
    if count == 0 {
        return Latency::default();
    }
    let percentile = |percent| Some(percentile(times, count, percent));
    Latency {
        count,
        p50: percentile(50),
        p90: percentile(90),
        p99: percentile(99),
        max: Some(times.max_us),
    }
}

/// Whether the server has lost its place since an earlier reading, and its counts began again. (After 4 billion answers in one
/// bucket it looks the same.)
pub fn began_again(now: &records::Latency, before: &records::Latency) -> bool {
    now.counts
        .iter()
        .zip(&before.counts)
        .any(|(now, before)| now < before)
}

/// The times since an earlier reading of the same server.
pub fn since(now: &records::Latency, before: &records::Latency) -> records::Latency {
    if began_again(now, before) {
        return *now;
    }
    let mut grown = *now;
    for (count, before) in grown.counts.iter_mut().zip(&before.counts) {
        // As the kernel counts: around 2^32.
        *count = count.wrapping_sub(*before);
    }
    if now.max_us == before.max_us {
        // The longest time is of an earlier minute: what is known of this one is the bucket of its longest.
        let last = grown.counts.iter().rposition(|count| *count > 0).unwrap_or(0);
        grown.max_us = now
            .max_us
            .min(shortest((last + 1).min(BUCKETS)).saturating_sub(1));
    }
    grown
}

fn percentile(times: &records::Latency, count: u64, percent: u64) -> u64 {
    let rank = (u128::from(count) * u128::from(percent)).div_ceil(100);
    let mut passed = 0_u128;
    for (number, count) in times.counts.iter().enumerate() {
        passed += u128::from(*count);
        if passed >= rank {
            return middle(number).min(times.max_us);
        }
    }
    times.max_us
}

#[cfg(test)]
mod tests {
    use super::*;
    use netmon_common::latency::bucket;

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
            let mut counted = records::Latency::ZERO;
            for time in &times {
                counted.counts[bucket(*time)] += 1;
                counted.max_us = counted.max_us.max(*time);
            }
            times.sort_unstable();
            let exact = |percent: usize| times[(times.len() * percent).div_ceil(100) - 1];
            let summary = summary(&counted);
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
        assert_eq!(summary(&records::Latency::ZERO), Latency::default());
    }
}
