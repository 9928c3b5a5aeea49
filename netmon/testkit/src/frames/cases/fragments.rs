//! Fragments: the first is read like a whole packet, a later one is nothing but a fragment.

use netmon_common::Code;
use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [of_ipv4(), of_ipv6()].concat()
}

fn datagram() -> Stack {
    packet() / udp(40_000, 53) / query("a.test")
}

fn of_ipv4() -> Vec<Case> {
    let fragment = |offset, more| ipv4(CLIENT, SERVER).fragment(offset, more);
    vec![
        case(
            "the first fragment of a query over IPv4",
            frame() / fragment(0, true) / datagram(),
            Expect::query(SERVER),
        ),
        case(
            "the first fragment of a long response: its UDP length goes beyond the fragment",
            frame()
                / ipv4(SERVER, CLIENT).fragment(0, true)
                / udp(53, 40_000).length(4_000)
                / response("a.test"),
            Expect::response(SERVER),
        ),
        case(
            "the first fragment of an unreachable",
            frame()
                / ipv4(SERVER, CLIENT).fragment(0, true)
                / unreachable(3)
                / (packet() / ipv4(CLIENT, SERVER) / datagram()),
            Expect::dns_unreachable(SERVER, Code::Port),
        ),
        case(
            "a first fragment too small for its UDP header",
            frame() / fragment(0, true).protocol(17) / raw([0; 7]),
            Expect::short(Header::Udp),
        ),
        case(
            "a first fragment too small for its DNS header",
            frame() / fragment(0, true) / udp(40_000, 53).length(32) / raw([0; 8]),
            Expect::short(Header::Dns),
        ),
        case(
            "a middle fragment over IPv4 whose payload looks like a query",
            frame() / fragment(8, true) / datagram(),
            Expect::Fragment,
        ),
        case(
            "the last fragment over IPv4 whose payload looks like a query",
            frame() / fragment(1_480, false) / datagram(),
            Expect::Fragment,
        ),
        case(
            "the fragment with the highest offset there can be",
            frame() / fragment(65_528, false) / datagram(),
            Expect::Fragment,
        ),
        case(
            "a later fragment of an unreachable",
            frame()
                / ipv4(SERVER, CLIENT).fragment(8, false)
                / unreachable(3)
                / (packet() / ipv4(CLIENT, SERVER) / datagram()),
            Expect::Fragment,
        ),
        case(
            "a later fragment of one byte",
            frame() / fragment(1_480, false).protocol(17) / raw([1]),
            Expect::Fragment,
        ),
        case(
            "a later fragment of a protocol that is not read",
            frame() / fragment(1_480, false).protocol(132) / raw([1]),
            Expect::Fragment,
        ),
        case(
            "a later fragment with options",
            frame() / fragment(1_480, true).options(12) / datagram(),
            Expect::Fragment,
        ),
        case(
            "a later fragment with a wrong header",
            frame() / fragment(1_480, true).ihl(4) / datagram(),
            Expect::wrong(Header::Ipv4),
        ),
        case(
            "a later fragment whose options are not all there",
            (frame() / fragment(1_480, true).options(12) / datagram()).cut_to(14 + 31),
            Expect::short(Header::Ipv4),
        ),
    ]
}

fn of_ipv6() -> Vec<Case> {
    let plain = || ipv6(CLIENT_V6, SERVER_V6);
    let seven = || {
        packet()
            / plain()
            / hop_by_hop(1)
            / destination_options(1)
            / hop_by_hop(1)
            / destination_options(1)
            / hop_by_hop(1)
            / destination_options(1)
            / hop_by_hop(1)
    };
    vec![
        case(
            "the first fragment of a query over IPv6",
            frame() / plain() / fragment(0, true) / datagram(),
            Expect::query(SERVER_V6),
        ),
        case(
            "a middle fragment over IPv6 whose payload looks like a query",
            frame() / plain() / fragment(8, true) / datagram(),
            Expect::Fragment,
        ),
        case(
            "the last fragment over IPv6 whose payload looks like a query",
            frame() / plain() / fragment(1_448, false) / datagram(),
            Expect::Fragment,
        ),
        case(
            "the fragment with the highest offset there can be, over IPv6",
            frame() / plain() / fragment(65_528, false) / datagram(),
            Expect::Fragment,
        ),
        case(
            "a later fragment that announces an extension header: nothing behind it is read",
            frame() / plain() / fragment(8, true).next_header(60) / raw([0xff; 3]),
            Expect::Fragment,
        ),
        case(
            "a later fragment whose fragment header is the last byte of the packet",
            frame() / plain() / fragment(8, false) / raw([]).as_protocol(17),
            Expect::Fragment,
        ),
        case(
            "a fragment header that is not all there",
            (frame() / plain() / fragment(8, false) / datagram()).cut_to(14 + 40 + 7),
            Expect::short(Header::Ipv6Extension),
        ),
        case(
            "a later fragment behind seven extension headers",
            frame() / seven() / fragment(8, true) / datagram(),
            Expect::Fragment,
        ),
        case(
            "a first fragment behind seven extension headers",
            frame() / seven() / fragment(0, true) / datagram(),
            Expect::query(SERVER_V6),
        ),
        case(
            "a later fragment behind eight extension headers: it is one header too many",
            frame() / seven() / hop_by_hop(1) / fragment(8, true) / datagram(),
            Expect::wrong(Header::Ipv6Extension),
        ),
        case(
            "two fragment headers, the second of a later fragment",
            frame() / plain() / fragment(0, true) / fragment(8, true) / datagram(),
            Expect::Fragment,
        ),
        case(
            "an authentication header before a later fragment",
            frame() / plain() / authentication(3) / fragment(8, true) / datagram(),
            Expect::Fragment,
        ),
        case(
            "the first fragment of an ICMPv6 unreachable",
            frame()
                / ipv6(SERVER_V6, CLIENT_V6)
                / fragment(0, true)
                / unreachable_v6(4)
                / (packet() / plain() / datagram()),
            Expect::dns_unreachable(SERVER_V6, Code::Port),
        ),
        case(
            "a later fragment of an ICMPv6 unreachable",
            frame()
                / ipv6(SERVER_V6, CLIENT_V6)
                / fragment(8, false)
                / unreachable_v6(4)
                / (packet() / plain() / datagram()),
            Expect::Fragment,
        ),
    ]
}
