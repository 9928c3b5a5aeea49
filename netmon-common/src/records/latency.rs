//! How long a server's answers took.

use crate::latency::BUCKETS;

/// Answers of one server by the time they took, on one CPU, or on all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Latency {
    /// The longest time, in microseconds.
    pub max_us: u64,
    /// Answers in each bucket of [`crate::latency`]. 4 billion in one bucket wrap around.
    pub counts: [u32; BUCKETS],
}

const _: () = assert!(size_of::<Latency>() == 8 + 4 * BUCKETS && align_of::<Latency>() == 8);

impl Latency {
    /// No answer yet.
    pub const ZERO: Self = Self {
        max_us: 0,
        counts: [0; BUCKETS],
    };

    /// Adds other answers: those of the same server on another CPU, or of another server.
    pub fn merge(&mut self, other: &Self) {
        self.max_us = self.max_us.max(other.max_us);
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.wrapping_add(*more);
        }
    }
}
