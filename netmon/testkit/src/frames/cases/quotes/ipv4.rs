//! A quoted IPv4 packet: how much of it is there, and what its header says.

use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

use super::{DNS, NOT_DNS, TCP, about, v4, v6};

pub fn cases() -> Vec<Case> {
    [lengths(), fields()].concat()
}

/// How much of the query is quoted.
fn lengths() -> Vec<Case> {
    let quoted = |count| about((v4() / udp(40_000, 53) / query("a.test")).cut_to(count));
    let with_options = |count| {
        about((packet() / ipv4(CLIENT, SERVER).options(40) / udp(40_000, 53) / query("a.test")).cut_to(count))
    };
    vec![
        case("one quoted byte", quoted(1), Expect::short(Header::Quoted)),
        case(
            "19 quoted bytes: no whole address",
            quoted(19),
            Expect::short(Header::Quoted),
        ),
        case("20 quoted bytes: an address without ports", quoted(20), NOT_DNS),
        case("22 quoted bytes: one port", quoted(22), NOT_DNS),
        case("23 quoted bytes: a port and a half", quoted(23), NOT_DNS),
        case("24 quoted bytes: both ports", quoted(24), DNS),
        case("28 quoted bytes, the IP header and 8 bytes", quoted(28), DNS),
        case(
            "a quote with options of which none are there",
            with_options(20),
            NOT_DNS,
        ),
        case(
            "a quote with options of which half are there",
            with_options(40),
            NOT_DNS,
        ),
        case("a quote with all options and no ports", with_options(60), NOT_DNS),
        case(
            "a quote with all options and 3 bytes of ports",
            with_options(63),
            NOT_DNS,
        ),
        case("a quote with all options and both ports", with_options(64), DNS),
        case("a quote with all options and 8 bytes", with_options(68), DNS),
        case(
            "8 bytes of a quoted SYN",
            about((v4() / tcp(40_000, 53).syn()).cut_to(28)),
            TCP,
        ),
        case(
            "4 bytes of a quoted SYN",
            about((v4() / tcp(40_000, 53).syn()).cut_to(24)),
            TCP,
        ),
    ]
}

/// Fields of the quoted IPv4 packet, read by the same rules as those of any other.
fn fields() -> Vec<Case> {
    let with = |header: Ipv4Header| about(packet() / header / udp(40_000, 53) / query("a.test"));
    let plain = || ipv4(CLIENT, SERVER);
    let wrong = Expect::wrong(Header::Quoted);
    vec![
        case("a quote of version 6 in ICMP", with(plain().version(6)), wrong),
        case("a quote with an IHL of 0", with(plain().ihl(0)), wrong),
        case("a quote with an IHL of 4", with(plain().ihl(4)), wrong),
        case(
            "a quote with a total length of 19",
            with(plain().total_length(19)),
            wrong,
        ),
        case(
            "a quote with a total length shorter than its options",
            with(plain().options(4).total_length(23)),
            wrong,
        ),
        case(
            "a quote with a total length of 0",
            with(plain().total_length(0)),
            DNS,
        ),
        case(
            "a quote with a total length of 65,535",
            with(plain().total_length(65_535)),
            DNS,
        ),
        case(
            "a quote with a total length of 20: the ports are not its own",
            with(plain().total_length(20)),
            NOT_DNS,
        ),
        case(
            "a quote with a total length of 23: one byte of the ports is not its own",
            with(plain().total_length(23)),
            NOT_DNS,
        ),
        case(
            "a quote with a total length of 24",
            with(plain().total_length(24)),
            DNS,
        ),
        case(
            "an IHL of 15 in a quote of 52 bytes that declares 60: no ports",
            with(plain().ihl(15).total_length(60)),
            NOT_DNS,
        ),
        case("a quote with 4 bytes of options", with(plain().options(4)), DNS),
        case("a quote with 40 bytes of options", with(plain().options(40)), DNS),
        case(
            "a quote with a source route: its destination is the one in the header",
            with(plain().source_route(ROUTER)),
            DNS,
        ),
        case(
            "a quoted UDP length of 0: only the ports are read",
            about(v4() / udp(40_000, 53).length(0)),
            DNS,
        ),
        case(
            "an ICMP error that quotes IPv6",
            about(v6() / udp(40_000, 53) / query("a.test")),
            wrong,
        ),
    ]
}
