//! What is shipped for Prometheus and Alertmanager, with the real ones: their own checks, the rules' own tests, and
//! a fleet of hosts whose DNS server stops.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod asking;
mod chain;
mod fleet;
mod panels;
mod programs;
mod shipped;
#[path = "../support/mod.rs"]
mod support;
mod webhook;
