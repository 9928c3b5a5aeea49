//! ICMP: every code of destination unreachable, other types, and messages that end too early.

use netmon_common::Code;
use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [codes(), other_types(), senders(), lengths()].concat()
}

/// The query that is quoted: 52 bytes.
fn quote() -> Stack {
    packet() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("a.test")
}

fn error() -> Stack {
    frame() / ipv4(ROUTER, CLIENT)
}

fn codes() -> Vec<Case> {
    [
        ("code 0, network unreachable", 0, Code::Net),
        ("code 1, host unreachable", 1, Code::Host),
        ("code 2, protocol unreachable", 2, Code::Protocol),
        ("code 3, port unreachable", 3, Code::Port),
        ("code 4, fragmentation needed", 4, Code::Other),
        ("code 5, source route failed", 5, Code::Other),
        ("code 6, network unknown", 6, Code::Other),
        ("code 7, host unknown", 7, Code::Other),
        ("code 8, source host isolated", 8, Code::Other),
        ("code 9, network administratively prohibited", 9, Code::Admin),
        ("code 10, host administratively prohibited", 10, Code::Admin),
        ("code 11, network unreachable for this service", 11, Code::Other),
        ("code 12, host unreachable for this service", 12, Code::Other),
        (
            "code 13, communication administratively prohibited",
            13,
            Code::Admin,
        ),
        ("code 14, host precedence violation", 14, Code::Other),
        ("code 15, precedence cutoff", 15, Code::Other),
        ("code 16, which is not assigned", 16, Code::Other),
        ("code 255", 255, Code::Other),
    ]
    .map(|(name, code, meaning)| {
        case(
            name,
            error() / unreachable(code) / quote(),
            Expect::dns_unreachable(SERVER, meaning),
        )
    })
    .into()
}

fn other_types() -> Vec<Case> {
    [
        ("an echo reply", error() / icmp(0, 0) / raw([0; 48])),
        ("an echo request", error() / icmp(8, 0) / raw([0; 48])),
        (
            "a source quench that quotes a query",
            error() / icmp(4, 3) / quote(),
        ),
        ("a redirect that quotes a query", error() / icmp(5, 3) / quote()),
        (
            "time exceeded that quotes a query",
            error() / icmp(11, 0) / quote(),
        ),
        (
            "a parameter problem that quotes a query",
            error() / icmp(12, 0) / quote(),
        ),
        (
            "type 1, which is ICMPv6's unreachable",
            error() / icmp(1, 3) / quote(),
        ),
        (
            "a header of another type, and no more: a router solicitation",
            error() / raw([10, 0, 0, 0, 0, 0, 0, 0]).as_protocol(1),
        ),
    ]
    .map(|(name, frame)| case(name, frame, Expect::Other))
    .into()
}

/// Who sends the error does not change whom it is counted for.
fn senders() -> Vec<Case> {
    let counted = Expect::dns_unreachable(SERVER, Code::Port);
    vec![
        case(
            "an error from the server itself",
            frame() / ipv4(SERVER, CLIENT) / unreachable(3) / quote(),
            counted,
        ),
        case(
            "an error that this host sends to itself",
            frame() / ipv4(CLIENT, CLIENT) / unreachable(3) / quote(),
            counted,
        ),
        case(
            "an error to another host than the one that sent the quoted packet",
            frame() / ipv4(SERVER, ROUTER) / unreachable(3) / quote(),
            counted,
        ),
        case(
            "an error in an IP packet with options",
            frame() / ipv4(SERVER, CLIENT).options(40) / unreachable(3) / quote(),
            counted,
        ),
        case(
            "an error behind two tags",
            frame() / service_vlan(5) / vlan(6) / ipv4(SERVER, CLIENT) / unreachable(3) / quote(),
            counted,
        ),
        case(
            "an error that quotes an error",
            error() / unreachable(1) / (packet() / ipv4(CLIENT, SERVER) / unreachable(3) / quote()),
            Expect::unreachable(SERVER, Code::Host),
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let message = || error() / unreachable(3) / quote();
    vec![
        case(
            "an ICMP message of no bytes",
            error() / raw([]).as_protocol(1),
            Expect::short(Header::Icmp),
        ),
        case(
            "an ICMP message of three bytes",
            message().cut_to(14 + 20 + 3),
            Expect::short(Header::Icmp),
        ),
        case(
            "an ICMP message of seven bytes of another type: all have eight",
            error() / raw([10, 0, 0, 0, 0, 0, 0]).as_protocol(1),
            Expect::short(Header::Icmp),
        ),
        case(
            "an unreachable of four bytes",
            message().cut_to(14 + 20 + 4),
            Expect::short(Header::Icmp),
        ),
        case(
            "an unreachable of seven bytes",
            message().cut_to(14 + 20 + 7),
            Expect::short(Header::Icmp),
        ),
        case(
            "an unreachable of eight bytes: it quotes nothing",
            message().cut_to(14 + 20 + 8),
            Expect::short(Header::Quoted),
        ),
        case(
            "an unreachable of eight bytes by its total length: the quote is padding",
            frame() / ipv4(ROUTER, CLIENT).total_length(28) / unreachable(3) / quote(),
            Expect::short(Header::Quoted),
        ),
        case(
            "a total length that leaves the quote its IP header: the ports are padding",
            frame() / ipv4(ROUTER, CLIENT).total_length(48) / unreachable(3) / quote(),
            Expect::unreachable(SERVER, Code::Port),
        ),
        case(
            "a total length of 0 in an error",
            frame() / ipv4(ROUTER, CLIENT).total_length(0) / unreachable(3) / quote(),
            Expect::dns_unreachable(SERVER, Code::Port),
        ),
        case(
            "an error with the length of its quote and an extension structure behind it (RFC 4884)",
            error()
                / unreachable(3).rest([0, 32, 0, 0])
                / quote()
                / raw([0; 128 - 52])
                / raw([0x20, 0, 0, 0, 0, 8, 1, 1, 0, 1, 1, 1]),
            Expect::dns_unreachable(SERVER, Code::Port),
        ),
        case(
            "fragmentation needed with the size of the next link",
            error() / unreachable(4).rest([0, 0, 5, 0x14]) / quote(),
            Expect::dns_unreachable(SERVER, Code::Other),
        ),
    ]
}
