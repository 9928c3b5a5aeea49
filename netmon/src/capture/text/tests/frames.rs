//! Frames of every kind that tcpdump words differently, each with a name.

use super::build::*;
use super::frames_of_errors::{not_ip, unreachables, unreachables6, unreadable};

/// A frame, and what it is.
#[derive(Clone)]
pub struct Named {
    pub name: &'static str,
    pub frame: Vec<u8>,
}

pub fn named(name: &'static str, frame: Vec<u8>) -> Named {
    Named { name, frame }
}

/// All of them.
pub fn all() -> Vec<Named> {
    let mut all = queries();
    all.extend(carriers());
    all.extend(responses());
    all.extend(unreachables());
    all.extend(unreachables6());
    all.extend(segments());
    all.extend(extended());
    all.extend(unreadable());
    all.extend(not_ip());
    all
}

fn query(name: &'static str, dns: &Dns<'_>) -> Named {
    named(
        name,
        frame(&ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &dns.bytes()))),
    )
}

fn response(name: &'static str, dns: &Dns<'_>) -> Named {
    named(
        name,
        frame(&ipv4(SERVER, CLIENT, UDP, &udp(53, 52444, &dns.bytes()))),
    )
}

pub fn queries() -> Vec<Named> {
    let notify = record(1, &[1, 2, 3, 4]);
    vec![
        query("query", &QUERY),
        query(
            "query without RD",
            &Dns {
                id: 1,
                flags: 0,
                kind: 28,
                ..QUERY
            },
        ),
        query(
            "query with EDNS",
            &Dns {
                id: 2,
                flags: 0x0120,
                counts: [0, 0, 1],
                records: OPT,
                ..QUERY
            },
        ),
        query(
            "query with CD",
            &Dns {
                id: 3,
                flags: 0x0110,
                kind: 65,
                ..QUERY
            },
        ),
        query(
            "query of another class",
            &Dns {
                id: 4,
                name: &[b"version", b"bind"],
                kind: 16,
                class: 3,
                ..QUERY
            },
        ),
        query(
            "query for the root",
            &Dns {
                id: 5,
                name: &[],
                kind: 2,
                ..QUERY
            },
        ),
        query(
            "notify",
            &Dns {
                id: 6,
                flags: 0x2400,
                kind: 6,
                counts: [1, 0, 0],
                records: &notify,
                ..QUERY
            },
        ),
        query(
            "update",
            &Dns {
                id: 7,
                flags: 0x2800,
                kind: 6,
                ..QUERY
            },
        ),
        query(
            "query without a question",
            &Dns {
                id: 8,
                questions: 0,
                ..QUERY
            },
        ),
        query(
            "query with two questions",
            &Dns {
                id: 8,
                questions: 2,
                ..QUERY
            },
        ),
        query(
            "query for a strange name",
            &Dns {
                id: 9,
                name: &[b"My Host\\x", b"COM"],
                kind: 255,
                ..QUERY
            },
        ),
    ]
}

/// Queries in other packets than the usual one.
pub fn carriers() -> Vec<Named> {
    vec![
        named(
            "query over IPv6",
            frame(&ipv6(CLIENT6, SERVER6, UDP, &udp(52444, 53, &QUERY.bytes()))),
        ),
        named(
            "query to mDNS",
            frame(&ipv4(CLIENT, SERVER, UDP, &udp(40000, 5353, &QUERY.bytes()))),
        ),
        named(
            "query to another port",
            frame(&ipv4(CLIENT, SERVER, UDP, &udp(40000, 5300, &QUERY.bytes()))),
        ),
        named(
            "query between DNS ports",
            frame(&ipv4(CLIENT, SERVER, UDP, &udp(53, 53, &QUERY.bytes()))),
        ),
        named(
            "query from a DNS port",
            frame(&ipv4(SERVER, CLIENT, UDP, &udp(53, 52444, &QUERY.bytes()))),
        ),
        named(
            "first fragment",
            frame(&ipv4_with(
                CLIENT,
                SERVER,
                UDP,
                0x2000,
                &[],
                &udp(52444, 53, &QUERY.bytes()),
            )),
        ),
        named(
            "later fragment",
            frame(&ipv4_with(CLIENT, SERVER, UDP, 185, &[], &[0; 40])),
        ),
        named(
            "query with IP options",
            frame(&ipv4_with(
                CLIENT,
                SERVER,
                UDP,
                0,
                &[7, 7, 4, 1, 2, 3, 4, 0],
                &udp(52444, 53, &QUERY.bytes()),
            )),
        ),
        named(
            "query with one tag",
            tagged(1, &ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes()))),
        ),
        named(
            "query with two tags",
            tagged(2, &ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes()))),
        ),
        named(
            "query with three tags",
            tagged(3, &ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes()))),
        ),
        named(
            "query in a tunnel",
            frame(&ipv4(
                CLIENT,
                SERVER,
                4,
                &ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes())),
            )),
        ),
        named(
            "query in GRE",
            frame(&ipv4(
                CLIENT,
                SERVER,
                47,
                &[
                    &[0, 0, 8, 0],
                    &ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes()))[..],
                ]
                .concat(),
            )),
        ),
    ]
}

pub fn responses() -> Vec<Named> {
    let response_to = |flags| Dns { flags, ..QUERY };
    let address = record(1, &[192, 0, 2, 80]);
    let text = [record(5, b"\x01x\x01y\x00"), record(16, b"\x05(55) ")].concat();
    let authority = record(6, &[&b"\x01a\x00\x01b\x00"[..], &[0; 20]].concat());
    vec![
        response(
            "answer",
            &Dns {
                counts: [1, 0, 0],
                records: &address,
                ..response_to(0x8180)
            },
        ),
        response(
            "name error",
            &Dns {
                counts: [0, 1, 0],
                records: &authority,
                ..response_to(0x8583)
            },
        ),
        response("server failure", &response_to(0x8182)),
        response("refused", &response_to(0x8105)),
        response("format error", &response_to(0x8181)),
        response("rcode without a name", &response_to(0x818c)),
        response("truncated answer", &response_to(0x8380)),
        response(
            "authentic answer with texts",
            &Dns {
                counts: [2, 0, 0],
                records: &text,
                ..response_to(0x81b0)
            },
        ),
        response(
            "answer without a question",
            &Dns {
                questions: 0,
                ..response_to(0x8180)
            },
        ),
        response("update done", &response_to(0xa800)),
        named(
            "answer to a DNS port",
            frame(&ipv4(
                CLIENT,
                SERVER,
                UDP,
                &udp(52444, 53, &response_to(0x8180).bytes()),
            )),
        ),
        named(
            "answer over IPv6",
            frame(&ipv6(
                SERVER6,
                CLIENT6,
                UDP,
                &udp(53, 52444, &response_to(0x8182).bytes()),
            )),
        ),
    ]
}

pub fn segments() -> Vec<Named> {
    let to_server = |name, flags, payload: &[u8]| {
        named(
            name,
            frame(&ipv4(CLIENT, SERVER, TCP, &tcp(40000, 53, flags, payload))),
        )
    };
    let from_server = |name, flags, payload: &[u8]| {
        named(
            name,
            frame(&ipv4(SERVER, CLIENT, TCP, &tcp(53, 40000, flags, payload))),
        )
    };
    let query = with_length(&QUERY.bytes());
    let answer = with_length(
        &Dns {
            flags: 0x8180,
            ..QUERY
        }
        .bytes(),
    );
    let two = with_length(
        &Dns {
            questions: 2,
            ..QUERY
        }
        .bytes(),
    );
    let strange = with_length(
        &Dns {
            flags: 0x3900,
            ..QUERY
        }
        .bytes(),
    );
    vec![
        to_server("connect", SYN, &[]),
        from_server("connected", SYN | ACK, &[]),
        from_server("reset", RST | ACK, &[]),
        from_server("reset without ACK", RST, &[]),
        to_server("reset by the client", RST, &[]),
        to_server("acknowledgement", ACK, &[]),
        to_server("TCP query", PSH | ACK, &query),
        from_server("TCP answer", PSH | ACK, &answer),
        to_server("TCP query with two questions", PSH | ACK, &two),
        to_server("TCP query with an unknown opcode", PSH | ACK, &strange),
        to_server("middle of a stream", PSH | ACK, b"abcdefghijklmnopqrstuvw"),
        named(
            "connect elsewhere",
            frame(&ipv4(CLIENT, SERVER, TCP, &tcp(40000, 443, SYN, &[]))),
        ),
        named(
            "connect over IPv6",
            frame(&ipv6(CLIENT6, SERVER6, TCP, &tcp(40000, 53, SYN, &[]))),
        ),
    ]
}

pub fn extended() -> Vec<Named> {
    let datagram = udp(52444, 53, &QUERY.bytes());
    let behind = |name, next, header: &[u8], payload: &[u8]| {
        named(
            name,
            frame(&ipv6(CLIENT6, SERVER6, next, &[header, payload].concat())),
        )
    };
    vec![
        behind("v6 first fragment", 44, &[17, 0, 0, 1, 0, 0, 0, 7], &datagram),
        behind("v6 later fragment", 44, &[17, 0, 0, 0xc0, 0, 0, 0, 7], &datagram),
        behind("hop-by-hop options", 0, &[17, 0, 1, 4, 0, 0, 0, 0], &datagram),
        behind("destination options", 60, &[17, 0, 1, 4, 0, 0, 0, 0], &datagram),
        behind("routing header", 43, &[17, 0, 0, 0, 0, 0, 0, 0], &datagram),
        behind(
            "hop-by-hop options and TCP",
            0,
            &[6, 0, 1, 4, 0, 0, 0, 0],
            &tcp(40000, 53, SYN, &[]),
        ),
        behind(
            "authentication",
            51,
            &[&[17, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2][..], &[0; 12]].concat(),
            &datagram,
        ),
        named("no next header", frame(&ipv6(CLIENT6, SERVER6, 59, &[]))),
    ]
}
