//! Moments at the very edge of a span, and what is judged late because no packet came meanwhile.

use netmon_common::Code;

use super::scenario::{A, Error, Scenario, when};
use crate::model::CloseReason;

#[test]
fn a_query_that_was_sent_exactly_5_s_ago_is_one_of_five_silent_ones() {
    for (last, opened) in [(5.0, "10.000"), (5.000_1, "11.000")] {
        let mut scenario = Scenario::new();
        for (time, name) in [(1.0, "a.test"), (2.0, "b.test"), (3.0, "a.test"), (4.0, "b.test")] {
            scenario.query(time, A, name);
        }
        scenario.query(last, A, "b.test").advance(20.0);
        assert_eq!(when(scenario.opened().opened), opened, "the last at {last}");
    }
}

#[test]
fn a_query_that_an_error_came_to_is_none_of_the_silent_ones() {
    let mut scenario = Scenario::new();
    for n in 0..8_u32 {
        let name = if n % 2 == 0 { "a.test" } else { "b.test" };
        scenario.query(1.0 + f64::from(n) / 10.0, A, name);
    }
    scenario.advance(10.0);
    let too_big = Error {
        code: Code::Other,
        sent: 12.2,
        ..Error::default()
    };
    scenario
        .query(12.2, A, "big.test")
        .error(12.3, &too_big)
        .query(13.0, A, "c.test")
        .advance(30.0);
    let names: Vec<_> = scenario
        .incident()
        .names
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(names, ["a.test", "b.test", "c.test"]);
}

#[test]
fn a_client_that_scans_is_known_to_when_its_fifth_server_is_silent_whenever_the_next_packet_comes() {
    for next in [23.0, 24.7, 300.5, 700.5] {
        let mut scenario = Scenario::new();
        scenario.on("198.51.100.1").asked_ok(0.5);
        for n in 0..4_u32 {
            let server = format!("203.0.113.{n}");
            scenario.on(&server);
            for query in 0..6_u32 {
                let name = if query % 2 == 0 { "a.test" } else { "b.test" };
                scenario.query(1.0 + f64::from(query) / 10.0, A, name);
            }
        }
        scenario
            .on("203.0.113.9")
            .query(17.5, A, "a.test")
            .query(17.6, A, "b.test");
        scenario.on("198.51.100.1").asked_ok(next);
        let closed: Vec<_> = scenario
            .changes
            .iter()
            .filter_map(|change| Some((change.incident.closed?, change.incident.closed_because?)))
            .map(|(at, because)| (when(at), because))
            .collect();
        assert_eq!(closed.len(), 4, "{:?}", scenario.story());
        let at = ("23.000".to_owned(), CloseReason::Scan);
        assert!(
            closed.iter().all(|one| *one == at),
            "next packet at {next}: {closed:?}"
        );
    }
}
