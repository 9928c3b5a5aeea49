//! How long a server's answers took.

use crate::latency::BUCKETS;

/// Answers by the time they took, of one CPU, or of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Latency {
    /// The longest time, in microseconds.
    pub max_us: u64,
    /// Answers in each bucket of [`crate::latency`]. 4 billion in one bucket wrap around.
    pub counts: [u32; BUCKETS],
}

const _: () = assert!(size_of::<Latency>() == 8 + 4 * BUCKETS && size_of::<Latency>().is_multiple_of(8));

impl Latency {
    /// No answer yet.
    pub const ZERO: Self = Self {
        max_us: 0,
        counts: [0; BUCKETS],
    };

    /// The sum of what each CPU has counted, as a per-CPU map gives it: one record after the other.
    pub fn sum(words: &[u64]) -> Self {
        let mut sum = Self::ZERO;
        for record in words.chunks_exact(size_of::<Self>() / size_of::<u64>()) {
            let [max_us, counts @ ..] = record else { continue };
            sum.max_us = sum.max_us.max(*max_us);
            for (pair, words) in sum.counts.chunks_exact_mut(2).zip(counts) {
                // Two counters to a word, as they lie in memory.
                for (counter, bytes) in pair.iter_mut().zip(words.to_ne_bytes().as_chunks::<4>().0) {
                    *counter = counter.wrapping_add(u32::from_ne_bytes(*bytes));
                }
            }
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::vec;

    #[test]
    fn the_counters_of_all_cpus_add_up_and_the_longest_time_is_the_longest_of_all() {
        let mut words = vec![0_u64; 2 * size_of::<Latency>() / size_of::<u64>()];
        let cpu = words.len() / 2;
        words[0] = 7;
        words[cpu] = 9;
        for at in [1, cpu + 1] {
            let mut bytes = [0; 8];
            bytes[..4].copy_from_slice(&3_u32.to_ne_bytes());
            bytes[4..].copy_from_slice(&5_u32.to_ne_bytes());
            words[at] = u64::from_ne_bytes(bytes);
        }
        let sum = Latency::sum(&words);
        assert_eq!((sum.max_us, sum.counts[0], sum.counts[1]), (9, 6, 10));
        assert_eq!(sum.counts[2..], [0; BUCKETS - 2]);
    }
}
