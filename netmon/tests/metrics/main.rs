//! Metrics, as scrapers see them: what is told, how it is documented and used, and that nobody who connects can
//! stall anything.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod hostile;
mod live;
mod names;
mod paths;
mod sample;
mod served;
#[path = "../support/mod.rs"]
mod support;
mod text;
