//! The configuration file, by `netmon config check` and `show`: what is wrong is named with its place, the flags win,
//! and the example and the documentation know every key.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod layers;
mod mistakes;
mod pages;
mod written;
