//! ICMPv6: every code of destination unreachable, other types, and messages that end too early.

use netmon_common::Code;
use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [codes(), other_types(), places(), lengths()].concat()
}

/// The query that is quoted: 72 bytes.
fn quote() -> Stack {
    packet() / ipv6(CLIENT_V6, SERVER_V6) / udp(40_000, 53) / query("a.test")
}

fn error() -> Stack {
    frame() / ipv6(ROUTER_V6, CLIENT_V6)
}

fn codes() -> Vec<Case> {
    [
        ("ICMPv6 code 0, no route", 0, Code::Net),
        ("ICMPv6 code 1, administratively prohibited", 1, Code::Admin),
        (
            "ICMPv6 code 2, beyond the scope of the source address",
            2,
            Code::Other,
        ),
        ("ICMPv6 code 3, address unreachable", 3, Code::Host),
        ("ICMPv6 code 4, port unreachable", 4, Code::Port),
        ("ICMPv6 code 5, source address failed policy", 5, Code::Admin),
        ("ICMPv6 code 6, reject route", 6, Code::Admin),
        ("ICMPv6 code 7, error in source routing header", 7, Code::Other),
        ("ICMPv6 code 13, which is a code of ICMP", 13, Code::Other),
        ("ICMPv6 code 255", 255, Code::Other),
    ]
    .map(|(name, code, meaning)| {
        case(
            name,
            error() / unreachable_v6(code) / quote(),
            Expect::dns_unreachable(SERVER_V6, meaning),
        )
    })
    .into()
}

fn other_types() -> Vec<Case> {
    [
        (
            "packet too big that quotes a query",
            error() / icmpv6(2, 0) / quote(),
        ),
        (
            "ICMPv6 time exceeded that quotes a query",
            error() / icmpv6(3, 0) / quote(),
        ),
        (
            "an ICMPv6 parameter problem that quotes a query",
            error() / icmpv6(4, 1) / quote(),
        ),
        ("an ICMPv6 echo request", error() / icmpv6(128, 0) / raw([0; 48])),
        ("a neighbor solicitation", error() / icmpv6(135, 0) / raw([0; 16])),
        (
            "a report of group members, behind hop-by-hop options",
            error() / hop_by_hop(1) / icmpv6(143, 0) / raw([0; 20]),
        ),
        (
            "a request for information of RPL, six bytes: shorter than an unreachable's header (RFC 6550)",
            error() / raw([155, 0, 0, 0, 0, 0]).as_protocol(58),
        ),
        (
            "an ICMPv6 message of four bytes of another type",
            error() / raw([200, 0, 0, 0]).as_protocol(58),
        ),
        ("ICMP's unreachable in IPv6", error() / unreachable(3) / quote()),
        (
            "ICMPv6's unreachable in IPv4",
            frame() / ipv4(ROUTER, CLIENT) / unreachable_v6(4) / quote(),
        ),
        ("type 3, which is ICMP's unreachable, of a query over IPv4", {
            error() / icmpv6(3, 3) / (packet() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("a.test"))
        }),
    ]
    .map(|(name, frame)| case(name, frame, Expect::Other))
    .into()
}

fn places() -> Vec<Case> {
    let counted = Expect::dns_unreachable(SERVER_V6, Code::Port);
    vec![
        case(
            "an ICMPv6 error behind an extension header",
            error() / destination_options(2) / unreachable_v6(4) / quote(),
            counted,
        ),
        case(
            "an ICMPv6 error behind an authentication header",
            error() / authentication(3) / unreachable_v6(4) / quote(),
            counted,
        ),
        case(
            "an ICMPv6 error behind two tags",
            frame() / vlan(5) / vlan(6) / ipv6(SERVER_V6, CLIENT_V6) / unreachable_v6(4) / quote(),
            counted,
        ),
        case(
            "an ICMPv6 error that quotes an error",
            error()
                / unreachable_v6(3)
                / (packet() / ipv6(CLIENT_V6, SERVER_V6) / unreachable_v6(4) / quote()),
            Expect::unreachable(SERVER_V6, Code::Host),
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let message = || error() / unreachable_v6(4) / quote();
    let short = Expect::short(Header::Icmp);
    vec![
        case(
            "an ICMPv6 message of no bytes",
            error() / raw([]).as_protocol(58),
            short,
        ),
        case(
            "an ICMPv6 message of three bytes",
            message().cut_to(14 + 40 + 3),
            short,
        ),
        case(
            "an ICMPv6 unreachable of four bytes",
            message().cut_to(14 + 40 + 4),
            short,
        ),
        case(
            "an ICMPv6 unreachable of seven bytes",
            message().cut_to(14 + 40 + 7),
            short,
        ),
        case(
            "an ICMPv6 unreachable of eight bytes: it quotes nothing",
            message().cut_to(14 + 40 + 8),
            Expect::short(Header::Quoted),
        ),
        case(
            "an ICMPv6 unreachable of eight bytes by its payload length: the quote is padding",
            frame() / ipv6(ROUTER_V6, CLIENT_V6).payload_length(8) / unreachable_v6(4) / quote(),
            Expect::short(Header::Quoted),
        ),
        case(
            "a payload length that leaves the quote its IP header: the ports are padding",
            frame() / ipv6(ROUTER_V6, CLIENT_V6).payload_length(48) / unreachable_v6(4) / quote(),
            Expect::unreachable(SERVER_V6, Code::Port),
        ),
        case(
            "a payload length of 0 in an ICMPv6 error",
            frame() / ipv6(ROUTER_V6, CLIENT_V6).payload_length(0) / unreachable_v6(4) / quote(),
            short,
        ),
    ]
}
