//! Places in the kernel's tables become free again, and no count is lost or another's: under load, and when netmon is killed
//! between any two steps.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod attack;
mod blinded;
mod crowd;
mod killed;
mod load;
mod many;
mod outages;
mod reserved;
#[path = "../support/mod.rs"]
mod support;
