//! IPv6 headers and extension headers: every kind, every order, up to 8 of them, and each length that lies.

use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [fixed(), kinds(), many(), lengths(), not_walked(), jumbo()].concat()
}

fn plain() -> Ipv6Header {
    ipv6(CLIENT_V6, SERVER_V6)
}

/// A query over UDP: 8 bytes of header, 24 of DNS.
fn datagram() -> Stack {
    packet() / udp(40_000, 53) / query("a.test")
}

/// A query behind one extension header.
fn behind(extension: Extension) -> Stack {
    frame() / plain() / extension / datagram()
}

fn fixed() -> Vec<Case> {
    let with = |payload_length| frame() / plain().payload_length(payload_length) / datagram();
    let counted = Expect::query(SERVER_V6);
    vec![
        case(
            "version 4 in IPv6",
            frame() / plain().version(4) / datagram(),
            Expect::wrong(Header::Ipv6),
        ),
        case(
            "version 7 in IPv6",
            frame() / plain().version(7) / datagram(),
            Expect::wrong(Header::Ipv6),
        ),
        case(
            "IPv4 that is announced as IPv6",
            packet() / ethernet().ether_type(0x86dd) / ipv4(CLIENT, SERVER) / datagram(),
            Expect::wrong(Header::Ipv6),
        ),
        case(
            "an IPv6 header without its last byte",
            (frame() / plain() / datagram()).cut_to(14 + 39),
            Expect::short(Header::Ipv6),
        ),
        case(
            "an IPv6 header and nothing else",
            (frame() / plain() / datagram()).cut_to(14 + 40),
            Expect::short(Header::Udp),
        ),
        case("a payload length of 0", with(0), Expect::short(Header::Udp)),
        case("a payload length of 7", with(7), Expect::short(Header::Udp)),
        case("a payload length of 8", with(8), Expect::short(Header::Dns)),
        case("a payload length of 19", with(19), Expect::short(Header::Dns)),
        case(
            "a payload length of 20: the DNS header and nothing else",
            with(20),
            counted,
        ),
        case("a payload length one beyond the frame", with(33), counted),
        case("a payload length of 65,535", with(65_535), counted),
        case(
            "a query with padding behind the IPv6 packet",
            (frame() / plain() / datagram()).padding(6),
            counted,
        ),
        case(
            "an empty datagram to port 53 with padding behind the IPv6 packet",
            (frame() / plain() / udp(40_000, 53)).padding(30),
            Expect::short(Header::Dns),
        ),
        case(
            "a response over IPv6",
            frame() / ipv6(SERVER_V6, CLIENT_V6) / udp(53, 40_000) / response("a.test"),
            Expect::response(SERVER_V6),
        ),
    ]
}

fn kinds() -> Vec<Case> {
    let extensions = [
        ("hop-by-hop options of 8 bytes", hop_by_hop(1)),
        ("hop-by-hop options of 64 bytes", hop_by_hop(8)),
        (
            "hop-by-hop options of 2,048 bytes, the most there can be",
            hop_by_hop(256),
        ),
        ("destination options of 8 bytes", destination_options(1)),
        ("destination options of 24 bytes", destination_options(3)),
        ("a routing header without addresses", routing(&[])),
        (
            "a routing header is not followed: the destination is the one in the header",
            routing(&[ROUTER_V6, CLIENT_V6]),
        ),
        ("an authentication header of 12 bytes", authentication(0)),
        (
            "an authentication header of 24 bytes: it counts 4 bytes, not 8",
            authentication(3),
        ),
        (
            "an authentication header of 28 bytes, which no other kind can have",
            authentication(4),
        ),
        (
            "an authentication header of 1,028 bytes, the most there can be",
            authentication(254),
        ),
        (
            "a fragment header of a packet that is whole (RFC 6946)",
            fragment(0, false),
        ),
    ];
    extensions
        .into_iter()
        .map(|(name, extension)| case(name, behind(extension), Expect::query(SERVER_V6)))
        .collect()
}

fn many() -> Vec<Case> {
    let eight = || {
        packet()
            / plain()
            / hop_by_hop(1)
            / destination_options(2)
            / routing(&[ROUTER_V6])
            / fragment(0, true)
            / authentication(3)
            / destination_options(1)
            / authentication(4)
            / hop_by_hop(1)
    };
    let counted = Expect::query(SERVER_V6);
    vec![
        case(
            "the order that RFC 8200 recommends",
            frame()
                / plain()
                / hop_by_hop(1)
                / destination_options(1)
                / routing(&[ROUTER_V6])
                / fragment(0, false)
                / authentication(3)
                / destination_options(1)
                / datagram(),
            counted,
        ),
        case(
            "hop-by-hop options behind destination options",
            frame() / plain() / destination_options(1) / hop_by_hop(1) / datagram(),
            counted,
        ),
        case("eight extension headers", frame() / eight() / datagram(), counted),
        case(
            "eight extension headers behind two tags",
            frame() / vlan(5) / vlan(6) / eight() / datagram(),
            counted,
        ),
        case(
            "nine extension headers",
            frame() / eight() / destination_options(1) / datagram(),
            Expect::wrong(Header::Ipv6Extension),
        ),
        case(
            "nine extension headers, and the frame ends before the last: too many comes before too short",
            frame() / eight() / raw([]).as_protocol(60),
            Expect::wrong(Header::Ipv6Extension),
        ),
        case(
            "eight extension headers and nothing behind them",
            frame() / eight() / raw([]).as_protocol(17),
            Expect::short(Header::Udp),
        ),
        case(
            "eight extension headers and a protocol that is not read",
            frame() / eight() / raw([0; 20]).as_protocol(132),
            Expect::Other,
        ),
    ]
}

fn lengths() -> Vec<Case> {
    let short = Expect::short(Header::Ipv6Extension);
    vec![
        case(
            "hop-by-hop options that say they are longer than the packet",
            behind(hop_by_hop(1).length(255)),
            short,
        ),
        case(
            "destination options that end one byte behind the packet: 40 bytes of 39",
            frame() / plain().payload_length(39) / destination_options(1).length(4) / datagram(),
            short,
        ),
        case(
            "destination options that swallow the whole packet",
            behind(destination_options(1).length(4)),
            Expect::short(Header::Udp),
        ),
        case(
            "a routing header that says it is longer than the packet",
            behind(routing(&[]).length(5)),
            short,
        ),
        case(
            "an authentication header that says it is longer than the packet",
            behind(authentication(0).length(10)),
            short,
        ),
        case(
            "an authentication header with a length of 0, which is 8 bytes: the rest of it is read as UDP",
            // Its sequence number 1 takes the place of the ports: no DNS port. The length is the client's port.
            behind(authentication(0).length(0)),
            Expect::Other,
        ),
        case(
            "a fragment header's reserved byte is not a length, and its reserved bits are not an offset",
            behind(fragment(0, true).reserved_bits()),
            Expect::query(SERVER_V6),
        ),
        case(
            "an extension header of which 7 bytes are there",
            behind(hop_by_hop(1)).cut_to(14 + 40 + 7),
            short,
        ),
        case(
            "an extension header of which 1 byte is in the packet, by its payload length",
            frame() / plain().payload_length(1) / hop_by_hop(1) / datagram(),
            short,
        ),
        case(
            "an extension header of 16 bytes of which 15 are there",
            behind(destination_options(2)).cut_to(14 + 40 + 15),
            short,
        ),
        case(
            "a payload length of 0 with hop-by-hop options in a frame that is not a jumbogram",
            frame() / plain().payload_length(0) / hop_by_hop(1) / datagram(),
            short,
        ),
        case(
            "a payload length that ends behind the extension header",
            frame() / plain().payload_length(8) / hop_by_hop(1) / datagram(),
            Expect::short(Header::Udp),
        ),
        case(
            "an extension header that announces a second one, which is not there",
            frame() / plain() / hop_by_hop(1) / raw([]).as_protocol(60),
            short,
        ),
    ]
}

/// Headers that may be called extension headers elsewhere; here they are a packet of another protocol.
fn not_walked() -> Vec<Case> {
    [
        ("no next header", 59),
        ("ESP in IPv6", 50),
        ("a mobility header", 135),
        ("the host identity protocol", 139),
        ("shim6", 140),
        ("an experimental header", 253),
        ("ICMP of IPv4 in IPv6", 1),
        ("next header 64, which is 0 in its lower six bits", 64),
        ("next header 107, which is 43 in its lower six bits", 107),
        ("next header 188, which is 60 in its lower six bits", 188),
    ]
    .map(|(name, next_header)| {
        case(
            name,
            frame() / plain().next_header(next_header) / datagram(),
            Expect::Other,
        )
    })
    .into()
}

/// Longer than its 16-bit length can say (RFC 2675): a payload length of 0.
fn jumbo() -> Vec<Case> {
    let datagram = || packet() / udp(40_000, 53).length(32) / query("a.test");
    vec![
        case(
            "a packet of 65,536 bytes, whose payload length is 0",
            frame() / plain() / datagram() / raw([0; 65_536 - 32]),
            Expect::query(SERVER_V6),
        ),
        case(
            "a packet of 65,535 bytes whose payload length is 0 all the same",
            frame() / plain().payload_length(0) / datagram() / raw([0; 65_535 - 32]),
            Expect::short(Header::Udp),
        ),
    ]
}
