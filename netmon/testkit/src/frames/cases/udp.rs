//! DNS over UDP: directions, response codes, and each length that lies.

use netmon_common::wire::Header;
use netmon_common::{Rcode, Transport};

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [directions(), messages(), rcodes(), lengths(), other_ports()].concat()
}

fn to_server(datagram: UdpHeader) -> Stack {
    frame() / ipv4(CLIENT, SERVER) / datagram
}

fn to_client(datagram: UdpHeader) -> Stack {
    frame() / ipv4(SERVER, CLIENT) / datagram
}

fn directions() -> Vec<Case> {
    vec![
        case(
            "a response",
            to_client(udp(53, 40_000)) / response("a.test"),
            Expect::response(SERVER),
        ),
        case(
            "a response to port 53: the wrong direction",
            to_server(udp(40_000, 53)) / response("a.test"),
            Expect::Other,
        ),
        case(
            "a query from port 53: the wrong direction",
            to_client(udp(53, 40_000)) / query("a.test"),
            Expect::Other,
        ),
        case(
            "a query from port 53 to port 53: counted for its destination",
            to_server(udp(53, 53)) / query("a.test"),
            Expect::query(SERVER),
        ),
        case(
            "a response from port 53 to port 53: counted for its source",
            to_client(udp(53, 53)) / response("a.test"),
            Expect::response(SERVER),
        ),
        case(
            "a query from port 0",
            to_server(udp(0, 53)) / query("a.test"),
            Expect::query(SERVER),
        ),
    ]
}

/// Over UDP any 12 bytes are a DNS header.
fn messages() -> Vec<Case> {
    let to_server = || to_server(udp(40_000, 53));
    let counted = Expect::query(SERVER);
    vec![
        case(
            "a query that is nothing but its header",
            to_server() / query("a.test").header_only(),
            counted,
        ),
        case(
            "a query without a question",
            to_server() / query("a.test").questions(0),
            counted,
        ),
        case(
            "a query that declares 65,535 questions",
            to_server() / query("a.test").questions(65_535),
            counted,
        ),
        case(
            "an UPDATE (RFC 2136)",
            to_server() / query("a.test").opcode(5),
            counted,
        ),
        case(
            "a query with the highest opcode",
            to_server() / query("a.test").opcode(15),
            counted,
        ),
        case("a query for the root", to_server() / query(""), counted),
        case("twelve zeros to port 53", to_server() / raw([0; 12]), counted),
        case(
            "twelve bytes 0xff to port 53: QR is 1, the wrong direction",
            to_server() / raw([0xff; 12]),
            Expect::Other,
        ),
    ]
}

fn rcodes() -> Vec<Case> {
    [
        ("a response with rcode 1, FORMERR", 1, Rcode::FormErr),
        ("a response with rcode 2, SERVFAIL", 2, Rcode::ServFail),
        ("a response with rcode 3, NXDOMAIN", 3, Rcode::NxDomain),
        ("a response with rcode 4, NOTIMP", 4, Rcode::NotImp),
        ("a response with rcode 5, REFUSED", 5, Rcode::Refused),
        ("a response with rcode 6, YXDOMAIN", 6, Rcode::Other),
        ("a response with rcode 7", 7, Rcode::Other),
        ("a response with rcode 8", 8, Rcode::Other),
        ("a response with rcode 9, NOTAUTH", 9, Rcode::Other),
        ("a response with rcode 10", 10, Rcode::Other),
        ("a response with rcode 15", 15, Rcode::Other),
    ]
    .map(|(name, number, rcode)| {
        case(
            name,
            to_client(udp(53, 40_000)) / response("a.test").rcode(number),
            Expect::Response(Transport::Udp, SERVER.into(), rcode),
        )
    })
    .into()
}

/// The true length of these datagrams is 32: 8 of header, 24 of DNS.
fn lengths() -> Vec<Case> {
    let with = |length| to_server(udp(40_000, 53).length(length)) / query("a.test");
    let counted = Expect::query(SERVER);
    vec![
        case("a UDP length of 0", with(0), Expect::wrong(Header::Udp)),
        case("a UDP length of 7", with(7), Expect::wrong(Header::Udp)),
        case(
            "a UDP length of 8, although a message follows",
            with(8),
            Expect::short(Header::Dns),
        ),
        case(
            "a UDP length of 19, although a message follows",
            with(19),
            Expect::short(Header::Dns),
        ),
        case(
            "a UDP length of 20: the DNS header and nothing else",
            with(20),
            counted,
        ),
        case("a UDP length one beyond the packet", with(33), counted),
        case("a UDP length of 65,535", with(65_535), counted),
        case(
            "an empty datagram to port 53",
            to_server(udp(40_000, 53)),
            Expect::short(Header::Dns),
        ),
        case(
            "an empty datagram from port 53",
            to_client(udp(53, 40_000)),
            Expect::short(Header::Dns),
        ),
        case(
            "a datagram of 11 bytes to port 53",
            to_server(udp(40_000, 53)) / raw([0; 11]),
            Expect::short(Header::Dns),
        ),
        case(
            "a datagram of 11 bytes from port 53",
            to_client(udp(53, 40_000)) / raw([0xff; 11]),
            Expect::short(Header::Dns),
        ),
        case(
            "a datagram of 11 bytes of which UDP says that they are 12, and padding behind them",
            (to_server(udp(40_000, 53).length(20)) / raw([0; 11])).padding(7),
            Expect::short(Header::Dns),
        ),
        case(
            "a UDP header without its last byte",
            with(32).cut_to(14 + 20 + 7),
            Expect::short(Header::Udp),
        ),
        case(
            "a UDP length of 7 between ports that are not DNS ports",
            to_server(udp(40_000, 4_000).length(7)) / raw([0; 20]),
            Expect::wrong(Header::Udp),
        ),
        case(
            "a UDP length of 0 over IPv6",
            frame() / ipv6(CLIENT_V6, SERVER_V6) / udp(40_000, 53).length(0) / query("a.test"),
            Expect::wrong(Header::Udp),
        ),
        case(
            "a UDP length of 19 over IPv6, although a message follows",
            frame() / ipv6(CLIENT_V6, SERVER_V6) / udp(40_000, 53).length(19) / query("a.test"),
            Expect::short(Header::Dns),
        ),
    ]
}

fn other_ports() -> Vec<Case> {
    vec![
        case(
            "an empty datagram between ports that are not DNS ports",
            to_server(udp(40_000, 4_000)),
            Expect::Other,
        ),
        case(
            "a query to port 5353",
            to_server(udp(40_000, 5_353)) / query("a.test"),
            Expect::Other,
        ),
        case(
            "a query to port 13568, which is 53 with its bytes swapped",
            to_server(udp(40_000, 13_568)) / query("a.test"),
            Expect::Other,
        ),
        case(
            "a query to port 309, which is 53 in its lower byte",
            to_server(udp(40_000, 309)) / query("a.test"),
            Expect::Other,
        ),
        case(
            "QUIC to port 443",
            to_server(udp(40_000, 443)) / raw([0xc3; 1_200]),
            Expect::Other,
        ),
    ]
}
