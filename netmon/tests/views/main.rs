//! What is shown to those who look: the API at the socket and by HTTP, the event stream, and who may see it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod api;
mod live;
mod shown;
#[path = "../support/mod.rs"]
mod support;
