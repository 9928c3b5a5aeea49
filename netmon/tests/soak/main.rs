//! What takes long, or sends all that the machine can. `cargo xtask soak` runs it, each test alone;
//! `cargo xtask test` leaves it out.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod company;
mod endurance;
#[path = "../flood/scene.rs"]
mod flood;
#[path = "../load/scenes.rs"]
mod load;
#[path = "../frames_kernel/mutated.rs"]
mod mutated;
mod ordinary_life;
mod overload;
mod pause;
#[path = "../frames_kernel/side.rs"]
#[expect(dead_code, reason = "frames alone, without attaching")]
mod side;
#[path = "../support/mod.rs"]
mod support;
#[path = "../never_wrong/trouble.rs"]
mod trouble;
#[path = "../frames_kernel/user_space.rs"]
#[expect(dead_code, reason = "mutated frames alone")]
mod user_space;

use std::time::Duration;

/// Queries a second and CPU that a small machine sends and counts. A faster one is done earlier.
const RATE: u64 = 40_000;

/// How long a test is to send: what `cargo xtask soak --duration` says, or as long as a slice.
fn duration() -> Duration {
    let seconds = std::env::var("NETMON_SOAK_SECONDS").map_or(10, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

/// Whether it is only a slice, as in continuous integration.
fn is_slice() -> bool {
    duration() < Duration::from_mins(1)
}

/// How many a CPU sends in that time.
fn each() -> u64 {
    RATE * duration().as_secs()
}

#[test]
#[ignore = "needs root: network namespaces and TC; the machine for itself"]
fn queries_from_two_cpus_are_counted_each() {
    // A hundred servers get as many each.
    load::queries_are_counted_each(each() / 100 * 100);
}

#[test]
#[ignore = "needs root: network namespaces and TC; the machine for itself"]
fn random_destinations_fill_the_table_and_lose_no_count() {
    // There are no more than 2^24 of them.
    load::random_destinations_fill_the_table_and_lose_no_count(each().min(8_000_000));
}

#[test]
#[ignore = "needs root: a network namespace and XDP; the machine for itself"]
fn live_frames_on_two_cpus_are_counted_each_by_xdp() {
    load::live_frames_are_counted_each_by_xdp(u32::try_from(10 * each()).unwrap());
}

#[test]
#[ignore = "needs root: network namespaces and TC; the machine for itself"]
fn garbage_as_fast_as_can_be_hides_no_outage() {
    load::garbage_hides_no_outage(10 * each());
}

/// Random and mutated frames, three programs over each: ten million runs in five minutes' worth.
#[test]
#[ignore = "needs root: runs the programs"]
fn packets_of_all_shapes_pass_each_program_as_they_came_and_are_counted_as_the_contract_says() {
    // The kernel's table has room for the addresses of so many frames.
    const ROUND: usize = 120_000;
    let rounds = duration().as_secs().div_ceil(10);
    for seed in 0..rounds {
        let frames = if is_slice() { ROUND / 10 } else { ROUND };
        // How often an outcome is met depends on the seed; here each must be met.
        mutated::each_program_agrees(seed, frames, frames as u64 / 1_000);
    }
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets; the machine for itself"]
fn a_flood_of_forged_errors_hides_no_real_outage() {
    flood::a_flood_hides_no_real_outage(100_000, duration());
}
