//! Lengths of time that people read off a clock, and an axis cut into parts of one such length.

use std::time::Duration;

use crate::time::{SECOND_NS, Time};

/// Nanoseconds in the shortest bucket.
pub const FINEST: u64 = SECOND_NS / 1_000;

const MINUTE: u64 = 60 * SECOND_NS;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Each divides the next, so that buckets can be merged. Beyond a day lengths double.
const LENGTHS: &[u64] = &[
    FINEST,
    2 * FINEST,
    10 * FINEST,
    20 * FINEST,
    100 * FINEST,
    200 * FINEST,
    SECOND_NS,
    2 * SECOND_NS,
    10 * SECOND_NS,
    30 * SECOND_NS,
    MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
];

/// The next longer length, and how many of the present one are in it.
pub(super) fn coarser(length: u64) -> (u64, u64) {
    let next = LENGTHS
        .iter()
        .copied()
        .find(|&longer| longer > length)
        .unwrap_or_else(|| length.saturating_mul(2));
    (next, (next / length).max(1))
}

/// A stretch of time, cut into parts of one length that begin at whole multiples of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Axis {
    length: u64,
    origin: u64,
    parts: usize,
}

impl Axis {
    /// From `reached` buckets of a length, the first with this number; in at most `parts` parts.
    pub(super) fn new(length: u64, origin: u64, reached: usize, parts: usize) -> Option<Self> {
        let last = origin + (reached as u64).checked_sub(1)?;
        let (mut long, mut factor) = (length, 1_u64);
        loop {
            let axis = Self {
                length: long,
                origin: origin / factor,
                parts: usize::try_from(last / factor - origin / factor).ok()? + 1,
            };
            if axis.parts <= parts {
                return Some(axis);
            }
            if parts == 0 {
                return None;
            }
            let (longer, by) = coarser(long);
            long = longer;
            factor = factor.saturating_mul(by);
        }
    }

    /// How many parts.
    pub fn parts(&self) -> usize {
        self.parts
    }

    /// How long each is.
    pub fn length(&self) -> Duration {
        Duration::from_nanos(self.length)
    }

    /// Where it begins.
    pub fn start(&self) -> Time {
        Time::from_nanos(self.origin.saturating_mul(self.length))
    }

    /// Where it ends.
    pub fn end(&self) -> Time {
        let last = self.origin.saturating_add(self.parts as u64);
        Time::from_nanos(last.saturating_mul(self.length))
    }

    /// The part that a moment lies in.
    pub fn part(&self, time: Time) -> Option<usize> {
        let part = (time.nanos() / self.length).checked_sub(self.origin)?;
        usize::try_from(part).ok().filter(|&part| part < self.parts)
    }

    /// The part that a moment lies in, or the nearest one.
    pub fn nearest_part(&self, time: Time) -> usize {
        let part = (time.nanos() / self.length).saturating_sub(self.origin);
        usize::try_from(part)
            .unwrap_or(usize::MAX)
            .min(self.parts.saturating_sub(1))
    }

    /// Where a moment lies between start (0) and end (1); outside of them it is the nearer one.
    pub fn position(&self, time: Time) -> f64 {
        let whole = self.end().since(self.start()).as_secs_f64();
        (time.since(self.start()).as_secs_f64() / whole).clamp(0.0, 1.0)
    }
}
