//! The table, one subject a file. A new file is one line in [`ALL`].

mod deepest;
mod fragments;
mod icmpv4;
mod icmpv6;
mod ipv4;
mod ipv6;
mod link;
mod ports;
mod quotes;
mod stream;
mod tcp;
mod tunnels;
mod udp;

use super::Case;

/// The parts of the table.
pub const ALL: [fn() -> Vec<Case>; 13] = [
    link::cases,
    ipv4::cases,
    ipv6::cases,
    fragments::cases,
    tunnels::cases,
    udp::cases,
    tcp::cases,
    stream::cases,
    icmpv4::cases,
    icmpv6::cases,
    quotes::cases,
    ports::cases,
    deepest::cases,
];
