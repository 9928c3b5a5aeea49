//! How long the trace of a query lives at present that nobody answers: as long as any answer may be late, unless so many wait
//! that the oldest have to make room.

use std::time::Duration;

use aya::maps::{Array, MapData};
use netmon_common::limits::TRACE_LIFETIME_NS;
use netmon_common::trace::Bucket;

use super::error::KernelError;
use super::load::Kernel;
use crate::time::Time;

const OLD_TRACES: &str = "OLD_TRACES";

/// How many buckets are looked at each time, a cache line each: where many have to make room, some of these have.
const SAMPLE: u32 = 64;
/// From one to the next: a prime, so that all have their turn.
const STEP: u32 = 7_919;

/// Looks at the table of traces. It is not mapped into memory, as what is read as a whole is: it would count as netmon's own.
pub struct TraceLifetime {
    old: Array<MapData, [u64; size_of::<Bucket>() / size_of::<u64>()]>,
    bucket: u32,
}

impl Kernel {
    /// Takes the table of traces, to look at it. Can be had once.
    pub fn trace_lifetime(&mut self) -> Result<TraceLifetime, KernelError> {
        let old = Array::try_from(self.take(OLD_TRACES)?);
        Ok(TraceLifetime {
            old: old.map_err(|error| KernelError::map("open", OLD_TRACES, error))?,
            bucket: 0,
        })
    }
}

impl TraceLifetime {
    /// The shortest life that one of some traces had that is the next to make room.
    pub fn now(&mut self, now: Time) -> Duration {
        let mut shortest = TRACE_LIFETIME_NS;
        for _ in 0..SAMPLE.min(self.old.len()) {
            self.bucket = (self.bucket + STEP) % self.old.len();
            let words = self.old.get(&self.bucket, 0).ok().map(Bucket::of_words);
            let lived = words.and_then(|bucket| bucket.lifetime_ns(now.nanos()));
            shortest = shortest.min(lived.unwrap_or(TRACE_LIFETIME_NS));
        }
        Duration::from_nanos(shortest)
    }
}
