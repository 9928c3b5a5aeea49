//! The textbook incident.

use netmon::model::{ByCode, Cause, DestinationCounts, Incident, Kind, Likelihood, Totals};
use netmon::report::timeline::Timeline;

use super::{Case, ERROR, QUERY, address, cause, destination, document, incident, time};

/// The incident of section 5 of docs/contract.md.
pub fn textbook() -> Case {
    let totals = Totals {
        frames: 6,
        bytes: 1_004,
        dns_queries: 3,
        icmp_unreachable: 3,
        dns_unreachable: 3,
        ..Totals::default()
    };
    let mut document = document("textbook.txt", "13:24:32.192571", "13:28:50.022967", totals);
    let port = ByCode {
        port: 3,
        ..ByCode::default()
    };
    document.destinations.push(DestinationCounts {
        dns_queries: 3,
        icmp_unreachable: port,
        dns_unreachable: port,
        ..destination("203.0.113.2")
    });
    document.incidents.push(Incident {
        queries: 3,
        errors: port,
        verified: 3,
        reporters: vec![address("203.0.113.2")],
        clients: vec![address("192.51.100.15")],
        names: vec!["yummyrecipesforme.com".into()],
        causes: vec![cause(
            Cause::ServiceDown,
            Likelihood::Likely,
            "3 of 3 errors say that the port is unreachable, and come from 203.0.113.2 itself",
        )],
        ..incident(
            "203.0.113.2",
            Kind::Unreachable,
            "13:24:32.192571",
            "13:24:36.098564",
            "13:28:50.022967",
        )
    });
    let mut timeline = Timeline::new();
    let server = address("203.0.113.2");
    for (query, error) in [
        ("13:24:32.192571", "13:24:36.098564"),
        ("13:26:32.192571", "13:27:15.934126"),
        ("13:28:32.192571", "13:28:50.022967"),
    ] {
        timeline.add(time(query), server, QUERY);
        timeline.add(time(error), server, ERROR);
    }
    Case { document, timeline }
}
