//! Two incidents of different kinds of reporters, and hostile names.

use netmon::model::{
    ByCode, Cause, CloseReason, DestinationCounts, Incident, Kind, Likelihood, Severity, State, Warning,
    WarningKind,
};
use netmon::timeline::Timeline;
use netmon_common::Transport;

use super::{
    ANSWERED, Case, ERROR, QUERY, address, cause, counters, destination, document, every, incident, wall,
};

/// A router that rejects some clients' queries over IPv6, and a dead server that is asked over TCP, in two
/// captures; with names that nobody should print as they are.
pub fn two_incidents() -> Case {
    let totals = counters(&[
        ("frames", 840),
        ("bytes", 90_000),
        ("queries", 402),
        ("answers", 380),
        ("tcp_connects", 5),
        ("icmp_unreachable", 27),
        ("dns_unreachable", 27),
        ("unsolicited", 2),
        ("other", 26),
    ]);
    let mut document = document("east|west.pcap", "17:59:58.000000", "18:06:40.000000", &totals);
    document.source.files.push("lan<2>.pcap".into());
    document.destinations = servers();
    document.incidents = vec![rejected(), switched_off()];
    document.warnings.push(Warning::new(
        WarningKind::QueriesUnseen,
        "No packet toward 2001:db8::53 was captured in lan<2>.pcap, so that errors there cannot be verified",
    ));
    let mut timeline = Timeline::new();
    let rejecting = "2001:db8::53";
    every(&mut timeline, rejecting, "17:59:58", "18:01:00", 1_000, ANSWERED);
    every(&mut timeline, rejecting, "18:01:00", "18:03:00", 5_500, QUERY);
    every(
        &mut timeline,
        rejecting,
        "18:01:00.000400",
        "18:03:00",
        5_500,
        ERROR,
    );
    every(&mut timeline, rejecting, "18:01:00", "18:03:00", 1_200, ANSWERED);
    every(&mut timeline, rejecting, "18:03:00", "18:06:38", 1_000, ANSWERED);
    every(
        &mut timeline,
        "198.51.100.53",
        "18:04:00",
        "18:04:05",
        1_000,
        QUERY,
    );
    every(
        &mut timeline,
        "198.51.100.53",
        "18:04:03",
        "18:04:08",
        1_000,
        ERROR,
    );
    Case::new(document, timeline)
}

fn rejected() -> Incident {
    Incident {
        state: State::Closed,
        severity: Severity::Degraded,
        recovered: Some(wall("18:02:56.400000")),
        closed: Some(wall("18:03:06.000000")),
        closed_because: Some(CloseReason::Answered),
        reopened: 1,
        queries: 122,
        answers: 100,
        errors: ByCode {
            admin: 21,
            port: 1,
            ..ByCode::default()
        },
        verified: 20,
        reporters: vec![address("2001:db8:ffff::1"), address("2001:db8::53")],
        clients: (1..=32).map(|n| address(&format!("2001:db8:1::{n:x}"))).collect(),
        clients_more: 3,
        names: vec![
            "`rm -rf`.<b>bold</b>.a|b.example".into(),
            "$(reboot).example".into(),
            r"_dmarc\.x\032y.example".into(),
            "plain.example".into(),
            // The longest label that there is (RFC 1035 section 2.3.4).
            format!("{}.example", "long".repeat(15) + "er3"),
        ],
        causes: vec![
            cause(
                Cause::FirewallReject,
                Likelihood::Likely,
                "21 of 22 errors say that a policy prohibits it, and come from 2001:db8:ffff::1",
            ),
            cause(
                Cause::ServiceDown,
                Likelihood::Possible,
                "1 of 22 errors says that the port is unreachable, and comes from 2001:db8::53 itself",
            ),
        ],
        ..incident(
            "2001:db8::53",
            Kind::Unreachable,
            "18:01:00.000000",
            "18:01:00.000400",
            "18:02:55.500400",
        )
    }
}

fn switched_off() -> Incident {
    Incident {
        transport: Transport::Tcp,
        queries: 5,
        errors: ByCode {
            host: 5,
            ..ByCode::default()
        },
        verified: 0,
        reporters: vec![address("10.0.0.4")],
        clients: vec![address("10.0.0.4")],
        names: Vec::new(),
        causes: vec![cause(
            Cause::HostDown,
            Likelihood::Likely,
            "5 of 5 errors say that the host is unreachable, raised by this host",
        )],
        ..incident(
            "198.51.100.53",
            Kind::Unreachable,
            "18:04:00.000000",
            "18:04:03.000000",
            "18:04:07.000000",
        )
    }
}

fn servers() -> Vec<DestinationCounts> {
    vec![
        destination(
            "198.51.100.53",
            &[("tcp_connects", 5), ("icmp_host", 5), ("dns_host", 5)],
            None,
        ),
        destination(
            "2001:db8::53",
            &[
                ("queries", 402),
                ("answers", 380),
                ("noerror", 380),
                ("icmp_port", 1),
                ("icmp_admin", 21),
                ("dns_port", 1),
                ("dns_admin", 21),
                ("unsolicited", 2),
            ],
            Some((380, [640, 900, 2_300, 2_400])),
        ),
    ]
}
