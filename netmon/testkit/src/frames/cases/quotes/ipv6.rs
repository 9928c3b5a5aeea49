//! A quoted IPv6 packet: how much of it is there, what its header says, and its extension headers.

use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

use super::{DNS_V6, NOT_DNS_V6, about_v6, v4, v6};

pub fn cases() -> Vec<Case> {
    [lengths(), extensions()].concat()
}

/// How much of the query is quoted, and what its lengths say.
fn lengths() -> Vec<Case> {
    let quoted = |count| about_v6((v6() / udp(40_000, 53) / query("a.test")).cut_to(count));
    let with = |header: Ipv6Header| about_v6(packet() / header / udp(40_000, 53) / query("a.test"));
    let plain = || ipv6(CLIENT_V6, SERVER_V6);
    let wrong = Expect::wrong(Header::Quoted);
    vec![
        case(
            "one quoted byte of IPv6",
            quoted(1),
            Expect::short(Header::Quoted),
        ),
        case(
            "39 quoted bytes of IPv6: no whole address",
            quoted(39),
            Expect::short(Header::Quoted),
        ),
        case(
            "40 quoted bytes of IPv6: an address without ports",
            quoted(40),
            NOT_DNS_V6,
        ),
        case(
            "43 quoted bytes of IPv6: a port and a half",
            quoted(43),
            NOT_DNS_V6,
        ),
        case("44 quoted bytes of IPv6: both ports", quoted(44), DNS_V6),
        case(
            "48 quoted bytes of IPv6, the IP header and 8 bytes",
            quoted(48),
            DNS_V6,
        ),
        case("a quote of version 4 in ICMPv6", with(plain().version(4)), wrong),
        case(
            "a quoted payload length of 0: the ports are not its own",
            with(plain().payload_length(0)),
            NOT_DNS_V6,
        ),
        case(
            "a quoted payload length of 3",
            with(plain().payload_length(3)),
            NOT_DNS_V6,
        ),
        case(
            "a quoted payload length of 4",
            with(plain().payload_length(4)),
            DNS_V6,
        ),
        case(
            "a quoted payload length of 65,535",
            with(plain().payload_length(65_535)),
            DNS_V6,
        ),
        case(
            "an ICMPv6 error that quotes IPv4",
            about_v6(v4() / udp(40_000, 53) / query("a.test")),
            // A whole IPv6 header could be read, but its version is 4.
            wrong,
        ),
        case(
            "an ICMPv6 error that quotes IPv4 in less than 40 bytes: too short comes before wrong",
            about_v6((v4() / udp(40_000, 53) / query("a.test")).cut_to(39)),
            Expect::short(Header::Quoted),
        ),
    ]
}

/// Extension headers of the quoted packet.
fn extensions() -> Vec<Case> {
    let eight = || {
        v6() / hop_by_hop(1)
            / destination_options(2)
            / routing(&[ROUTER_V6])
            / fragment(0, true)
            / authentication(3)
            / destination_options(1)
            / authentication(4)
            / hop_by_hop(1)
    };
    vec![
        case(
            "a quote with hop-by-hop options",
            about_v6(v6() / hop_by_hop(2) / udp(40_000, 53) / query("a.test")),
            DNS_V6,
        ),
        case(
            "a quote with an authentication header",
            about_v6(v6() / authentication(3) / udp(40_000, 53) / query("a.test")),
            DNS_V6,
        ),
        case(
            "a quote with a routing header: its destination is the one in the header",
            about_v6(v6() / routing(&[ROUTER_V6]) / udp(40_000, 53) / query("a.test")),
            DNS_V6,
        ),
        case(
            "a quote with eight extension headers",
            about_v6(eight() / udp(40_000, 53) / query("a.test")),
            DNS_V6,
        ),
        case(
            "a quote with nine extension headers",
            about_v6(eight() / hop_by_hop(1) / udp(40_000, 53) / query("a.test")),
            Expect::wrong(Header::Quoted),
        ),
        case(
            "a quote that ends in an extension header: an address without ports",
            about_v6((v6() / hop_by_hop(2) / udp(40_000, 53)).cut_to(40 + 15)),
            NOT_DNS_V6,
        ),
        case(
            "a quote that ends before an extension header: an address without ports",
            about_v6((v6() / hop_by_hop(2) / udp(40_000, 53)).cut_to(40)),
            NOT_DNS_V6,
        ),
        case(
            "a quote whose extension header says it is longer than the quote",
            about_v6(v6() / hop_by_hop(1).length(200) / udp(40_000, 53)),
            NOT_DNS_V6,
        ),
        case(
            "a quoted first fragment of a query over IPv6",
            about_v6(v6() / fragment(0, true) / udp(40_000, 53) / query("a.test")),
            DNS_V6,
        ),
        case(
            "a quoted later fragment over IPv6 whose payload looks like a query",
            about_v6(v6() / fragment(8, false) / udp(40_000, 53) / query("a.test")),
            NOT_DNS_V6,
        ),
        case(
            "a quote with ESP",
            about_v6(packet() / ipv6(CLIENT_V6, SERVER_V6).next_header(50) / udp(40_000, 53)),
            NOT_DNS_V6,
        ),
    ]
}
