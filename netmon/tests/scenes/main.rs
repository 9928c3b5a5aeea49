//! Every cause made real, and what looks like one and is none: hosts in network namespaces, the kernel's own
//! errors, real servers and real clients, over IPv4 and IPv6 at once. One idea a file.
//!
//! They are one program, because most of their time goes by waiting for incidents to close, and the tests of
//! one program wait side by side.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod accepted;
mod askers;
mod chain;
mod endpoints;
mod failing;
mod failover;
mod forged;
mod fragmentation;
mod host;
mod iterative;
mod late;
mod masquerade;
mod podman;
mod probe;
mod resolved;
mod resolvers;
mod router;
mod scanner;
mod server;
mod silence;
#[path = "../support/mod.rs"]
mod support;
mod tcp;
mod who;
