//! What the quoted packet carried.

use crate::frames::build::prelude::*;
use crate::frames::{Case, case};

use super::{DNS, NOT_DNS, NOT_DNS_V6, TCP, TCP_V6, about, about_v6, v4, v6};

pub fn cases() -> Vec<Case> {
    vec![
        case(
            "a quoted SYN to port 53",
            about(v4() / tcp(40_000, 53).syn().options(20)),
            TCP,
        ),
        case(
            "a quoted SYN to port 53 over IPv6",
            about_v6(v6() / tcp(40_000, 53).syn().options(20)),
            TCP_V6,
        ),
        case(
            "a quoted segment with a query",
            about(v4() / tcp(40_000, 53).ack() / message_length() / query("a.test")),
            TCP,
        ),
        case(
            "a quoted query from port 53 to port 53",
            about(packet() / ipv4(ROUTER, SERVER) / udp(53, 53) / query("a.test")),
            DNS,
        ),
        case(
            "a quoted response to port 53: the port decides, not QR",
            about(v4() / udp(40_000, 53) / response("a.test")),
            DNS,
        ),
        case(
            "a quoted empty datagram to port 53",
            about(v4() / udp(40_000, 53)),
            DNS,
        ),
        case(
            "a quoted datagram to port 4000",
            about(v4() / udp(40_000, 4_000) / raw([0; 20])),
            NOT_DNS,
        ),
        case(
            "a quoted datagram to port 4000 over IPv6",
            about_v6(v6() / udp(40_000, 4_000) / raw([0; 20])),
            NOT_DNS_V6,
        ),
        case(
            "a quoted segment to port 443",
            about(v4() / tcp(40_000, 443).syn()),
            NOT_DNS,
        ),
        case(
            "a quoted echo request",
            about(v4() / icmp(8, 0) / raw([0; 20])),
            NOT_DNS,
        ),
        case(
            "a quoted ICMPv6 echo request",
            about_v6(v6() / icmpv6(128, 0) / raw([0; 20])),
            NOT_DNS_V6,
        ),
        case(
            "a quoted SCTP packet to port 53",
            about(packet() / ipv4(CLIENT, SERVER).protocol(132) / udp(40_000, 53)),
            NOT_DNS,
        ),
        case(
            "a quoted tunnel that carries a query",
            about(v4() / (v4() / udp(40_000, 53) / query("a.test"))),
            NOT_DNS,
        ),
        case(
            "a quoted first fragment of a query",
            about(packet() / ipv4(CLIENT, SERVER).fragment(0, true) / udp(40_000, 53) / query("a.test")),
            DNS,
        ),
        case(
            "a quoted later fragment whose payload looks like a query",
            about(packet() / ipv4(CLIENT, SERVER).fragment(8, false) / udp(40_000, 53) / query("a.test")),
            NOT_DNS,
        ),
    ]
}
