//! What an incident counts, from its first query on.

use crate::model::{Cause, Kind};
use netmon_common::Code;
use netmon_common::Rcode::NoError;

use super::scenario::{A, B, Error, ROUTER, Scenario};
use crate::detect::limits::EXACT_TIMES;

/// An error about a query of A.
fn error(sent: f64) -> Error<'static> {
    Error {
        sent,
        code: Code::Host,
        reporter: Some(ROUTER),
        ..Error::default()
    }
}

/// Queries and answers of the only incident.
fn counted(scenario: &Scenario) -> (u64, u64) {
    let incident = scenario.incident();
    (incident.queries, incident.answers)
}

#[test]
fn queries_and_answers_are_counted_exactly_from_the_first_query_that_failed() {
    let mut scenario = Scenario::new();
    for n in 0..10_u32 {
        scenario.asked(5.0 + f64::from(n) / 100.0, B, "b.test", NoError);
    }
    scenario.query(5.5, A, "a.test");
    for n in 0..7_u32 {
        scenario.asked(5.6 + f64::from(n) / 100.0, B, "b.test", NoError);
    }
    scenario.asked(6.5, B, "b.test", NoError).error(8.6, &error(5.5));
    assert_eq!(counted(&scenario), (9, 8));
    scenario.asked(8.7, B, "b.test", NoError).advance(9.0);
    assert_eq!(counted(&scenario), (10, 9));
    scenario.asked(300.0, B, "b.test", NoError);
    assert_eq!(counted(&scenario), (11, 10));
}

#[test]
fn counts_come_by_whole_second() {
    let mut scenario = Scenario::new();
    scenario.counts(4.999, 10, 0, 0, 0);
    scenario.sampled();
    scenario
        .query(5.2, B, "b.test")
        .query(5.5, A, "a.test")
        .error(5.6, &error(5.5));
    // What was seen by itself counts before it is told.
    assert_eq!(counted(&scenario), (1, 0));
    // The query at 5.2 is known to be among them, and to have come before.
    scenario.counts(5.999, 20, 3, 0, 0);
    assert_eq!(counted(&scenario), (19, 3));
    scenario.advance(6.5);
    assert_eq!(counted(&scenario), (19, 3));
    scenario
        .query(6.6, A, "a.test")
        .counts(6.999, 5, 0, 0, 0)
        .advance(7.0);
    assert_eq!(counted(&scenario), (24, 3));
}

#[test]
fn counts_that_come_late_lose_nothing_and_never_lessen_what_was_told() {
    let mut scenario = Scenario::new();
    scenario.sampled();
    scenario
        .query(5.5, A, "a.test")
        .error(5.6, &error(5.5))
        .query(5.7, A, "a.test");
    assert_eq!(counted(&scenario), (2, 0));
    scenario.advance(6.1);
    assert_eq!(counted(&scenario), (2, 0));
    scenario.counts(5.999, 2, 0, 0, 0);
    assert_eq!(counted(&scenario), (2, 0));
}

#[test]
fn where_too_many_came_since_the_first_second_is_counted_whole() {
    let before = 3_u32;
    let since = u32::try_from(EXACT_TIMES).unwrap() - 2;
    let mut scenario = Scenario::new();
    for n in 0..before {
        scenario.query(5.0 + f64::from(n) / 10.0, B, "b.test");
    }
    scenario.query(5.5, A, "a.test");
    for n in 0..since {
        scenario.query(6.0 + f64::from(n) / 1_000.0, B, "b.test");
    }
    scenario.error(8.0, &error(5.5));
    assert_eq!(counted(&scenario), (u64::from(before + 1 + since), 0));
}

#[test]
fn errors_since_the_first_query_are_counted_those_before_are_not() {
    let other = |sent| Error {
        code: Code::Other,
        ..error(sent)
    };
    let unsolicited = Error {
        proof: Some(crate::observation::Proof::None),
        code: Code::Admin,
        ..error(0.0)
    };
    let mut scenario = Scenario::new();
    scenario
        .query(4.0, A, "a.test")
        .error(4.1, &other(4.0))
        .query(5.0, A, "a.test");
    scenario
        .error(6.0, &other(5.0))
        .error(6.5, &unsolicited)
        .error(7.0, &error(5.0));
    let incident = scenario.incident();
    assert_eq!(
        (incident.errors.host, incident.errors.other, incident.errors.admin),
        (1, 1, 1)
    );
    assert_eq!(incident.verified, 2);
}

#[test]
fn an_incident_that_lasts_counts_on_beyond_what_is_remembered_of_its_server() {
    let mut scenario = Scenario::new();
    for second in 0..400_u32 {
        scenario.rejected(f64::from(second));
    }
    assert_eq!(counted(&scenario), (400, 0));
    assert_eq!(scenario.incident().errors.port, 400);
}

#[test]
fn an_earlier_stamp_counts_as_the_latest_one_seen() {
    let mut scenario = Scenario::new();
    scenario.query(5.0, B, "b.test").query(5.8, A, "a.test");
    // Stamped before the query that failed, but taken after it.
    scenario.query(5.1, B, "b.test").error(5.2, &error(5.8));
    assert_eq!(counted(&scenario), (2, 0));
    assert_eq!(super::scenario::when(scenario.incident().opened), "5.800");
}

#[test]
fn queries_that_were_only_sampled_can_fail_before_they_are_counted() {
    let mut scenario = Scenario::new();
    scenario.sampled();
    // Their counts never come.
    for (time, name) in [(1.0, "a.test"), (11.0, "b.test"), (21.0, "a.test")] {
        scenario.query(time, A, name);
    }
    scenario.advance(26.0);
    let incident = scenario.incident();
    assert_eq!((incident.kind, incident.queries), (Kind::Unanswered, 3));
    assert_eq!(incident.causes[0].cause, Cause::SilentDrop);
}
