//! A resolver whose validation breaks.

use netmon::model::{Cause, Incident, Kind, Likelihood, Severity};
use netmon::timeline::Timeline;

use super::{ANSWERED, Case, FAILED, address, cause, counters, destination, document, every, incident};

/// A validating resolver over IPv6 that begins to fail.
pub fn failing() -> Case {
    let totals = counters(&[
        ("frames", 1_200),
        ("bytes", 180_000),
        ("queries", 600),
        ("answers", 600),
    ]);
    let mut document = document("resolver.pcap", "22:00:00.000000", "22:09:59.100000", &totals);
    document.destinations.push(destination(
        "2001:db8::53",
        &[
            ("queries", 600),
            ("answers", 600),
            ("noerror", 352),
            ("servfail", 247),
            ("nxdomain", 1),
        ],
        Some((600, [22_000, 180_000, 1_350_000, 1_900_000])),
    ));
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
