//! Locked memory: before Linux 5.11 BPF maps and programs count as such; since then they are the control group's.

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};

use super::version::{MAPS_UNLOCKED, Running};

/// Raises the limit, where maps count as locked memory and that is allowed. Whether it was too low is said by what comes next.
pub(super) fn raise() {
    if counts() {
        let _may_be_refused = setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY);
    }
}

/// Whether maps count as locked memory.
pub fn counts() -> bool {
    Running::now().is_older_than(MAPS_UNLOCKED)
}

/// How much this process may lock, in KiB; `None` where there is no limit.
pub fn limit() -> Option<u64> {
    let (soft, _hard) = getrlimit(Resource::RLIMIT_MEMLOCK).ok()?;
    (soft != RLIM_INFINITY).then_some(soft / 1024)
}
