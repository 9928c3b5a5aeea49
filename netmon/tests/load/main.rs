//! Exact under load: what is sent is counted, to the packet, on all CPUs at once, also when the table is full.
//! `cargo xtask soak` sends far more.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod scenes;
#[path = "../support/mod.rs"]
mod support;

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn queries_from_two_cpus_are_counted_each() {
    scenes::queries_are_counted_each(100_000);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn random_destinations_fill_the_table_and_lose_no_count() {
    scenes::random_destinations_fill_the_table_and_lose_no_count(100_000);
}

#[test]
#[ignore = "needs root: a network namespace and XDP"]
fn live_frames_on_two_cpus_are_counted_each_by_xdp() {
    scenes::live_frames_are_counted_each_by_xdp(500_000);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn garbage_as_fast_as_can_be_hides_no_outage() {
    scenes::garbage_hides_no_outage(500_000);
}
