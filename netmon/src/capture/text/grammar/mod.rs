//! What tcpdump's words mean: from the text of one record to its packet.
//!
//! One part of the output a file, in the order in which a record has them: [`header`] up to the addresses,
//! [`carried`] behind them, [`icmp`] and [`dns`] within that. [`classify`] is where they come together.

pub mod carried;
pub mod classify;
pub mod dns;
pub mod endpoint;
pub mod header;
pub mod icmp;
mod icmp6;
mod name;
pub mod read;
pub mod summary;
pub mod why;
mod wording;
pub mod words;
