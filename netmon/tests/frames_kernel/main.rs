//! The second and the third witness: the real XDP program and the real TC programs, run by the kernel over
//! the table of named frames and over random and mutated ones, count what the contract says and what user
//! space counts, report what they should, and pass every frame on unchanged.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may die of a surprise: that is how it reports one"
)]

#[path = "../support/kernel.rs"]
#[expect(dead_code, reason = "this is about XDP only")]
mod kernel;

mod cable;
mod mutated;
mod named;
mod non_linear;
mod on_the_cable;
mod side;
mod super_packets;
mod tun;
mod user_space;

/// How many mutated frames each program gets; `cargo xtask soak` gives them more.
const MUTATED: usize = 120_000;
/// How often each outcome must have been met then.
const MET: u64 = 1_000;

#[test]
#[ignore = "needs root: runs the programs"]
fn the_kernel_counts_mutated_frames_as_user_space_does() {
    // Any seed would do.
    mutated::each_program_agrees(53, MUTATED, MET);
}
