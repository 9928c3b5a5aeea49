//! `netmon doctor`: checks everything that netmon needs, changes nothing, and says what to do.
//!
//! It attaches to nothing, because that makes some network cards restart. It loads the programs, which only asks the
//! verifier. Without rights it says what it cannot see.

mod af_xdp;
mod clock;
pub mod findings;
mod interfaces;
mod others;
mod resolvers;
mod rights;
mod system;

use findings::Finding;

/// A check: it may find several things.
type Check = fn() -> Vec<Finding>;

/// All checks, in the order in which they are printed.
const CHECKS: [Check; 9] = [
    system::kernel,
    rights::capabilities,
    // Before the programs are loaded, which raises this process's limit.
    system::locked_memory,
    system::programs,
    system::types,
    system::bpffs,
    interfaces::all,
    resolvers::all,
    clock::all,
];

/// Runs all checks.
pub fn examine() -> Vec<Finding> {
    CHECKS.iter().flat_map(|check| check()).collect()
}
