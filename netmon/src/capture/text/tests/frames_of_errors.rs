//! Frames of ICMP errors, and frames that are errors themselves.

use super::build::*;
use super::frames::{Named, named};

pub fn unreachables() -> Vec<Named> {
    const CODES: [&str; 17] = [
        "net",
        "host",
        "protocol",
        "port",
        "need to frag",
        "source route",
        "net unknown",
        "host unknown",
        "isolated",
        "net prohibited",
        "host prohibited",
        "net tos",
        "host tos",
        "filter",
        "precedence",
        "cutoff",
        "sixteen",
    ];
    let quote = ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes()));
    let mut all: Vec<Named> = (0..)
        .zip(CODES)
        .map(|(code, name)| {
            named(
                name,
                frame(&icmp(
                    ROUTER,
                    CLIENT,
                    3,
                    code,
                    if code == 4 { 1400 } else { 0 },
                    &quote,
                )),
            )
        })
        .collect();
    let port = |name, quote: &[u8]| named(name, frame(&icmp(SERVER, CLIENT, 3, 3, 0, quote)));
    all.extend([
        port("eight bytes quoted", &quote[..28]),
        port("TCP port", &ipv4(CLIENT, SERVER, TCP, &tcp(40000, 53, SYN, &[]))),
        port(
            "SCTP port",
            &ipv4(CLIENT, SERVER, SCTP, &tcp(40000, 53, SYN, &[])),
        ),
        port(
            "another port",
            &ipv4(CLIENT, SERVER, UDP, &udp(40000, 123, &[0; 48])),
        ),
        port("too short a quote", &quote[..12]),
        named(
            "protocol that is not UDP",
            frame(&icmp(
                SERVER,
                CLIENT,
                3,
                2,
                0,
                &ipv4(CLIENT, SERVER, SCTP, &[0; 20]),
            )),
        ),
        named(
            "later fragment quoted",
            frame(&icmp(
                ROUTER,
                CLIENT,
                3,
                1,
                0,
                &ipv4_with(CLIENT, SERVER, UDP, 185, &[], &[0; 30]),
            )),
        ),
        named(
            "late answer",
            frame(&icmp(
                CLIENT,
                SERVER,
                3,
                3,
                0,
                &ipv4(
                    SERVER,
                    CLIENT,
                    UDP,
                    &udp(
                        53,
                        52444,
                        &Dns {
                            flags: 0x8180,
                            ..QUERY
                        }
                        .bytes(),
                    ),
                ),
            )),
        ),
        named("echo", frame(&icmp(CLIENT, SERVER, 8, 0, 0x1_0001, &[0; 20]))),
        named("time exceeded", frame(&icmp(ROUTER, CLIENT, 11, 0, 0, &quote))),
    ]);
    all
}

pub fn unreachables6() -> Vec<Named> {
    const CODES: [&str; 8] = [
        "v6 net",
        "v6 prohibited",
        "v6 scope",
        "v6 host",
        "v6 port",
        "v6 policy",
        "v6 reject",
        "v6 seven",
    ];
    let quote = ipv6(CLIENT6, SERVER6, UDP, &udp(52444, 53, &QUERY.bytes()));
    let mut all: Vec<Named> = (0..)
        .zip(CODES)
        .map(|(code, name)| named(name, frame(&icmp6(ROUTER6, CLIENT6, 1, code, &quote))))
        .collect();
    let port = |name, quote: &[u8]| named(name, frame(&icmp6(SERVER6, CLIENT6, 1, 4, quote)));
    all.extend([
        port(
            "v6 TCP port",
            &ipv6(CLIENT6, SERVER6, TCP, &tcp(40000, 53, SYN, &[])),
        ),
        named("v6 echo", frame(&icmp6(ROUTER6, CLIENT6, 128, 0, b"1234"))),
        named("v6 too big", frame(&icmp6(ROUTER6, CLIENT6, 2, 0, &quote))),
        named("v6 time exceeded", frame(&icmp6(ROUTER6, CLIENT6, 3, 0, &quote))),
        named(
            "v6 port behind hop-by-hop options",
            frame(&ipv6(
                SERVER6,
                CLIENT6,
                0,
                &[&[58, 0, 5, 2, 0, 0, 1, 0][..], &icmp6_message(1, 4, &quote)].concat(),
            )),
        ),
    ]);
    all
}

pub fn unreadable() -> Vec<Named> {
    let packet = ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes()));
    let with = |name, place: usize, bytes: &[u8]| {
        let mut packet = packet.clone();
        packet[place..place + bytes.len()].copy_from_slice(bytes);
        named(name, ethernet(0x0800, &packet))
    };
    vec![
        named(
            "datagram of five bytes",
            frame(&ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, b"abcde"))),
        ),
        named(
            "empty datagram",
            frame(&ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &[]))),
        ),
        named(
            "UDP length of four",
            frame(&ipv4(CLIENT, SERVER, UDP, &udp_of_length(52444, 53, 4, b"abc"))),
        ),
        with("version five", 0, &[0x55]),
        with("IHL of two", 0, &[0x42]),
        with("total length of five", 2, &[0, 5]),
        with("total length of zero", 2, &[0, 0]),
        with("total length beyond the frame", 2, &[1, 0]),
        named("half a query", ethernet(0x0800, &packet[..40])),
        named("half an IP header", ethernet(0x0800, &packet[..10])),
        named("half an Ethernet header", packet[..10].to_vec()),
    ]
}

pub fn not_ip() -> Vec<Named> {
    let packet = ipv4(CLIENT, SERVER, UDP, &udp(52444, 53, &QUERY.bytes()));
    let arp = [
        &[0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1, 192, 51, 100, 15][..],
        &[0, 0, 0, 0, 0, 0, 203, 0, 113, 2],
    ]
    .concat();
    let stp = [&[0x42, 0x42, 3][..], &[0; 35]].concat();
    vec![
        named("ARP", ethernet(0x0806, &arp)),
        named(
            "LLDP",
            ethernet(
                0x88cc,
                b"\x02\x07\x04\x00\x00\x00\x00\x00\x01\x04\x05\x05eth0\x06\x02\x00\x78\x00\x00",
            ),
        ),
        named("spanning tree", ethernet(38, &stp)),
        named("unknown type", ethernet(0x1234, &[b'q'; 50])),
        named("EAPOL", ethernet(0x888e, &[1, 1, 0, 0])),
        named(
            "PPPoE",
            ethernet(
                0x8864,
                &[&[0x11, 0, 0, 1, 0, 0x45, 0, 0x21][..], &packet].concat(),
            ),
        ),
        named(
            "MPLS",
            ethernet(0x8847, &[&[0, 0, 0x11, 0x40][..], &packet].concat()),
        ),
        named("LACP", ethernet(0x8809, &[&[1, 1][..], &[0; 108]].concat())),
        named("loopback test", ethernet(0x9000, &[0; 40])),
    ]
}
