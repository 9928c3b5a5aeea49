//! `netmon doctor`: looks at everything that netmon needs, changes nothing, and says what to do.
//!
//! It attaches to nothing: that makes some network cards start anew. The programs are loaded, which only asks the
//! verifier. Without rights it says what it cannot see.

mod clock;
mod interfaces;
mod rights;
mod system;

use crate::report::findings::Finding;

/// A check: it may find several things.
type Check = fn() -> Vec<Finding>;

/// All checks, in the order in which they are told.
const CHECKS: [Check; 8] = [
    system::kernel,
    rights::capabilities,
    system::programs,
    system::types,
    system::bpffs,
    system::locked_memory,
    interfaces::all,
    clock::all,
];

/// Looks at everything.
pub fn examine() -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| check()).collect()
}
