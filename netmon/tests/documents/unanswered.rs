//! A resolver that is silent for a while.

use netmon::model::{Cause, CloseReason, DestinationCounts, Incident, Kind, Likelihood, State};
use netmon::timeline::Timeline;

use super::{ANSWERED, Case, QUERY, address, cause, counters, destination, document, every, incident, wall};

/// A resolver that falls silent and comes back, beside one that works.
pub fn unanswered() -> Case {
    let totals = counters(&[
        ("frames", 4_862),
        ("bytes", 612_000),
        ("queries", 2_410),
        ("answers", 2_362),
        ("other", 90),
    ]);
    let mut document = document("office.pcapng", "09:00:00.000100", "09:20:00.400000", &totals);
    document.destinations = servers();
    document.incidents.push(Incident {
        state: State::Closed,
        recovered: Some(wall("09:10:47.500000")),
        closed: Some(wall("09:10:48.000000")),
        closed_because: Some(CloseReason::Answered),
        queries: 46,
        clients: vec![address("10.1.0.7"), address("10.1.0.9")],
        names: [
            "mail.example.com",
            "intranet.example.com",
            "www.example.org",
            "time.example.net",
        ]
        .map(String::from)
        .into(),
        names_more: 2,
        causes: vec![cause(
            Cause::SilentDrop,
            Likelihood::Likely,
            "46 queries for 6 names went unanswered for up to 45 s, without an error",
        )],
        ..incident(
            "192.0.2.53",
            Kind::Unanswered,
            "09:10:02.000000",
            "09:10:08.000000",
            "09:10:47.000000",
        )
    });
    let mut timeline = Timeline::new();
    every(
        &mut timeline,
        "192.0.2.54",
        "09:00:00.500000",
        "09:20:00",
        1_000,
        ANSWERED,
    );
    every(
        &mut timeline,
        "192.0.2.53",
        "09:00:00.000100",
        "09:10:02",
        1_000,
        ANSWERED,
    );
    every(
        &mut timeline,
        "192.0.2.53",
        "09:10:02.000000",
        "09:10:47",
        1_000,
        QUERY,
    );
    every(
        &mut timeline,
        "192.0.2.53",
        "09:10:47.500000",
        "09:20:00",
        1_000,
        ANSWERED,
    );
    Case::new(document, timeline)
}

fn servers() -> Vec<DestinationCounts> {
    vec![
        destination(
            "192.0.2.53",
            &[
                ("queries", 1_210),
                ("answers", 1_163),
                ("noerror", 1_100),
                ("nxdomain", 63),
            ],
            Some((1_163, [1_240, 4_800, 38_000, 41_000])),
        ),
        destination(
            "192.0.2.54",
            &[("queries", 1_200), ("answers", 1_199), ("noerror", 1_199)],
            Some((1_199, [980, 2_100, 9_000, 12_000])),
        ),
    ]
}
