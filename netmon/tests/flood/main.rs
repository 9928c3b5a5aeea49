//! Forged errors, for random servers, from anybody: they hide no real outage. `cargo xtask soak` sends far more of them,
//! and `cargo xtask bench` measures what they cost.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod scene;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn a_flood_of_forged_errors_hides_no_real_outage() {
    scene::a_flood_hides_no_real_outage(10_000, Duration::from_secs(4));
}
