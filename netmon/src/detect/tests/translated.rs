//! A router that hides its clients behind its own address, and sees both sides: an answer is told of behind the translation and, a
//! moment later, before it. Errors that the router raises name the client before it, those from outside the address behind it.

use netmon_common::Code;
use netmon_common::Rcode::NoError;

use super::scenario::{A, B, C, Error, ROUTER, Scenario, address, at, when};
use crate::model::{Cause, CloseReason, Remembered, Severity};
use crate::observation::Side;

/// The router's address outside.
const OUTSIDE: &str = "198.51.100.9";
/// From one sight of a packet to the other.
const MOMENT: f64 = 0.000_02;

/// An answer to a query that this client sent then.
fn answered(scenario: &mut Scenario, time: f64, client: &str, sent: f64) {
    scenario
        .seen(Side::Behind)
        .answer(time, OUTSIDE, sent + MOMENT)
        .seen(Side::Before)
        .answer(time + MOMENT, client, sent)
        .seen(Side::Only);
}

/// A query of this client, and its answer.
fn asked(scenario: &mut Scenario, time: f64, client: &str) {
    scenario.query(time, client, "a.test");
    answered(scenario, time + 0.001, client, time);
}

/// A was answered, and now an error comes about a query of its: one that the router raises itself.
fn raised() -> Scenario {
    let mut scenario = Scenario::new();
    asked(&mut scenario, 0.0, A);
    let error = Error {
        sent: 5.0,
        code: Code::Net,
        reporter: Some(ROUTER),
        ..Error::default()
    };
    scenario.query(5.0, A, "a.test").error(5.001, &error);
    scenario
}

/// A query of A, and an error about it that comes from outside.
fn rejected_outside(scenario: &mut Scenario, time: f64) {
    let error = Error {
        client: OUTSIDE,
        sent: time + MOMENT,
        ..Error::default()
    };
    scenario
        .query(time, A, "a.test")
        .seen(Side::Behind)
        .error(time + 0.001, &error)
        .seen(Side::Only);
}

/// The same, of one that comes from outside.
fn from_outside() -> Scenario {
    let mut scenario = Scenario::new();
    asked(&mut scenario, 0.0, A);
    rejected_outside(&mut scenario, 5.0);
    scenario
}

#[test]
fn it_is_down_where_the_client_that_fails_is_the_one_that_was_answered_on_both_sides() {
    for (case, scenario, client) in [
        ("raised by the router", raised(), A),
        ("from outside", from_outside(), OUTSIDE),
    ] {
        let incident = scenario.incident();
        assert_eq!(incident.severity, Severity::Down, "{case}");
        assert_eq!(incident.clients, [address(client)], "{case}");
    }
}

#[test]
fn an_error_that_the_router_raised_ends_with_answers_to_the_client_before_the_translation() {
    // Who is answered after the error, and when that closes it.
    let cases = [("who failed", A, Some("16.000")), ("another one", B, None)];
    for (case, client, closes) in cases {
        let mut scenario = raised();
        asked(&mut scenario, 7.0, client);
        asked(&mut scenario, 8.0, client);
        scenario.advance(30.0);
        let Some(closes) = closes else {
            assert_eq!(scenario.story(), ["opened unreachable"], "{case}");
            assert!(scenario.incident().recovered.is_none(), "{case}");
            continue;
        };
        let incident = scenario.closed();
        assert_eq!(when(incident.closed.unwrap()), closes, "{case}");
        assert_eq!(when(incident.recovered.unwrap()), "7.001", "{case}");
        assert_eq!((incident.queries, incident.answers), (1, 0), "{case}");
        assert_eq!((incident.errors.net, incident.verified), (1, 1), "{case}");
        assert_eq!(incident.clients, [address(A)], "{case}");
    }
}

#[test]
fn an_error_from_outside_ends_with_answers_to_whom_it_named() {
    for client in [A, B] {
        let mut scenario = from_outside();
        asked(&mut scenario, 7.0, client);
        asked(&mut scenario, 8.0, client);
        scenario.advance(30.0);
        let incident = scenario.closed();
        assert_eq!(when(incident.closed.unwrap()), "16.000", "{client}");
        assert_eq!(when(incident.recovered.unwrap()), "7.001", "{client}");
        assert_eq!((incident.queries, incident.answers), (1, 0), "{client}");
        assert_eq!(incident.clients, [address(OUTSIDE)], "{client}");
    }
}

#[test]
fn the_answer_that_ends_it_is_left_out_once() {
    let mut scenario = from_outside();
    // Not translated; it counts.
    scenario.asked(5.5, C, "c.test", NoError);
    scenario.query(6.9, A, "a.test");
    answered(&mut scenario, 7.1, A, 6.9);
    scenario.advance(30.0);
    let incident = scenario.closed();
    assert_eq!(when(incident.recovered.unwrap()), "7.100");
    assert_eq!((incident.queries, incident.answers), (2, 1));
}

#[test]
fn who_is_answered_before_the_translation_is_nobody_else_than_whom_errors_from_outside_name() {
    // It fails, is answered and fails again. Where others were answered meanwhile, a firewall would reject some clients.
    let mut scenario = from_outside();
    asked(&mut scenario, 6.0, A);
    rejected_outside(&mut scenario, 7.0);
    asked(&mut scenario, 8.0, A);
    scenario.advance(30.0);
    let incident = scenario.closed();
    let causes: Vec<Cause> = incident.causes.iter().map(|found| found.cause).collect();
    assert_eq!(causes, [Cause::ServiceDown]);
    assert_eq!(when(incident.recovered.unwrap()), "8.001");
    assert_eq!(
        (incident.queries, incident.answers, incident.errors.port),
        (3, 1, 2)
    );
}

#[test]
fn after_a_restart_it_is_known_on_which_side_an_error_named_its_client() {
    for (old, client, ends) in [
        (from_outside(), B, true),
        (raised(), A, true),
        (raised(), B, false),
    ] {
        let incident = old.incident();
        let memory = old.decider.memory(&incident).unwrap();
        let mut new = Scenario::new();
        new.decider.restore(at(6.0), [Remembered { incident, memory }]);
        asked(&mut new, 7.0, client);
        new.advance(30.0);
        let closed = new
            .changes
            .iter()
            .find_map(|change| change.incident.closed_because);
        assert_eq!(closed, ends.then_some(CloseReason::Answered), "{client}");
    }
}
