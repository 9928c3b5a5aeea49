//! What a monitor that lies once lies about: each file is a kind of trouble that made netmon report what was not so,
//! or not report what was, on real hosts. Beside each stands a control: the same scene without the trouble, or with the
//! fault that it looks like, which is reported as it should be.
//!
//! The controls also say when the wrong report would have come: once the control's incident is there, so would be the
//! other one. Where an interface sees all of a scene, it is recorded too, and `netmon analyze` must find the same.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod at_once;
mod broken_zone;
mod counted_once;
mod early_error;
mod foreign_frames;
mod full_ring;
mod link_local;
mod lost_events;
mod off_path;
mod one_direction;
mod others;
mod own_addresses;
mod pause;
mod policy;
mod ports;
mod reload;
mod restart;
mod route;
mod scan;
mod source_port;
mod span;
mod spoofed;
mod stub;
#[path = "../support/mod.rs"]
mod support;
mod tcp_segments;
mod translation;
mod trouble;
