//! A log without an incident.

use netmon::model::{ByCode, ByRcode, DestinationCounts, Latency, Tcp, Totals, Warning, WarningKind};
use netmon::timeline::Timeline;

use super::{ANSWERED, Case, QUERY, destination, document, every};

/// Two healthy servers, some odd errors, and a capture that ends in the middle of a packet.
pub fn healthy() -> Case {
    let totals = Totals {
        frames: 2_511,
        bytes: 402_113,
        dns_queries: 1_004,
        dns_responses: 1_001,
        tcp: Tcp {
            dns_queries: 2,
            dns_responses: 2,
            tcp_connects: 2,
            tcp_resets: 0,
        },
        icmp_unreachable: 4,
        dns_unreachable: 1,
        unsolicited: 1,
        late_responses: 1,
        truncated: 1,
        other: 495,
        ..Totals::default()
    };
    let mut document = document("morning.pcap.gz", "08:00:00.000000", "08:16:43.900000", totals);
    document.destinations = vec![
        DestinationCounts {
            dns_queries: 1_000,
            dns_responses: 999,
            tcp: Tcp {
                dns_queries: 2,
                dns_responses: 2,
                tcp_connects: 2,
                tcp_resets: 0,
            },
            rcodes: ByRcode {
                noerror: 900,
                nxdomain: 100,
                refused: 1,
                ..ByRcode::default()
            },
            late_responses: 1,
            latency_us: Latency {
                count: 1_001,
                p50: Some(850),
                p90: Some(9_000),
                p99: Some(41_200),
                max: Some(1_200_000),
            },
            ..destination("192.0.2.53")
        },
        DestinationCounts {
            dns_queries: 4,
            dns_responses: 2,
            rcodes: ByRcode {
                noerror: 2,
                ..ByRcode::default()
            },
            icmp_unreachable: ByCode {
                port: 3,
                ..ByCode::default()
            },
            dns_unreachable: ByCode {
                port: 1,
                ..ByCode::default()
            },
            unsolicited: 1,
            ..destination("198.51.100.9")
        },
    ];
    document.warnings.push(Warning::new(
        WarningKind::TruncatedFile,
        "morning.pcap.gz ends in the middle of a packet, after 2,511 whole ones.",
    ));
    let mut timeline = Timeline::new();
    every(
        &mut timeline,
        "192.0.2.53",
        "08:00:00",
        "08:16:40",
        1_000,
        ANSWERED,
    );
    every(
        &mut timeline,
        "198.51.100.9",
        "08:03:00",
        "08:03:04",
        1_000,
        QUERY,
    );
    Case::new(document, timeline)
}
