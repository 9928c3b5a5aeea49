//! The other door: capture files. The same packets give the same counts and observations as on a live host.
//!
//! [`open`] says by its content what a file is, decompressed where it must be. [`Frames`] lends the packets of
//! several captures in the order of their times. [`Door`] classifies and counts each, and tells the decider
//! what it means. Nothing here fails for what a file holds: what can be read is read, what cannot is told as a
//! warning with its place, and memory stays bounded ([`limits`]).

mod addresses;
mod asked;
mod connections;
mod door;
mod duplicates;
mod exchange;
mod exchanges;
mod file;
mod frame;
mod input;
mod kind;
mod latencies;
pub mod limits;
pub mod link;
mod links;
mod merge;
mod names;
mod pairing;
mod pcap;
mod pcapng;
mod problems;
mod question;
mod quote;
mod stream;
pub mod text;
mod translations;
mod tunnels;
mod unchanged;
mod unreadable;
mod window;

pub use door::Door;
pub use duplicates::DuplicateFrames;
pub use file::PacketFile;
pub use frame::{Frame, LinkType};
pub use input::{OpenError, Opened, Progress, open, open_source};
pub use kind::FileKind;
pub use links::Interface;
pub use merge::Frames;
pub use tunnels::Tunnels;
pub use window::Source;

#[cfg(test)]
mod tests;
