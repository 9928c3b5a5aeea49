//! DNS ports other than 53, and several at once.

use netmon_common::Code;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [one_other(), several()].concat()
}

fn to_server() -> Stack {
    frame() / ipv4(CLIENT, SERVER)
}

fn to_client() -> Stack {
    frame() / ipv4(SERVER, CLIENT)
}

fn one_other() -> Vec<Case> {
    const PORTS: &[u16] = &[5_353];
    let quote = |port| packet() / ipv4(CLIENT, SERVER) / udp(40_000, port) / query("a.test");
    [
        case(
            "a query to 53 where 5353 is the DNS port",
            to_server() / udp(40_000, 53) / query("a.test"),
            Expect::Other,
        ),
        case(
            "a query to 5353 where it is the DNS port",
            to_server() / udp(40_000, 5_353) / query("a.test"),
            Expect::query(SERVER),
        ),
        case(
            "a response from 5353 where it is the DNS port",
            to_client() / udp(5_353, 40_000) / response("a.test"),
            Expect::response(SERVER),
        ),
        case(
            "a SYN to 53 where 5353 is the DNS port",
            to_server() / tcp(40_000, 53).syn(),
            Expect::Other,
        ),
        case(
            "a SYN to 5353 where it is the DNS port",
            to_server() / tcp(40_000, 5_353).syn(),
            Expect::connect(SERVER),
        ),
        case(
            "a RST from 53 where 5353 is the DNS port",
            to_client() / tcp(53, 40_000).rst(),
            Expect::Other,
        ),
        case(
            "a RST from 5353 where it is the DNS port",
            to_client() / tcp(5_353, 40_000).rst(),
            Expect::reset(SERVER),
        ),
        case(
            "an error about port 53 where 5353 is the DNS port",
            to_client() / unreachable(3) / quote(53),
            Expect::unreachable(SERVER, Code::Port),
        ),
        case(
            "an error about port 5353 where it is the DNS port",
            to_client() / unreachable(3) / quote(5_353),
            Expect::dns_unreachable(SERVER, Code::Port),
        ),
        case(
            "an empty datagram to 53 where 5353 is the DNS port",
            to_server() / udp(40_000, 53),
            Expect::Other,
        ),
    ]
    .map(|case| case.ports(PORTS))
    .into()
}

/// As many as there can be.
fn several() -> Vec<Case> {
    const PORTS: &[u16] = &[53, 5_353, 8_053, 1_053, 2_053, 3_053, 4_053, 65_535];
    let quote = |from, to| packet() / ipv4(CLIENT, SERVER) / udp(from, to) / query("a.test");
    [
        case(
            "a query to the first of eight DNS ports",
            to_server() / udp(40_000, 53) / query("a.test"),
            Expect::query(SERVER),
        ),
        case(
            "a query to the second of eight DNS ports",
            to_server() / udp(40_000, 5_353) / query("a.test"),
            Expect::query(SERVER),
        ),
        case(
            "a query to the last of eight DNS ports",
            to_server() / udp(40_000, 65_535) / query("a.test"),
            Expect::query(SERVER),
        ),
        case(
            "a query over TCP to the fourth of eight DNS ports",
            to_server() / tcp(40_000, 1_053).ack() / message_length() / query("a.test"),
            Expect::tcp_query(SERVER),
        ),
        case(
            "a query to none of eight DNS ports",
            to_server() / udp(40_000, 54) / query("a.test"),
            Expect::Other,
        ),
        case(
            "a query to port 0 with eight DNS ports",
            to_server() / udp(40_000, 0) / query("a.test"),
            Expect::Other,
        ),
        case(
            "a response from the third of eight DNS ports",
            to_client() / udp(8_053, 40_000) / response("a.test"),
            Expect::response(SERVER),
        ),
        case(
            "a query between two different DNS ports: counted for its destination",
            to_server() / udp(53, 5_353) / query("a.test"),
            Expect::query(SERVER),
        ),
        case(
            "a response between two different DNS ports: counted for its source",
            to_client() / udp(5_353, 53) / response("a.test"),
            Expect::response(SERVER),
        ),
        case(
            "an error about the last of eight DNS ports",
            to_client() / unreachable(1) / quote(40_000, 65_535),
            Expect::dns_unreachable(SERVER, Code::Host),
        ),
        case(
            "an error about a packet between two different DNS ports",
            to_client() / unreachable(3) / quote(53, 8_053),
            Expect::dns_unreachable(SERVER, Code::Port),
        ),
        case(
            "a late response from the last of eight DNS ports",
            to_server()
                / unreachable(3)
                / (packet() / ipv4(SERVER, CLIENT) / udp(65_535, 40_000) / response("a.test")),
            Expect::late_response(CLIENT, SERVER),
        ),
    ]
    .map(|case| case.ports(PORTS))
    .into()
}
