//! A resolver whose validation breaks.

use netmon::model::{
    ByRcode, Cause, DestinationCounts, Incident, Kind, Latency, Likelihood, Severity, Totals,
};
use netmon::timeline::Timeline;

use super::{ANSWERED, Case, FAILED, address, cause, destination, document, every, incident};

/// A validating resolver over IPv6 that begins to fail.
pub fn failing() -> Case {
    let totals = Totals {
        frames: 1_200,
        bytes: 180_000,
        dns_queries: 600,
        dns_responses: 600,
        ..Totals::default()
    };
    let mut document = document("resolver.pcap", "22:00:00.000000", "22:09:59.100000", totals);
    document.destinations.push(DestinationCounts {
        dns_queries: 600,
        dns_responses: 600,
        rcodes: ByRcode {
            noerror: 352,
            servfail: 247,
            nxdomain: 1,
            ..ByRcode::default()
        },
        latency_us: Latency {
            count: 600,
            p50: Some(22_000),
            p90: Some(180_000),
            p99: Some(1_350_000),
            max: Some(1_900_000),
        },
        ..destination("2001:db8::53")
    });
    document.incidents.push(Incident {
        severity: Severity::Degraded,
        queries: 260,
        answers: 260,
        clients: vec![
            address("2001:db8:1::7"),
            address("2001:db8:1::8"),
            address("2001:db8:1::9"),
        ],
        names: ["a.example.org", "b.example.org", "c.example.net"]
            .map(String::from)
            .into(),
        causes: vec![cause(
            Cause::ServerFailure,
            Likelihood::Likely,
            "247 of 260 answers (95%) say SERVFAIL, for 3 names.",
        )],
        ..incident(
            "2001:db8::53",
            Kind::Failing,
            "22:05:40.000000",
            "22:05:49.000000",
            "22:09:59.000000",
        )
    });
    let mut timeline = Timeline::new();
    every(
        &mut timeline,
        "2001:db8::53",
        "22:00:00",
        "22:05:40",
        1_000,
        ANSWERED,
    );
    every(
        &mut timeline,
        "2001:db8::53",
        "22:05:40",
        "22:09:59.050000",
        1_000,
        FAILED,
    );
    Case::new(document, timeline)
}
