//! The history with a real monitor: outages that outlive it, and disks that fail it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod disk;
mod place;
mod power;
mod power_cut;
mod restart;
#[path = "../support/mod.rs"]
mod support;
mod troubles;
mod upgrade;
mod wall_clock;
