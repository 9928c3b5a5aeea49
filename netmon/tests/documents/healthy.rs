//! A log without an incident.

use netmon::model::{Warning, WarningKind};
use netmon::timeline::Timeline;

use super::{ANSWERED, Case, QUERY, counters, destination, document, every};

/// Two healthy servers, some odd errors, and a capture that ends in the middle of a packet.
pub fn healthy() -> Case {
    let totals = counters(&[
        ("frames", 2_511),
        ("bytes", 402_113),
        ("queries", 1_004),
        ("answers", 1_001),
        ("tcp_queries", 2),
        ("tcp_answers", 2),
        ("tcp_connects", 2),
        ("icmp_unreachable", 4),
        ("dns_unreachable", 1),
        ("unsolicited", 1),
        ("late", 1),
        ("truncated", 1),
        ("other", 495),
    ]);
    let mut document = document("morning.pcap.gz", "08:00:00.000000", "08:16:43.900000", &totals);
    document.destinations = vec![
        destination(
            "192.0.2.53",
            &[
                ("queries", 1_000),
                ("answers", 999),
                ("tcp_queries", 2),
                ("tcp_answers", 2),
                ("tcp_connects", 2),
                ("noerror", 900),
                ("nxdomain", 100),
                ("refused", 1),
                ("late", 1),
            ],
            Some((1_001, [850, 9_000, 41_200, 1_200_000])),
        ),
        destination(
            "198.51.100.9",
            &[
                ("queries", 4),
                ("answers", 2),
                ("noerror", 2),
                ("icmp_port", 3),
                ("dns_port", 1),
                ("unsolicited", 1),
            ],
            None,
        ),
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
