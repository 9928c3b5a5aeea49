//! `down` or `degraded`.

use netmon_common::Rcode::{self, NoError};

use super::scenario::{A, B, Error, Scenario};
use crate::model::{Happened, Severity};

/// An error about a query of A that was sent when it came.
fn error(scenario: &mut Scenario, time: f64) {
    scenario.query(time, A, "a.test").error(
        time,
        &Error {
            sent: time,
            ..Error::default()
        },
    );
}

fn severity(scenario: &Scenario) -> Severity {
    scenario.incident().severity
}

#[test]
fn it_is_degraded_while_clients_that_have_not_failed_were_answered_within_10_s_before_it_began() {
    // Who was answered last, and when, before A's query of 20 s that fails.
    let cases = [
        ("nobody", None, Severity::Down),
        ("B, long ago", Some((B, 9.999)), Severity::Down),
        ("B, 10 s ago", Some((B, 10.0)), Severity::Degraded),
        ("B, just now", Some((B, 19.9)), Severity::Degraded),
        ("A itself, just now", Some((A, 19.9)), Severity::Down),
    ];
    for (what, answered, expected) in cases {
        let mut scenario = Scenario::new();
        if let Some((client, time)) = answered {
            scenario.answer(time, client, time);
        }
        error(&mut scenario, 20.0);
        assert_eq!(severity(&scenario), expected, "{what}");
    }
}

#[test]
fn live_an_answer_of_before_that_was_only_counted_may_be_to_a_client_that_is_known_to_be_served() {
    // B's answer that was reported, how many of the last ten seconds were only counted, and whether that is live.
    let cases = [
        ("all were reported", 8.0, 0, true, Severity::Down),
        ("some were not", 8.0, 3, true, Severity::Degraded),
        ("too long ago", 0.5, 3, true, Severity::Down),
        ("a capture holds all", 8.0, 3, false, Severity::Down),
    ];
    for (case, reported, only_counted, is_live, expected) in cases {
        let mut scenario = Scenario::new();
        if is_live {
            scenario.decider.set_local_live([]);
        }
        scenario.asked(reported, B, "b.test", NoError);
        scenario.asked(19.0, A, "a.test", NoError);
        scenario.counts(19.2, only_counted, only_counted, 0, 0);
        error(&mut scenario, 20.0);
        assert_eq!(scenario.opened().severity, expected, "{case}");
    }
}

#[test]
fn it_is_degraded_where_others_are_answered_until_the_first_error_comes() {
    let mut scenario = Scenario::new();
    scenario.query(20.0, A, "a.test");
    scenario.asked(21.0, B, "b.test", NoError);
    scenario.error(
        23.0,
        &Error {
            sent: 20.0,
            ..Error::default()
        },
    );
    assert_eq!(severity(&scenario), Severity::Degraded);
}

#[test]
fn a_server_that_one_client_asks_5_times_a_second_is_down_as_it_dies() {
    let mut scenario = Scenario::new();
    for n in 0..50_u32 {
        scenario.asked(f64::from(n) / 5.0, A, "a.test", NoError);
    }
    error(&mut scenario, 10.0);
    assert_eq!(scenario.opened().severity, Severity::Down);
}

#[test]
fn it_is_down_when_those_that_were_answered_before_have_failed_too() {
    let mut scenario = Scenario::new();
    scenario.asked(19.0, B, "b.test", NoError);
    error(&mut scenario, 20.0);
    assert_eq!(severity(&scenario), Severity::Degraded);
    scenario.query(20.5, B, "b.test").error(
        20.5,
        &Error {
            client: B,
            sent: 20.5,
            ..Error::default()
        },
    );
    assert_eq!(severity(&scenario), Severity::Down);
}

#[test]
fn it_is_down_when_nobody_is_answered_for_10_s() {
    let mut scenario = Scenario::new();
    scenario.asked(19.0, B, "b.test", NoError);
    error(&mut scenario, 20.0);
    error(&mut scenario, 29.0);
    assert_eq!(severity(&scenario), Severity::Degraded);
    error(&mut scenario, 29.1);
    assert_eq!(severity(&scenario), Severity::Down);
}

#[test]
fn it_is_down_when_none_of_the_last_10_queries_was_answered() {
    let mut scenario = Scenario::new();
    for n in 0..4_u32 {
        scenario.asked(19.0, &format!("192.0.2.{}", 10 + n), "b.test", NoError);
    }
    error(&mut scenario, 20.0);
    for n in 1..10_u32 {
        scenario.query(20.0 + f64::from(n) / 100.0, A, "a.test");
    }
    scenario.advance(20.999);
    assert_eq!(severity(&scenario), Severity::Degraded);
    scenario.advance(21.0);
    assert_eq!(severity(&scenario), Severity::Down, "within a second");
}

#[test]
fn later_an_exchange_that_began_since_and_was_answered_within_10_s_before_the_newest_failure_decides() {
    for (newest, expected) in [(33.0, Severity::Degraded), (33.001, Severity::Down)] {
        let mut scenario = Scenario::new();
        error(&mut scenario, 20.0);
        scenario.answer(23.0, B, 22.0);
        error(&mut scenario, newest);
        assert_eq!(severity(&scenario), expected, "newest failure at {newest}");
    }
}

#[test]
fn an_answer_to_a_query_of_before_it_began_says_nothing() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 20.0);
    scenario.answer(21.0, B, 19.0);
    error(&mut scenario, 31.0);
    assert_eq!(severity(&scenario), Severity::Down);
}

#[test]
fn it_becomes_milder_only_after_10_s_and_at_most_once_a_minute_and_down_at_once() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 20.0);
    scenario.asked(21.0, B, "b.test", NoError);
    error(&mut scenario, 22.0);
    assert_eq!(severity(&scenario), Severity::Down, "too early");
    scenario.advance(29.9);
    assert_eq!(severity(&scenario), Severity::Down);
    scenario.advance(30.0);
    assert_eq!(severity(&scenario), Severity::Degraded);
    error(&mut scenario, 40.0);
    assert_eq!(severity(&scenario), Severity::Down, "at once");
    scenario.asked(41.0, B, "b.test", NoError);
    error(&mut scenario, 42.0);
    scenario.advance(50.0);
    assert_eq!(severity(&scenario), Severity::Down, "a minute has not passed");
    for second in 50..100_u32 {
        scenario.asked(f64::from(second), B, "b.test", NoError);
        error(&mut scenario, f64::from(second) + 0.5);
    }
    assert_eq!(severity(&scenario), Severity::Down);
    scenario.advance(100.0);
    assert_eq!(severity(&scenario), Severity::Degraded);
}

#[test]
fn answers_after_the_newest_failure_change_nothing() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 20.0);
    scenario.answer(25.0, A, 24.9).advance(30.0);
    assert_eq!(scenario.closed().severity, Severity::Down);
}

#[test]
fn an_unanswered_server_is_down_unless_others_are_answered() {
    for (answer, expected) in [(None, Severity::Down), (Some(0.9), Severity::Degraded)] {
        let mut scenario = Scenario::new();
        if let Some(time) = answer {
            scenario.answer(time, B, time);
        }
        for time in [1.0, 1.1, 1.2, 1.3, 1.4] {
            scenario.query(time, A, if time > 1.25 { "a.test" } else { "b.test" });
        }
        scenario.advance(7.0);
        assert_eq!(scenario.opened().severity, expected, "answer at {answer:?}");
        scenario.query(12.0, A, "c.test").advance(18.0);
        assert_eq!(severity(&scenario), Severity::Down, "nobody was answered in 10 s");
    }
}

#[test]
fn a_server_whose_answers_fail_is_degraded_and_down_when_all_do() {
    for (good, expected) in [(true, Severity::Degraded), (false, Severity::Down)] {
        let mut scenario = Scenario::new();
        for n in 0..20_u32 {
            let time = 1.0 + f64::from(n) / 25.0;
            scenario.asked(time, A, &format!("{n}.test"), Rcode::ServFail);
        }
        if good {
            scenario.asked(1.9, B, "good.test", NoError);
        }
        scenario.advance(10.0);
        assert_eq!(scenario.opened().severity, expected);
    }
}

#[test]
fn a_change_of_severity_is_reported() {
    let mut scenario = Scenario::new();
    scenario.asked(19.5, B, "b.test", NoError);
    error(&mut scenario, 20.0);
    error(&mut scenario, 29.9);
    scenario.advance(31.0);
    let reported: Vec<_> = scenario
        .changes
        .iter()
        .map(|c| (c.kind, c.incident.severity))
        .collect();
    assert_eq!(
        reported,
        [
            (Happened::Opened, Severity::Degraded),
            (Happened::Updated, Severity::Down),
        ]
    );
}

#[test]
fn what_was_answered_while_it_was_closed_counts_when_it_opens_again() {
    let mut scenario = Scenario::new();
    scenario.rejected(1.0).query(2.0, A, "a.test").answer(2.1, A, 2.0);
    scenario.advance(12.5);
    scenario
        .query(13.0, A, "a.test")
        .answer(13.1, A, 13.0)
        .rejected(14.0);
    scenario.advance(30.0);
    let incident = scenario.incident();
    assert_eq!((incident.reopened, incident.severity), (1, Severity::Degraded));
}

#[test]
fn one_that_opens_again_becomes_no_milder_by_that() {
    let mut scenario = Scenario::new();
    scenario.rejected(1.0).query(2.0, A, "a.test").answer(2.1, A, 2.0);
    scenario.advance(12.5);
    scenario
        .query(13.0, B, "b.test")
        .answer(13.1, B, 13.0)
        .rejected(14.0);
    assert_eq!(
        (scenario.incident().reopened, severity(&scenario)),
        (1, Severity::Down)
    );
    scenario.advance(24.0);
    assert_eq!(severity(&scenario), Severity::Down);
    scenario.advance(25.0);
    assert_eq!(severity(&scenario), Severity::Degraded);
}

#[test]
fn an_older_query_that_is_answered_later_is_answered_since_it_began() {
    let mut scenario = Scenario::new();
    scenario
        .query(1.0, A, "a.test")
        .query(1.1, B, "b.test")
        .query(1.2, A, "c.test");
    scenario.answer(1.3, A, 1.2).answer(15.0, B, 1.1);
    scenario.error(
        16.0,
        &Error {
            sent: 1.0,
            ..Error::default()
        },
    );
    scenario.advance(30.0);
    assert_eq!(scenario.incident().severity, Severity::Degraded);
}
