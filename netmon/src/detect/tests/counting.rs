//! What an incident counts, from its first query on.

use netmon_common::Code;
use netmon_common::Rcode::NoError;

use super::scenario::{A, B, Error, ROUTER, Scenario, when};
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
fn queries_that_were_only_counted_and_answered_came_before_the_one_that_failed() {
    let mut scenario = Scenario::new();
    scenario
        .counts(5.4, 10, 9, 0, 0)
        .query(5.5, A, "a.test")
        .error(5.6, &error(5.5));
    // One of the ten waits still; the nine that were answered came before.
    assert_eq!(counted(&scenario), (2, 0));
    scenario.counts(6.5, 20, 3, 0, 0).advance(7.0);
    assert_eq!(counted(&scenario), (22, 3));
}

#[test]
fn queries_that_are_told_after_a_later_reading_lie_where_they_were_sent() {
    let mut scenario = Scenario::new();
    scenario
        .advance(5.503)
        .query(5.5, B, "b.test")
        .count(5.503, 5.5, |counts| counts.answered += 1)
        .query(5.501, A, "a.test")
        .error(5.502, &error(5.501));
    assert_eq!(counted(&scenario), (1, 0));
}

#[test]
fn a_silence_began_when_its_first_query_was_sent_though_that_was_told_later() {
    let mut scenario = Scenario::new();
    scenario.asked_ok(1.0).advance(5.503);
    for sent in [5.5, 5.501, 5.502] {
        scenario.query(sent, A, "a.test").query(sent, A, "b.test");
    }
    scenario.advance(11.0);
    assert_eq!(when(scenario.opened().began), "5.500");
}

#[test]
fn where_too_many_came_since_all_of_the_first_second_counts_that_is_not_known_to_come_before() {
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
    // One of those before is known still.
    assert_eq!(counted(&scenario), (u64::from(before - 1 + 1 + since), 0));
}

#[test]
fn errors_since_the_first_query_are_counted_those_before_are_not() {
    let other = |sent| Error {
        code: Code::Other,
        ..error(sent)
    };
    let unsolicited = Error {
        why: Some(crate::observation::Why::Unsolicited),
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
fn errors_since_the_first_query_are_counted_however_many_they_are() {
    let mut scenario = Scenario::new();
    let unsolicited = Error {
        why: Some(crate::observation::Why::Unsolicited),
        code: Code::Admin,
        ..error(0.0)
    };
    for n in 0..500_u32 {
        let time = 4.2 + f64::from(n) / 200.0;
        if n == 160 {
            scenario.query(time, A, "a.test");
        }
        scenario.error(time, &unsolicited);
    }
    scenario.more_errors(6.9, Code::Port, 40).error(7.0, &error(5.0));
    let errors = scenario.incident().errors;
    assert_eq!((errors.host, errors.port), (1, 40));
    assert_eq!(errors.admin, 500 - 160);
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
fn time_never_goes_back_and_a_query_lies_where_it_was_sent() {
    let mut scenario = Scenario::new();
    scenario.query(5.0, B, "b.test").query(5.8, A, "a.test");
    // Stamped before the query that failed, but told after it.
    scenario.query(5.1, B, "b.test").error(5.2, &error(5.8));
    assert_eq!(counted(&scenario), (1, 0));
    assert_eq!(when(scenario.incident().opened), "5.800");
}

#[test]
fn errors_that_were_only_counted_count_in_the_incident_and_open_nothing() {
    let mut scenario = Scenario::new();
    scenario.more_errors(0.5, Code::Port, 40).advance(1.0);
    assert_eq!(scenario.story(), Vec::<String>::new());
    scenario
        .rejected(1.0)
        .more_errors(1.5, Code::Port, 40)
        .advance(3.0);
    let incident = scenario.incident();
    assert_eq!((incident.errors.port, incident.verified), (41, 41));
}

#[test]
fn what_comes_after_it_has_recovered_does_not_count_unless_it_fails_again() {
    let mut scenario = Scenario::new();
    scenario
        .rejected(1.0)
        .rejected(2.0)
        .query(3.0, A, "a.test")
        .answer(3.5, A, 3.0);
    // Up to the query that was answered.
    assert_eq!(counted(&scenario), (2, 0));
    scenario
        .asked(4.0, A, "a.test", NoError)
        .asked(4.5, B, "a.test", NoError);
    assert_eq!(counted(&scenario), (2, 0));
    assert_eq!(scenario.incident().recovered.map(when).as_deref(), Some("3.500"));
    scenario.rejected(5.0);
    assert_eq!(
        (counted(&scenario), scenario.incident().recovered),
        ((6, 3), None)
    );
}

#[test]
fn an_incident_that_has_recovered_counts_up_to_there_also_when_it_is_long_ago() {
    let mut scenario = Scenario::new();
    for second in 0..40_u32 {
        scenario.rejected(f64::from(second));
    }
    for second in 40..400_u32 {
        scenario.asked(f64::from(second), A, "a.test", NoError);
        scenario.asked(f64::from(second) + 0.5, B, "a.test", NoError);
    }
    let incident = scenario.closed();
    assert_eq!(
        (incident.queries, incident.answers, incident.errors.port),
        (40, 0, 40)
    );
}

#[test]
fn errors_that_were_counted_when_the_server_answered_again_count_in_the_outage() {
    let mut scenario = Scenario::new();
    scenario
        .rejected(1.0)
        .query(1.4, A, "a.test")
        .answer(1.5, A, 1.4)
        // Counted at 1.5, and not yet at 1.2.
        .more_errors(1.2, Code::Port, 40)
        .advance(3.0);
    assert_eq!(scenario.incident().errors.port, 41);
    // After the reading at 1.5.
    scenario.more_errors(1.5, Code::Port, 7).advance(4.0);
    assert_eq!(scenario.incident().errors.port, 41);
}

#[test]
fn an_answer_to_a_client_that_never_failed_closes_a_silence_and_is_no_recovery() {
    for (client, recovered) in [(B, None), (A, Some("20.500"))] {
        let mut scenario = Scenario::new();
        for (n, time) in [1.0, 1.1, 1.2, 1.3, 1.4].into_iter().enumerate() {
            scenario.query(time, A, ["a.test", "b.test"][n % 2]);
        }
        scenario
            .query(20.4, client, "c.test")
            .answer(20.5, client, 20.4)
            .advance(30.0);
        assert_eq!(
            scenario.story(),
            ["opened unanswered", "closed unanswered answered"],
            "{client}"
        );
        let incident = scenario.closed();
        assert_eq!(incident.recovered.map(when).as_deref(), recovered, "{client}");
        // That answer and its query belong to no recovery of this incident's: they count up to its end.
        let counted = if recovered.is_some() { (5, 0) } else { (6, 1) };
        assert_eq!((incident.queries, incident.answers), counted, "{client}");
    }
}
