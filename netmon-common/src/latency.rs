//! The buckets that times from a query to its answer are counted in: log-linear, so that one set of buckets
//! serves a microsecond and a minute with the same relative error.
//!
//! Below 16 us each bucket is one microsecond. Above, each power of two has 16 buckets of one width, so that the
//! middle of a bucket is within 3.2 % of every time in it.

/// How many: 16 for up to 15 us, and 16 for each of the 23 powers of two from 16 us to 67 s.
pub const BUCKETS: usize = 16 * 24;

/// Buckets for each power of two.
const STEPS: u64 = 16;
const STEPS_LOG2: u32 = STEPS.ilog2();

/// The bucket of a time in microseconds; what takes longer than 134 s is in the last one.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "below `BUCKETS`")]
pub const fn bucket(micros: u64) -> usize {
    if micros < STEPS {
        return micros as usize;
    }
    let power = micros.ilog2() - STEPS_LOG2;
    let bucket = (power as usize) * STEPS as usize + (micros >> power) as usize;
    if bucket < BUCKETS { bucket } else { BUCKETS - 1 }
}

/// The shortest time in a bucket, in microseconds.
pub const fn shortest(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < STEPS {
        return bucket;
    }
    let power = bucket / STEPS - 1;
    (STEPS + bucket % STEPS) << power
}

/// The time in the middle of a bucket, in microseconds.
pub const fn middle(bucket: usize) -> u64 {
    shortest(bucket).midpoint(shortest(bucket + 1) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_time_of_each_bucket_is_in_it_and_the_one_before_is_not() {
        for number in 0..BUCKETS {
            assert_eq!(bucket(shortest(number)), number);
            if let Some(before) = shortest(number).checked_sub(1) {
                assert_eq!(bucket(before), number - 1);
            }
        }
        assert_eq!(shortest(BUCKETS), 134_217_728, "134 s");
    }

    #[test]
    fn the_middle_of_a_bucket_is_within_5_percent_of_all_times_in_it() {
        for number in 0..BUCKETS {
            for time in [shortest(number), shortest(number + 1) - 1] {
                let error = middle(number).abs_diff(time);
                assert!(
                    error * 1_000 <= time * 32,
                    "{time} us is {error} us off in bucket {number}"
                );
            }
        }
    }

    #[test]
    fn what_takes_longer_is_in_the_last_bucket() {
        assert_eq!(bucket(134_217_727), BUCKETS - 1);
        assert_eq!(bucket(134_217_728), BUCKETS - 1);
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }
}
