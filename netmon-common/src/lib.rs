//! What netmon's kernel programs and its user space agree on: how a packet is read ([`wire`]), what it
//! means for DNS and ICMP ([`classify`](mod@classify)), and how counts and evidence are laid out in maps ([`records`]).
//!
//! The crate is compiled for both sides, so that there is one parser and one classifier. It does no I/O,
//! reads no clock, allocates nothing and never panics, whatever the bytes are. It refuses to open tunnels
//! and to reassemble fragments: only the outermost headers of a packet are read.
#![no_std]
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]
#![expect(
    clippy::inline_always,
    reason = "in the kernel everything is one function: the verifier follows values through it, and a call would cost a quarter of the budget"
)]

pub mod address;
pub mod classify;
pub mod client_set;
pub mod latency;
pub mod limits;
pub mod outcome;
pub mod ports;
pub mod records;
pub mod shared;
pub mod trace;
pub mod wire;

pub use address::Address;
pub use classify::{Classified, Meaning, Offload, classify};
pub use client_set::ClientSet;
pub use outcome::{Code, Outcome, Rcode, Transport};
pub use ports::{DnsPorts, Ports, RawPort};
pub use shared::Shared;
