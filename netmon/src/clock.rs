//! The only place that reads clocks. A lint holds the rest to it (`clippy.toml`).
#![cfg_attr(
    not(test),
    expect(clippy::disallowed_methods, reason = "clocks are read here, for all others")
)]

use std::time::{Duration, Instant};

use jiff::Timestamp;
use nix::time::{ClockId, clock_gettime};

use crate::time::{SECOND_NS, Time, WallOffset};

/// Now, by the boot clock.
pub fn boot_now() -> Time {
    Time::from_nanos(read(ClockId::CLOCK_BOOTTIME))
}

/// Now, by the wall clock.
pub fn wall_now() -> Timestamp {
    WallOffset::NONE.wall(Time::from_nanos(read(ClockId::CLOCK_REALTIME)))
}

/// Now, for time limits and for how long something took: a clock that nobody can set, and that stands still in a suspend.
pub fn instant() -> Instant {
    Instant::now()
}

/// How long ago that was.
pub fn since(instant: Instant) -> Duration {
    instant.elapsed()
}

/// What turns boot time into wall time at present.
pub fn wall_offset() -> WallOffset {
    // The wall clock in the middle of two readings of the other: it does not matter which comes first.
    let before = read(ClockId::CLOCK_BOOTTIME);
    let wall = read(ClockId::CLOCK_REALTIME);
    let after = read(ClockId::CLOCK_BOOTTIME);
    WallOffset::new(wall.cast_signed(), before.midpoint(after))
}

/// Whether something keeps the wall clock right (NTP, PTP); `None` where that cannot be asked.
pub fn is_synchronised() -> Option<bool> {
    // SAFETY: a struct of integers, for which zero is a value.
    let mut state: libc::timex = unsafe { std::mem::zeroed() };
    // SAFETY: without modes the call only writes to the struct, which lives until it returns.
    let result = unsafe { libc::adjtimex(&raw mut state) };
    (result >= 0).then_some(state.status & libc::STA_UNSYNC == 0)
}

fn read(clock: ClockId) -> u64 {
    // Both clocks exist since Linux 2.6.39, and the call has no other way to fail.
    clock_gettime(clock).map_or(0, |time| {
        time.tv_sec().cast_unsigned() * SECOND_NS + time.tv_nsec().cast_unsigned()
    })
}
