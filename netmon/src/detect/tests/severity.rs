//! `down` or `degraded`.

use netmon_common::Rcode;

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

#[test]
fn when_it_opens_the_last_second_before_it_tells() {
    // When the last answer came before the failure at 20; the severity.
    let cases = [
        (None, Severity::Down),
        (Some(18.999_999), Severity::Down),
        (Some(19.0), Severity::Degraded),
        (Some(20.0), Severity::Degraded),
    ];
    for (answer, severity) in cases {
        let mut scenario = Scenario::new();
        if let Some(time) = answer {
            scenario.answer(time, B, time);
        }
        error(&mut scenario, 20.0);
        assert_eq!(scenario.incident().severity, severity, "answer at {answer:?}");
    }
}

#[test]
fn later_the_last_10_seconds_before_the_newest_failure_tell() {
    for (newest, severity) in [(31.0, Severity::Degraded), (31.000_001, Severity::Down)] {
        let mut scenario = Scenario::new();
        error(&mut scenario, 20.0);
        scenario.answer(21.0, B, 21.0);
        error(&mut scenario, newest);
        assert_eq!(
            scenario.incident().severity,
            severity,
            "newest failure at {newest}"
        );
    }
}

#[test]
fn it_is_judged_again_at_each_failure() {
    let mut scenario = Scenario::new();
    scenario.answer(18.0, B, 18.0);
    for (time, severity) in [
        (20.0, Severity::Down),
        (21.0, Severity::Degraded),
        (28.0, Severity::Degraded),
        (28.1, Severity::Down),
    ] {
        error(&mut scenario, time);
        assert_eq!(scenario.incident().severity, severity, "failure at {time}");
    }
}

#[test]
fn it_is_judged_again_at_each_answer_by_the_newest_failure() {
    let mut scenario = Scenario::new();
    scenario.answer(18.0, B, 18.0);
    error(&mut scenario, 20.0);
    assert_eq!(scenario.incident().severity, Severity::Down);
    scenario.answer(20.5, B, 20.4);
    assert_eq!(
        scenario.incident().severity,
        Severity::Degraded,
        "an answer in the 10 s before the failure at 20"
    );
}

#[test]
fn answers_after_the_newest_failure_do_not_make_a_past_outage_milder() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 20.0);
    scenario.answer(25.0, A, 24.9).advance(30.0);
    assert_eq!(scenario.closed().severity, Severity::Down);
}

#[test]
fn when_it_opens_again_the_last_second_tells_again() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 20.0);
    scenario.answer(25.0, A, 24.9).advance(30.0).answer(30.5, B, 30.4);
    error(&mut scenario, 32.0);
    assert_eq!(
        (scenario.incident().severity, scenario.incident().reopened),
        (Severity::Down, 1)
    );
}

#[test]
fn an_unanswered_server_is_down_and_degraded_only_right_after_an_answer() {
    for (answer, severity) in [
        (None, Severity::Down),
        (Some(0.9), Severity::Degraded),
        (Some(0.2), Severity::Down),
    ] {
        let mut scenario = Scenario::new();
        if let Some(time) = answer {
            scenario.answer(time, B, time);
        }
        for time in [1.0, 1.1, 1.2, 1.3, 1.4] {
            scenario.query(time, A, if time > 1.25 { "a.test" } else { "b.test" });
        }
        scenario.advance(7.0);
        assert_eq!(scenario.opened().severity, severity, "answer at {answer:?}");
        scenario.query(12.0, A, "c.test").advance(17.0);
        assert_eq!(
            scenario.incident().severity,
            Severity::Down,
            "no answer in 10 s before the query at 12"
        );
    }
}

#[test]
fn a_server_whose_answers_fail_is_degraded() {
    let mut scenario = Scenario::new();
    for n in 0..10_u32 {
        scenario.asked(f64::from(n) * 2.5, A, &format!("{n}.test"), Rcode::ServFail);
    }
    scenario.advance(26.0).asked(40.0, A, "x.test", Rcode::ServFail);
    assert_eq!(scenario.incident().severity, Severity::Degraded);
}

#[test]
fn a_change_of_severity_is_told() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 20.0);
    scenario.answer(20.5, B, 20.4);
    error(&mut scenario, 20.6);
    scenario.advance(21.0);
    let told: Vec<_> = scenario
        .changes
        .iter()
        .map(|c| (c.kind, c.incident.severity))
        .collect();
    assert_eq!(
        told,
        [
            (Happened::Opened, Severity::Down),
            (Happened::Updated, Severity::Degraded)
        ]
    );
}
