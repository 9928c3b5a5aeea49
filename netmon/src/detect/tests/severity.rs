//! `down` or `degraded`.

use netmon_common::Rcode;

use super::scenario::{A, B, Error, Scenario};
use crate::detect::ChangeKind;

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
        (None, "down"),
        (Some(18.999_999), "down"),
        (Some(19.0), "degraded"),
        (Some(20.0), "degraded"),
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
    for (newest, severity) in [(31.0, "degraded"), (31.000_001, "down")] {
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
        (20.0, "down"),
        (21.0, "degraded"),
        (28.0, "degraded"),
        (28.1, "down"),
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
    assert_eq!(scenario.incident().severity, "down");
    scenario.answer(20.5, B, 20.4);
    assert_eq!(
        scenario.incident().severity,
        "degraded",
        "an answer in the 10 s before the failure at 20"
    );
}

#[test]
fn answers_after_the_newest_failure_do_not_make_a_past_outage_milder() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 20.0);
    scenario.answer(25.0, A, 24.9).advance(30.0);
    assert_eq!(scenario.closed().severity, "down");
}

#[test]
fn when_it_opens_again_the_last_second_tells_again() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 20.0);
    scenario.answer(25.0, A, 24.9).advance(30.0).answer(30.5, B, 30.4);
    error(&mut scenario, 32.0);
    assert_eq!(
        (scenario.incident().severity, scenario.incident().reopened),
        ("down", 1)
    );
}

#[test]
fn an_unanswered_server_is_down_and_degraded_only_right_after_an_answer() {
    for (answer, severity) in [(None, "down"), (Some(0.9), "degraded"), (Some(0.2), "down")] {
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
            "down",
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
    assert_eq!(scenario.incident().severity, "degraded");
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
        [(ChangeKind::Opened, "down"), (ChangeKind::Updated, "degraded")]
    );
}
