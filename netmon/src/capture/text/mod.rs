//! tcpdump's text output, as it prints it and as people paste it.
//!
//! Text in, packets out: no clock, no files. [`TextReader`] turns lines into [`TextPacket`]s, [`TextDoor`]
//! turns these into counts and observations, as the other doors do with packets.
//!
//! It reads the default form and what `-n`, `-nn`, `-t` to `-ttttt`, `-v`, `-vv`, `-e`, `-q`, `-x` and `-#`
//! make of it, for IPv4 and IPv6, on one interface or on `any`. Lines may be broken at any space, and where a
//! terminal's edge was; they may be quoted, listed or fenced. It refuses to look up host names.

mod asides;
mod begins;
mod clock;
mod complaints;
mod count;
mod date;
mod door;
mod duplicates;
mod exchange;
mod file;
mod grammar;
mod hosts;
mod line;
mod other_tools;
pub mod packet;
mod reader;
mod record;
mod sniff;
mod stamp;
mod starts;
mod traces;

pub use clock::Assumed;
pub use date::date_of;
pub use door::TextDoor;
pub use duplicates::DuplicatePackets;
pub use file::TextFile;
pub use hosts::Hosts;
pub use packet::{TextPacket, TextWhat};
pub use reader::{Options, TextReader};
pub use sniff::looks_like_text;

#[cfg(test)]
mod tests;
