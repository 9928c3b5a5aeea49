//! What was counted for those that have lost their places.

use super::{Destination, Latency};

/// The sums of all that have retired. There are two of these, written in turn: the one with the higher number holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Retired {
    /// The last batch that is in these sums; 0 while they are being written.
    pub batch: u64,
    /// Of destinations.
    pub destinations: Destination,
    /// Of servers' latency.
    pub latency: Latency,
}

const _: () = assert!(size_of::<Retired>() == 8 + size_of::<Destination>() + size_of::<Latency>());

impl Retired {
    /// Nothing yet.
    pub const ZERO: Self = Self {
        batch: 0,
        destinations: Destination::ZERO,
        latency: Latency::ZERO,
    };
}
