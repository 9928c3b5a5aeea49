//! netmon, as a library: what the binary, its tests and its benchmarks share.
//!
//! Packets become counts in the kernel, counts become incidents in a pure decider, incidents become reports
//! at the edge. docs/architecture.md has the map.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod analyze;
pub mod askers;
mod bounded;
pub mod capture;
pub mod cli;
pub mod clock;
pub mod config;
pub mod counter;
pub mod counts;
pub mod detect;
pub mod doctor;
pub mod excerpt;
pub mod history;
pub mod kernel;
pub mod latency;
mod limits;
pub mod manual;
pub mod model;
pub mod monitor;
pub mod observation;
pub mod ongoing;
pub mod outlets;
mod probe;
pub mod replay;
pub mod report;
pub mod resolvers;
pub mod resources;
pub mod rights;
pub mod served;
mod stand_in;
pub mod status;
pub mod time;
pub mod timeline;
pub mod top;
pub mod views;
