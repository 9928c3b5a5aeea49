//! What an ICMP error means for DNS, by the ports of the packet that it quotes.

use super::Concern;
use crate::outcome::Transport;
use crate::ports::Ports;
use crate::wire::icmp::{QuotedPorts, Unreachable};
use crate::wire::{Bytes, Unreadable, dns, udp};

/// What the error means.
#[inline(always)]
pub(super) fn of<B: Bytes, P: Ports>(
    bytes: &B,
    ports: &P,
    unreachable: &Unreachable,
) -> Result<Concern, Unreadable> {
    let Some(quoted) = unreachable.quoted.ports else {
        return Ok(Concern::None);
    };
    if !ports.contains(quoted.destination.to_be_bytes()) {
        return if ports.contains(quoted.source.to_be_bytes()) {
            Ok(Concern::LateResponse)
        } else {
            Ok(Concern::None)
        };
    }
    if ports.contains(quoted.source.to_be_bytes()) {
        by_message(bytes, &quoted, unreachable.quoted.end)
    } else {
        Ok(Concern::DnsUnreachable(quoted.transport))
    }
}

/// Where both quoted ports are DNS ports, QR of the quoted message decides.
#[inline(always)]
fn by_message<B: Bytes>(bytes: &B, quoted: &QuotedPorts, end: usize) -> Result<Concern, Unreadable> {
    let message = quoted.offset + udp::HEADER_LEN;
    match quoted.transport {
        Transport::Udp => match dns::quoted_is_response(bytes, message, end)? {
            Some(true) => Ok(Concern::LateResponse),
            Some(false) => Ok(Concern::DnsUnreachable(Transport::Udp)),
            None => Ok(Concern::Undecided(Transport::Udp)),
        },
        Transport::Tcp => Ok(Concern::Undecided(Transport::Tcp)),
    }
}
