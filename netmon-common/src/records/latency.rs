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
}
