//! The time stamps of one interface (draft-ietf-opsawg-pcapng, `if_tsresol` and `if_tsoffset`).

use crate::time::{SECOND_NS, Time};

/// Set where the resolution is a power of two.
const BINARY: u8 = 0x80;

/// How an interface's time stamps count.
///
/// Computed here from the raw options: pcap-parser takes no resolution that is a power of two, and reads the
/// offset as little-endian always.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    resolution: u8,
    offset_seconds: i64,
}

impl Default for Clock {
    /// Microseconds since 1970.
    fn default() -> Self {
        Self::new(6, 0)
    }
}

impl Clock {
    /// From the values of the two options.
    pub const fn new(resolution: u8, offset_seconds: i64) -> Self {
        Self {
            resolution,
            offset_seconds,
        }
    }

    /// The moment of a stamp; the earliest or the latest where it cannot be said in nanoseconds since 1970.
    #[inline]
    pub fn time(self, stamp: u64) -> Time {
        if self == Self::default() {
            return Time::from_nanos(stamp.saturating_mul(1_000));
        }
        self.any_time(stamp)
    }

    fn any_time(self, stamp: u64) -> Time {
        let stamp = u128::from(stamp);
        let second = u128::from(SECOND_NS);
        let nanos = if self.resolution & BINARY == 0 {
            match 10_u128.checked_pow(u32::from(self.resolution)) {
                Some(units) => stamp * second / units,
                None => 0,
            }
        } else {
            (stamp * second) >> (self.resolution & !BINARY)
        };
        // A stamp of 64 bits in nanoseconds has at most 94 bits.
        let nanos = nanos.cast_signed() + i128::from(self.offset_seconds) * i128::from(SECOND_NS);
        Time::from_nanos(u64::try_from(nanos.max(0)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_of_any_resolution_are_nanoseconds() {
        let cases = [
            ("microseconds", 6, 0, 1_500_000, 1_500_000_000),
            ("nanoseconds", 9, 0, 1_500_000_000, 1_500_000_000),
            ("seconds", 0, 0, 3, 3_000_000_000),
            ("milliseconds", 3, 0, 1_500, 1_500_000_000),
            ("picoseconds", 12, 0, 1_500_000_000_000, 1_500_000_000),
            ("10^-38 s", 38, 0, u64::MAX, 0),
            ("10^-127 s", 127, 0, u64::MAX, 0),
            ("halves", BINARY + 1, 0, 3, 1_500_000_000),
            ("2^-20 s", BINARY + 20, 0, 1 << 19, 500_000_000),
            ("2^-127 s", BINARY + 127, 0, u64::MAX, 0),
            ("an offset", 6, 10, 1_500_000, 11_500_000_000),
            ("an offset into the past", 9, -1, 1_500_000_000, 500_000_000),
            ("before 1970", 6, -10, 1_500_000, 0),
            ("beyond 2554", 0, 0, u64::MAX, u64::MAX),
            ("beyond 2554, in microseconds", 6, 0, u64::MAX, u64::MAX),
            ("the largest offset", 0, i64::MAX, u64::MAX, u64::MAX),
            ("the smallest offset", 6, i64::MIN, u64::MAX, 0),
        ];
        for (case, resolution, offset, stamp, nanos) in cases {
            assert_eq!(
                Clock::new(resolution, offset).time(stamp).nanos(),
                nanos,
                "{case}"
            );
        }
    }
}
