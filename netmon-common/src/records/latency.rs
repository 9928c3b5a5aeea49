//! How long a server's answers took.

use crate::address::Address;
use crate::latency::BUCKETS;

/// Answers of one server by the time they took, on one CPU, or on all.
///
/// Each CPU gives its places in the table to servers in the order in which they answer there: the same place is
/// another server's on another CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Latency {
    /// The server; unspecified where the place is free.
    pub server: Address,
    /// The longest time, in microseconds.
    pub max_us: u64,
    /// Answers in each bucket of [`crate::latency`]. 4 billion in one bucket wrap around.
    pub counts: [u32; BUCKETS],
}

const _: () = assert!(size_of::<Latency>() == 16 + 8 + 4 * BUCKETS && size_of::<Latency>().is_multiple_of(8));

impl Latency {
    /// No answer yet.
    pub const ZERO: Self = Self {
        server: Address::UNSPECIFIED,
        max_us: 0,
        counts: [0; BUCKETS],
    };

    /// Adds the answers of the same server on another CPU.
    pub fn merge(&mut self, other: &Self) {
        self.max_us = self.max_us.max(other.max_us);
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.wrapping_add(*more);
        }
    }
}
