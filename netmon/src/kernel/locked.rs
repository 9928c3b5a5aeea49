//! Locked memory: before Linux 5.11 BPF maps and programs count as such; since then they are the control group's. aya raises the
//! limit where that is allowed.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};

use super::version::{MAPS_UNLOCKED, Running};

/// Whether maps count as locked memory.
pub fn counts() -> bool {
    Running::now().is_older_than(MAPS_UNLOCKED)
}

/// How much this process may lock, in KiB; `None` where there is no limit.
pub fn limit() -> Option<u64> {
    let (soft, _hard) = getrlimit(Resource::RLIMIT_MEMLOCK).ok()?;
    (soft != RLIM_INFINITY).then_some(soft / 1024)
}
