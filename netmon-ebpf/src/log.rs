//! What the programs say in the log, where they are built with logging: each DNS unreachable.

use crate::exchange::Exchange;
use crate::packet::Packet;

/// The error that was noted down. Called by the outermost function, whose stack is the least used: a program
/// has 512 bytes for all that call each other.
#[cfg(feature = "log")]
#[inline(always)]
pub fn failure<P: Packet>(packet: P, exchange: &Exchange) {
    use aya_log_ebpf::debug;
    use core::net::Ipv6Addr;

    debug!(
        packet,
        "interface {}: port {} of {} is unreachable, code {}",
        packet.ifindex(),
        exchange.server_port,
        // IPv4 too, mapped: a formatter for each family would double the program.
        Ipv6Addr::from(exchange.server.octets()),
        exchange.detail
    );
}

/// Without logging it costs nothing.
#[cfg(not(feature = "log"))]
#[inline(always)]
pub fn failure<P: Packet>(_packet: P, _exchange: &Exchange) {}
