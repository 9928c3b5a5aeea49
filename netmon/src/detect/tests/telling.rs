//! What is told of incidents, and when.

use super::scenario::{A, B, Error, ROUTER, SERVER, Scenario, at, when};
use crate::model::Happened;
use crate::observation::Why;
use crate::time::WallOffset;

/// The kinds of the changes so far.
fn kinds(scenario: &Scenario) -> Vec<Happened> {
    scenario.changes.iter().map(|change| change.kind).collect()
}

#[test]
fn updates_are_told_at_most_once_a_second_and_only_when_something_changed() {
    let mut scenario = Scenario::new();
    for n in 0..30_u32 {
        scenario.rejected(0.1 + f64::from(n) / 10.0);
    }
    // 3.0 is the last second with news.
    scenario.advance(20.0);
    assert_eq!(
        kinds(&scenario),
        [
            Happened::Opened,
            Happened::Updated,
            Happened::Updated,
            Happened::Updated,
            Happened::Updated
        ]
    );
    assert_eq!(scenario.changes[1].incident.errors.port, 9);
}

#[test]
fn a_query_alone_is_news_and_nothing_is_none() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.5).advance(3.0);
    assert_eq!(kinds(&scenario), [Happened::Opened]);
    scenario.query(3.5, B, "b.test").advance(9.0);
    assert_eq!(kinds(&scenario), [Happened::Opened, Happened::Updated]);
    assert_eq!(scenario.changes[1].incident.queries, 2);
}

#[test]
fn a_closed_incident_is_told_no_more() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.0).answer(2.0, A, 1.0).advance(11.0);
    let told = scenario.changes.len();
    scenario
        .query(12.0, A, "a.test")
        .answer(12.1, A, 12.0)
        .advance(200.0);
    assert_eq!(scenario.changes.len(), told);
    assert!(scenario.decider.open_incidents().is_empty());
}

#[test]
fn what_has_not_settled_at_the_end_is_reported_then_and_what_was_reported_is_not_again() {
    let mut scenario = Scenario::with(|thresholds, _| {
        thresholds.settle = crate::detect::Thresholds::default().settle;
    });
    scenario.rejected(1.0);
    assert!(scenario.changes.is_empty());
    scenario.decider.finish();
    let reported = scenario.decider.take_changes();
    assert_eq!(
        reported.iter().map(|change| change.kind).collect::<Vec<_>>(),
        [Happened::Opened]
    );
    scenario.decider.finish();
    assert!(scenario.decider.take_changes().is_empty());
}

#[test]
fn changes_are_taken_once() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.0);
    assert_eq!(scenario.changes.len(), 1);
    assert!(scenario.decider.take_changes().is_empty());
}

#[test]
fn open_incidents_are_told_in_the_order_in_which_they_opened() {
    let mut scenario = Scenario::new();
    for (time, server) in [(1.0, "203.0.113.9"), (2.0, "203.0.113.1"), (3.0, "203.0.113.5")] {
        scenario.on(server).rejected(time);
    }
    let servers: Vec<String> = scenario
        .decider
        .open_incidents()
        .iter()
        .map(|incident| incident.server.to_string())
        .collect();
    assert_eq!(servers, ["203.0.113.9", "203.0.113.1", "203.0.113.5"]);
}

#[test]
fn names_and_clients_are_32_in_order_and_how_many_more() {
    let mut scenario = Scenario::new();
    for n in 0..50_u32 {
        let (time, name) = (f64::from(n), format!("{n}.test"));
        let client = format!("192.0.2.{n}");
        for _ in 0..2 {
            scenario.query(time, &client, &name).error(
                time,
                &Error {
                    client: &client,
                    sent: time,
                    name: Some(&name),
                    ..Error::default()
                },
            );
        }
    }
    let incident = scenario.incident();
    assert_eq!((incident.names.len(), incident.names_more), (32, 18));
    assert_eq!((incident.clients.len(), incident.clients_more), (32, 18));
    assert_eq!(incident.names[31], "31.test");
    assert_eq!(incident.clients[31].to_string(), "192.0.2.31");
}

#[test]
fn reporters_are_the_senders_of_the_errors_each_once() {
    let mut scenario = Scenario::new();
    for (time, reporter) in [(0.0, "192.0.2.8"), (1.0, "192.0.2.7"), (2.0, "192.0.2.8")] {
        scenario.query(time, A, "a.test").error(
            time,
            &Error {
                sent: time,
                reporter: Some(reporter),
                ..Error::default()
            },
        );
    }
    let json = serde_json::to_value(scenario.incident()).unwrap();
    assert_eq!(json["reporters"], serde_json::json!(["192.0.2.8", "192.0.2.7"]));
}

#[test]
fn who_sends_one_more_error_is_a_reporter_until_the_server_has_answered() {
    let again = Error {
        reporter: Some(ROUTER),
        why: Some(Why::Again),
        ..Error::default()
    };
    let mut before = Scenario::new();
    before.rejected(0.0).error(0.5, &again).answer(2.0, A, 1.0);
    let mut after = Scenario::new();
    after.rejected(0.0).answer(2.0, A, 1.0).error(3.5, &again);
    for (mut scenario, reporters) in [(before, &[SERVER, ROUTER][..]), (after, &[SERVER])] {
        scenario.advance(5.0);
        let json = serde_json::to_value(scenario.incident()).unwrap();
        assert_eq!(json["reporters"], serde_json::json!(reporters));
    }
}

#[test]
fn wall_times_are_those_of_their_moment_and_the_id_stays() {
    let mut scenario = Scenario::new();
    let offset = |seconds: u64| {
        let wall = i64::try_from(at(0.0).nanos() + seconds * 1_000_000_000).unwrap();
        WallOffset::new(wall, at(0.0).nanos())
    };
    scenario.decider.set_offset(offset(100));
    scenario.rejected(1.0);
    let opened = scenario.opened();
    assert_eq!(
        (when(opened.began).as_str(), when(opened.opened).as_str()),
        ("101.000", "101.001")
    );
    assert!(
        opened.id.starts_with("2026-11-24T13:01:41.001000Z-unreachable-"),
        "{}",
        opened.id
    );
    // The wall clock was set forward by 5 s.
    scenario.decider.set_offset(offset(105));
    scenario.rejected(2.0);
    let incident = scenario.incident();
    assert_eq!(incident.id, opened.id);
    assert_eq!((incident.began, incident.opened), (opened.began, opened.opened));
    assert_eq!(when(incident.last_seen), "107.001");
}

/// A server that answers none of six queries, until 8.0.
fn silent() -> Scenario {
    let mut scenario = Scenario::new();
    for n in 0..6_u32 {
        scenario.query(1.0 + f64::from(n) / 10.0, A, ["a.test", "b.test"][n as usize % 2]);
    }
    scenario.advance(8.0);
    scenario
}

#[test]
fn what_is_superseded_counts_nothing_after_it_closed() {
    let mut scenario = silent();
    // It is told 100 ms later, and meanwhile two more fail.
    for sent in [8.5, 8.52, 8.54] {
        scenario.rejected(sent);
    }
    scenario.advance(9.0);
    let superseded = scenario.closed();
    assert_eq!(
        (superseded.queries, superseded.errors.port, superseded.verified),
        (7, 1, 1)
    );
    assert_eq!(when(superseded.closed.unwrap()), "8.501");
}

#[test]
fn what_is_superseded_does_not_recover_before_it_is_told() {
    let mut scenario = silent();
    scenario.rejected(8.5);
    scenario
        .query(8.52, A, "a.test")
        .answer(8.55, A, 8.52)
        .advance(9.0);
    let superseded = scenario.closed();
    assert_eq!(
        (superseded.recovered, superseded.queries, superseded.answers),
        (None, 7, 0)
    );
}
