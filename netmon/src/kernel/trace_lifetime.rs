//! How long the trace of a query lives at present that nobody answers: as long as any answer may be late, unless so many wait
//! that the oldest have to make room.

use std::time::Duration;

use netmon_common::limits::TRACE_LIFETIME_NS;
use netmon_common::trace::Bucket;

use super::error::KernelError;
use super::load::Kernel;
use super::places::Mapped;
use crate::time::Time;

const OLD_TRACES: &str = "OLD_TRACES";

/// How many buckets are looked at each time, a cache line each: where many have to make room, some of these have.
const SAMPLE: u32 = 256;
/// From one to the next: a prime, so that all have their turn.
const STEP: u32 = 7_919;

/// Looks at the table of traces.
#[derive(Debug)]
pub struct TraceLifetime {
    old: Mapped,
    bucket: u32,
}

impl Kernel {
    /// Takes the table of traces, to look at it. Can be had once.
    pub fn trace_lifetime(&mut self) -> Result<TraceLifetime, KernelError> {
        Ok(TraceLifetime {
            old: Mapped::open(self.take(OLD_TRACES)?, OLD_TRACES)?,
            bucket: 0,
        })
    }
}

impl TraceLifetime {
    /// The shortest life that one of some traces had that is the next to make room.
    pub fn now(&mut self, now: Time) -> Duration {
        let mut shortest = TRACE_LIFETIME_NS;
        for _ in 0..SAMPLE.min(self.old.entries()) {
            self.bucket = (self.bucket + STEP) % self.old.entries();
            let words = self.old.read(self.bucket, 0).map(Bucket::of_words);
            let lived = words.and_then(|bucket| bucket.lifetime_ns(now.nanos()));
            shortest = shortest.min(lived.unwrap_or(TRACE_LIFETIME_NS));
        }
        Duration::from_nanos(shortest)
    }
}
