//! The textbook incident (docs/contract.md, section 5): the log as it is printed there, and the packets that would have
//! been printed so.

use std::net::{IpAddr, Ipv4Addr};

use super::Link;
use crate::frames::build::prelude::*;
use crate::lab::{CLIENT_V4, SERVER_V4};

/// The log, as the contract prints it.
pub const TEXT: &str = include_str!("../../../../docs/textbook.txt");

/// The name that is asked for.
pub const NAME: &str = "yummyrecipesforme.com";

/// The day of the packets, which the log does not tell, as `--date` takes it.
pub const DATE: &str = "2026-03-19";

/// 2026-03-19T00:00:00Z.
const DAY_SECONDS: u64 = 1_773_878_400;

/// Times of the queries and of the errors, in hours, minutes, and microseconds of the minute.
const TIMES: [[(u64, u64, u64); 2]; 3] = [
    [(13, 24, 32_192_571), (13, 24, 36_098_564)],
    [(13, 26, 32_192_571), (13, 27, 15_934_126)],
    [(13, 28, 32_192_571), (13, 28, 50_022_967)],
];

/// A packet of the incident.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Packet {
    /// When, in nanoseconds since 1970.
    pub nanos: u64,
    /// Whether the client sent it; else the server did.
    pub from_client: bool,
    /// From its IP header on.
    pub bytes: Vec<u8>,
}

/// The six packets, in their order.
pub fn packets() -> Vec<Packet> {
    let (client, server) = (v4(CLIENT_V4), v4(SERVER_V4));
    let question = || packet() / ipv4(client, server) / udp(52_444, 53) / query(NAME);
    let error = packet() / ipv4(server, client) / unreachable(3) / question();
    let bytes = [question().bytes(), error.bytes()];
    let sent = |times: &[(u64, u64, u64); 2]| {
        [0, 1].map(|which: usize| {
            let (hours, minutes, micros) = times.get(which).copied().unwrap_or_default();
            Packet {
                nanos: ((DAY_SECONDS + hours * 3_600 + minutes * 60) * 1_000_000 + micros) * 1_000,
                from_client: which == 0,
                bytes: bytes.get(which).cloned().unwrap_or_default(),
            }
        })
    };
    TIMES.iter().flat_map(sent).collect()
}

/// Their times, and the packets behind this link header: what the writers of files take.
pub fn frames(link: Link) -> Vec<(u64, Vec<u8>)> {
    let framed = |packet: &Packet| (packet.nanos, link.wrap(&packet.bytes));
    packets().iter().map(framed).collect()
}

const fn v4(address: IpAddr) -> Ipv4Addr {
    match address {
        IpAddr::V4(address) => address,
        IpAddr::V6(_) => Ipv4Addr::UNSPECIFIED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_come_as_late_as_the_contract_says_and_quote_the_query() {
        let packets = packets();
        let late: Vec<String> = packets
            .chunks(2)
            .map(|pair| {
                let tenths = (pair[1].nanos - pair[0].nanos + 50_000_000) / 100_000_000;
                format!("{}.{}", tenths / 10, tenths % 10)
            })
            .collect();
        assert_eq!(late, ["3.9", "43.7", "17.8"]);
        for pair in packets.chunks(2) {
            assert!(pair[0].from_client && !pair[1].from_client);
            assert!(pair[1].bytes.ends_with(&pair[0].bytes));
            // The id, behind 20 bytes of IPv4 and 8 of UDP.
            assert_eq!(pair[0].bytes[28..30], 35_084_u16.to_be_bytes());
        }
    }
}
