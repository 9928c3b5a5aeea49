//! Interfaces whose packets have no Ethernet header: an outage inside a tunnel, from both of its ends, counted exactly; and which
//! of them are watched.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod choice;
mod outage;
#[path = "../support/mod.rs"]
mod support;
