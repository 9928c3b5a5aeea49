//! IPv4 headers: options, and each length that lies.

use std::net::Ipv4Addr;

use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [
        options(),
        header_lengths(),
        total_lengths(),
        protocols(),
        oddities(),
    ]
    .concat()
}

/// A query in IPv4 with this header. Its UDP datagram has 32 bytes: 8 of header, 24 of DNS.
fn query_in(header: Ipv4Header) -> Stack {
    frame() / header / udp(40_000, 53) / query("a.test")
}

fn plain() -> Ipv4Header {
    ipv4(CLIENT, SERVER)
}

fn options() -> Vec<Case> {
    vec![
        case(
            "4 bytes of options",
            query_in(plain().options(4)),
            Expect::query(SERVER),
        ),
        case(
            "40 bytes of options, the most there can be",
            query_in(plain().options(40)),
            Expect::query(SERVER),
        ),
        case(
            "a source route is not followed: the destination is the one in the header",
            query_in(plain().source_route(ROUTER)),
            Expect::query(SERVER),
        ),
        case(
            "options that the frame ends before",
            (frame() / plain().options(40)).cut_to(14 + 59),
            Expect::short(Header::Ipv4),
        ),
        case(
            "options that the frame ends in the middle of",
            query_in(plain().options(40)).cut_to(14 + 40),
            Expect::short(Header::Ipv4),
        ),
    ]
}

fn header_lengths() -> Vec<Case> {
    let wrong = Expect::wrong(Header::Ipv4);
    vec![
        case("version 6 in IPv4", query_in(plain().version(6)), wrong),
        case("version 5 in IPv4", query_in(plain().version(5)), wrong),
        case("version 0 in IPv4", query_in(plain().version(0)), wrong),
        case("version 15 in IPv4", query_in(plain().version(15)), wrong),
        case("an IHL of 0", query_in(plain().ihl(0)), wrong),
        case("an IHL of 1", query_in(plain().ihl(1)), wrong),
        case("an IHL of 4", query_in(plain().ihl(4)), wrong),
        case(
            "an IHL that takes the UDP header for options: the DNS header is read as UDP, with a length of 1",
            query_in(plain().ihl(7)),
            // Its ports are then the id and the flags, and its length is the number of questions.
            Expect::wrong(Header::Udp),
        ),
        case(
            "an IHL of 15 in a packet of 52 bytes: the header is longer than the packet",
            query_in(plain().ihl(15)),
            wrong,
        ),
        case(
            "an IHL of 15 in a frame that ends before, with a total length of 0",
            query_in(plain().ihl(15).total_length(0)),
            Expect::short(Header::Ipv4),
        ),
        case(
            "an IHL of 15 in a frame that ends before, with a total length of 60",
            query_in(plain().ihl(15).total_length(60)),
            Expect::short(Header::Ipv4),
        ),
        case(
            "an IPv4 header without its last byte",
            query_in(plain()).cut_to(14 + 19),
            Expect::short(Header::Ipv4),
        ),
        case(
            "an IPv4 header and nothing else",
            query_in(plain()).cut_to(14 + 20),
            Expect::short(Header::Udp),
        ),
        case(
            "one byte of IPv4, of version 6: too short comes before wrong",
            query_in(plain().version(6)).cut_to(15),
            Expect::short(Header::Ipv4),
        ),
    ]
}

/// The true total length of these queries is 52.
fn total_lengths() -> Vec<Case> {
    let with = |total_length| query_in(plain().total_length(total_length));
    let counted = Expect::query(SERVER);
    vec![
        case(
            "a total length of 0, as segmentation offload leaves it",
            with(0),
            counted,
        ),
        case(
            "a total length of 0 with bytes behind the datagram",
            with(0).padding(100),
            counted,
        ),
        case("a total length one beyond the frame", with(53), counted),
        case("a total length of 65,535", with(65_535), counted),
        case("a total length of 1", with(1), Expect::wrong(Header::Ipv4)),
        case("a total length of 19", with(19), Expect::wrong(Header::Ipv4)),
        case(
            "a total length of 20: the UDP header is padding",
            with(20),
            Expect::short(Header::Udp),
        ),
        case(
            "a total length of 27: the UDP header's last byte is padding",
            with(27),
            Expect::short(Header::Udp),
        ),
        case(
            "a total length of 28: the DNS message is padding",
            with(28),
            Expect::short(Header::Dns),
        ),
        case(
            "a total length of 39: the DNS header's last byte is padding",
            with(39),
            Expect::short(Header::Dns),
        ),
        case(
            "a total length of 40: the DNS header and nothing else",
            with(40),
            counted,
        ),
        case(
            "a total length of 20 with 4 bytes of options",
            query_in(plain().options(4).total_length(20)),
            Expect::wrong(Header::Ipv4),
        ),
        case(
            "a total length of 59 with 40 bytes of options",
            query_in(plain().options(40).total_length(59)),
            Expect::wrong(Header::Ipv4),
        ),
        case(
            "a total length of 60 with 40 bytes of options: the UDP header is padding",
            query_in(plain().options(40).total_length(60)),
            Expect::short(Header::Udp),
        ),
        case(
            "a query with padding behind the IP packet",
            query_in(plain()).padding(6),
            counted,
        ),
        case(
            "an empty datagram to port 53, padded to the least size of a frame: padding is never payload",
            (frame() / plain() / udp(40_000, 53)).padding(18),
            Expect::short(Header::Dns),
        ),
    ]
}

fn protocols() -> Vec<Case> {
    // Ports as UDP has them, and what follows would be a query.
    let as_protocol = |protocol| query_in(plain().protocol(protocol));
    [
        ("protocol 0 in IPv4: hop-by-hop options are IPv6's", 0),
        ("IGMP", 2),
        ("DCCP to port 53", 33),
        ("RSVP", 46),
        ("ESP in IPv4", 50),
        ("an authentication header in IPv4", 51),
        ("ICMPv6 in IPv4", 58),
        ("destination options in IPv4", 60),
        ("SCTP to port 53", 132),
        ("UDP-Lite to port 53", 136),
        ("protocol 255", 255),
    ]
    .map(|(name, protocol)| case(name, as_protocol(protocol), Expect::Other))
    .into()
}

fn oddities() -> Vec<Case> {
    let counted = Expect::query(SERVER);
    let mut wrong_checksum = case(
        "a wrong header checksum, which offloading leaves too",
        query_in(plain()),
        counted,
    );
    if let Some(byte) = wrong_checksum.frame.get_mut(14 + 10) {
        *byte ^= 0xff;
    }
    vec![
        wrong_checksum,
        case(
            "the flag that fragments are not wanted",
            query_in(plain().flags(2)),
            counted,
        ),
        case("the reserved flag", query_in(plain().flags(4)), counted),
        case(
            "a query from the unspecified address to itself",
            query_in(ipv4(Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED)),
            Expect::query(Ipv4Addr::UNSPECIFIED),
        ),
        case(
            "a query to a stub resolver on the loopback",
            query_in(ipv4(Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 53))),
            Expect::query(Ipv4Addr::new(127, 0, 0, 53)),
        ),
        case(
            "IPv6 that is announced as IPv4",
            packet()
                / ethernet().ether_type(0x0800)
                / ipv6(CLIENT_V6, SERVER_V6)
                / udp(40_000, 53)
                / query("a.test"),
            Expect::wrong(Header::Ipv4),
        ),
    ]
}
