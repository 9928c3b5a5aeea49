//! What the programs say in the log, where they are built with logging: each DNS unreachable.

use crate::notepad::Notepad;
use crate::packet::Packet;

/// The packet that was noted down. Called by the outermost function, whose stack is the least used: a program
/// has 512 bytes for all that call each other.
#[cfg(feature = "log")]
#[inline(always)]
pub fn noted<P: Packet>(packet: &P, notepad: *mut Notepad) {
    use aya_log_ebpf::debug;
    use core::net::Ipv6Addr;

    use crate::exchange::Kind;

    // SAFETY: the notepad is this CPU's, and belongs to this program while it runs.
    let (exchange, parties) = unsafe { (&(*notepad).finding.exchange, &(*notepad).parties) };
    if exchange.kind == Kind::Failure {
        debug!(
            packet,
            "interface {}: port {} of {} is unreachable, code {}",
            packet.ifindex(),
            exchange.server_port,
            // IPv4 too, mapped: a formatter for each family would double the program.
            Ipv6Addr::from(parties.server.octets()),
            exchange.detail
        );
    }
}

/// Without logging it costs nothing.
#[cfg(not(feature = "log"))]
#[inline(always)]
pub fn noted<P: Packet>(_packet: &P, _notepad: *mut Notepad) {}
