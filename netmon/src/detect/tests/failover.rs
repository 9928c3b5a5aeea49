//! Lookups that a server fails and that their clients ask another one for.

use std::time::Duration;

use netmon_common::{Code, Rcode, Transport};

use super::scenario::{A, B, Error, SERVER, Scenario};
use crate::model::{Failover, Incident};

const SECOND: &str = "203.0.113.3";
const THIRD: &str = "203.0.113.4";

/// The failover of the open incident of a server.
fn of(scenario: &Scenario, server: &str) -> Failover {
    let open = scenario.decider.open_incidents();
    let about = |incident: &&Incident| incident.server == super::scenario::address(server);
    open.iter()
        .find(about)
        .and_then(|incident| incident.failover)
        .unwrap()
}

fn lookups(lookups: u64, median: u64, longest: u64) -> Failover {
    Failover {
        lookups,
        waited_p50_ms: Some(median),
        waited_max_ms: Some(longest),
        sample: false,
    }
}

/// A client asks the first server, which is silent, and the second one after so long.
fn moves(scenario: &mut Scenario, time: f64, name: &str, waits: f64) {
    scenario.on(SERVER).query(time, A, name);
    scenario.on(SECOND).asked(time + waits, A, name, Rcode::NoError);
}

#[test]
fn lookups_that_are_asked_again_elsewhere_are_counted_from_the_beginning_of_the_incident() {
    let mut scenario = Scenario::new();
    scenario.on(SERVER).asked_ok(0.0);
    for (number, waits) in [(0_u8, 5.0), (1, 5.0), (2, 5.0), (3, 9.0), (4, 5.0), (5, 5.0)] {
        moves(
            &mut scenario,
            10.0 + 10.0 * f64::from(number),
            &format!("n{number}.test"),
            waits,
        );
    }
    assert_eq!(of(&scenario, SERVER), lookups(6, 5_000, 9_000));
}

#[test]
fn an_error_and_a_fault_are_failures_at_once_and_silence_is_one_after_a_second() {
    // What becomes of A's query of 1.0; when the same name is asked for at the second server, and by whom; whether it counts.
    type Then = fn(&mut Scenario);
    let nothing: Then = |_| {};
    let error: Then = |s| {
        s.error(
            1.001,
            &Error {
                sent: 1.0,
                name: Some("a.test"),
                ..Error::default()
            },
        );
    };
    let servfail: Then = |s| _ = s.respond(1.001, A, "a.test", 1.0, Rcode::ServFail);
    let answer: Then = |s| _ = s.respond(1.001, A, "a.test", 1.0, Rcode::NoError);
    let again: Then = |s| _ = s.query(5.999, A, "a.test");
    let late: Then = |s| _ = s.respond(3.0, A, "a.test", 1.0, Rcode::NoError);
    let fragment: Then = |s| {
        s.error(
            1.001,
            &Error {
                sent: 1.0,
                name: Some("a.test"),
                code: Code::Other,
                ..Error::default()
            },
        );
    };
    let cases: [(&str, Then, f64, &str, &str, bool); 11] = [
        ("silence", nothing, 6.0, A, "a.test", true),
        ("both at once", nothing, 1.2, A, "a.test", false),
        ("an error", error, 1.002, A, "a.test", true),
        ("a fault", servfail, 1.002, A, "a.test", true),
        ("an answer", answer, 6.0, A, "a.test", false),
        (
            "an answer while it was asked elsewhere",
            late,
            3.5,
            A,
            "a.test",
            false,
        ),
        (
            "a translated address: both are asked again",
            again,
            6.0,
            A,
            "a.test",
            false,
        ),
        ("an error that is no outage", fragment, 1.3, A, "a.test", false),
        ("another client", nothing, 6.0, B, "a.test", false),
        ("another name", nothing, 6.0, A, "b.test", false),
        ("much later", nothing, 31.5, A, "a.test", false),
    ];
    for (what, then, time, client, name, counts) in cases {
        let mut scenario = Scenario::new();
        // Another client's incident, which is there from the beginning.
        scenario.on(SERVER).query(0.5, B, "x.test").error(
            0.501,
            &Error {
                client: B,
                sent: 0.5,
                ..Error::default()
            },
        );
        scenario.query(1.0, A, "a.test");
        then(&mut scenario);
        scenario.on(SECOND).asked(time, client, name, Rcode::NoError);
        assert_eq!(of(&scenario, SERVER).lookups, u64::from(counts), "{what}");
    }
}

#[test]
fn a_lookup_moves_once_from_each_server_and_not_to_the_same_one_over_tcp() {
    let mut scenario = Scenario::new();
    let refused = |scenario: &mut Scenario, server: &str, time: f64| {
        scenario.on(server).query(time, A, "a.test").error(
            time + 0.001,
            &Error {
                sent: time,
                name: Some("a.test"),
                ..Error::default()
            },
        );
    };
    scenario
        .on(SERVER)
        .over(Transport::Tcp)
        .query(0.0, A, "a.test")
        .over(Transport::Udp);
    for round in [0.0, 4.0] {
        refused(&mut scenario, SERVER, round + 1.0);
        refused(&mut scenario, SECOND, round + 2.0);
        refused(&mut scenario, THIRD, round + 3.0);
    }
    assert_eq!(of(&scenario, SERVER), lookups(1, 1_000, 1_000));
    assert_eq!(of(&scenario, SECOND), lookups(1, 1_000, 1_000));
    assert_eq!(of(&scenario, THIRD), Failover::default());
}

#[test]
fn where_not_all_queries_are_looked_at_the_count_is_said_to_be_a_sample() {
    let mut scenario = Scenario::with(|thresholds, _| thresholds.looks_per_second = 2);
    scenario
        .on(SERVER)
        .rejected(0.0)
        .query(1.0, A, "a.test")
        .query(1.1, A, "b.test");
    assert!(!of(&scenario, SERVER).sample);
    scenario.query(1.2, A, "c.test");
    for name in ["a.test", "b.test", "c.test"] {
        scenario.on(SECOND).asked(7.0, A, name, Rcode::NoError);
    }
    let expected = Failover {
        sample: true,
        ..lookups(2, 5_900, 7_000)
    };
    assert_eq!(of(&scenario, SERVER), expected);
}

#[test]
fn where_a_door_does_not_tell_of_all_queries_the_count_is_said_to_be_a_sample() {
    // What is counted at the second server beside what the door tells, when, and whether lookups may have moved unseen.
    let cases = [
        ("nothing else", None, false),
        ("a query in its time", Some(18.5), true),
        ("a query in the second in which it began", Some(10.9), true),
        ("a query before it began", Some(8.5), false),
        ("a query in the running second", Some(39.9), false),
    ];
    for is_live in [true, false] {
        for (what, untold, is_sample) in cases {
            let mut scenario = Scenario::new();
            if is_live {
                scenario.decider.set_local_live([]);
            }
            scenario.on(SERVER).asked_ok(0.0);
            if let Some(early) = untold.filter(|time| *time < 10.0) {
                scenario
                    .on(SECOND)
                    .counts(early, 1, 1, 0, 0)
                    .counts(9.5, 0, 0, 0, 0);
            }
            for (number, waits) in [(0_u8, 5.0), (1, 5.0), (2, 5.0)] {
                moves(
                    &mut scenario,
                    10.0 + 11.0 * f64::from(number),
                    &format!("n{number}.test"),
                    waits,
                );
            }
            if let Some(late) = untold.filter(|time| *time > 10.0) {
                scenario.on(SECOND).count(39.95, late, |counts| counts.asked += 1);
            }
            scenario.advance(39.95);
            assert_eq!(of(&scenario, SERVER).lookups, 3, "{what}");
            assert_eq!(of(&scenario, SERVER).sample, is_sample && is_live, "{what}");
            // A server that answers is asked a moment later: what was the running second has ended.
            scenario.on(SECOND).asked(40.5, B, "later.test", Rcode::NoError);
            let is_sample = is_sample || untold.is_some_and(|time| time > 39.0);
            assert_eq!(of(&scenario, SERVER).sample, is_sample && is_live, "{what}");
        }
    }
}

#[test]
fn what_recovers_and_fails_again_goes_on_counting() {
    let mut scenario = Scenario::with(|thresholds, _| thresholds.unreachable_quiet = Duration::from_mins(1));
    let refused = |scenario: &mut Scenario, time: f64, name: &str| {
        scenario.on(SERVER).query(time, A, name).error(
            time + 0.001,
            &Error {
                sent: time,
                name: Some(name),
                ..Error::default()
            },
        );
        scenario.on(SECOND).asked(time + 0.002, A, name, Rcode::NoError);
    };
    refused(&mut scenario, 1.0, "a.test");
    scenario.on(SERVER).asked(2.0, A, "b.test", Rcode::NoError);
    refused(&mut scenario, 3.0, "c.test");
    assert_eq!(of(&scenario, SERVER).lookups, 2);
}

#[test]
fn a_lookup_moves_to_a_server_whose_error_says_what_it_was_asked() {
    let mut scenario = Scenario::new();
    for (server, time) in [(SERVER, 1.0), (SECOND, 1.5)] {
        // Of neither query the door tells, only of what came of it.
        scenario.on(server).error(
            time + 0.001,
            &Error {
                sent: time,
                name: Some("a.test"),
                ..Error::default()
            },
        );
    }
    assert_eq!(of(&scenario, SERVER), lookups(1, 500, 500));
}
