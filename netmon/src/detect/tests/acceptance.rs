//! What others found by reading the contract against the decider: each of these once gave another answer.

use netmon_common::{Code, Rcode};

use super::scenario::{A, B, Error, ROUTER, SERVER, Scenario, at};
use crate::model::{Cause, CloseReason, Severity};
use crate::observation::Why;

const C: &str = "192.0.2.77";

fn error(sent: f64, client: &'static str) -> Error<'static> {
    Error {
        client,
        sent,
        ..Error::default()
    }
}

/// The router says that no host is there.
fn no_host(sent: f64) -> Error<'static> {
    Error {
        code: Code::Host,
        reporter: Some(ROUTER),
        ..error(sent, A)
    }
}

/// So many domains are asked for, one every so many seconds.
fn ask_for(scenario: &mut Scenario, client: &str, (from, every): (f64, f64), domains: u32, rcode: Rcode) {
    for n in 0..domains {
        let name = format!("{}{n}.test", if rcode == Rcode::NoError { "good" } else { "bad" });
        scenario.asked(from + f64::from(n) * every, client, &name, rcode);
    }
}

#[test]
fn failing_domains_are_held_against_all_that_are_answered_well_however_many_they_are() {
    for (good, opens) in [(20, true), (50, false), (300, false)] {
        let mut scenario = Scenario::new();
        ask_for(&mut scenario, B, (10.0, 0.01), good, Rcode::NoError);
        ask_for(&mut scenario, A, (16.0, 0.1), 40, Rcode::ServFail);
        scenario.advance(30.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{good}");
    }
}

#[test]
fn a_domain_that_is_lost_is_known_beside_a_hundred_others_and_a_client_that_asks_most() {
    let mut scenario = Scenario::new();
    scenario.asked(1.0, B, "lost.test", Rcode::NoError);
    ask_for(&mut scenario, B, (2.0, 0.1), 100, Rcode::NoError);
    scenario.asked(100.0, B, "lost.test", Rcode::ServFail);
    for n in 0..75 {
        scenario.asked(100.1 + f64::from(n) / 25.0, A, "lost.test", Rcode::ServFail);
    }
    scenario.advance(112.0);
    assert_eq!(scenario.story(), ["opened failing"]);
}

#[test]
fn failures_before_a_gap_are_not_added_to_those_after_it() {
    for (gap, opens) in [(false, true), (true, false)] {
        let mut scenario = Scenario::new();
        scenario.asked(1.0, B, "lost.test", Rcode::NoError);
        for n in 0..8 {
            scenario.asked(40.0 + f64::from(n) / 10.0, A, "lost.test", Rcode::ServFail);
        }
        if gap {
            scenario.decider.gap(None, at(45.0));
        }
        for n in 0..3 {
            scenario.asked(46.0 + f64::from(n) / 10.0, B, "lost.test", Rcode::ServFail);
        }
        scenario.advance(60.0);
        assert_eq!(!scenario.story().is_empty(), opens, "gap: {gap}");
    }
}

#[test]
fn an_outage_whose_clients_are_more_than_are_listed_ends_by_any_of_them() {
    let mut scenario = Scenario::new();
    let clients: Vec<String> = (1..=33).map(|n| format!("192.0.2.{n}")).collect();
    for (n, client) in (0_u32..).zip(&clients) {
        let sent = 1.0 + f64::from(n) / 20.0;
        let error = Error {
            client,
            sent,
            ..Error::default()
        };
        scenario.query(sent, client, "a.test").error(sent + 0.01, &error);
    }
    scenario
        .query(5.0, &clients[32], "a.test")
        .answer(5.1, &clients[32], 5.0);
    scenario.advance(30.0);
    assert_eq!(scenario.closed().closed_because, Some(CloseReason::Answered));
}

#[test]
fn one_more_error_about_a_query_that_failed_is_no_quiet() {
    let mut scenario = Scenario::new();
    scenario.query(1.0, A, "a.test").error(1.2, &error(1.0, A));
    scenario.query(2.0, A, "a.test").answer(2.1, A, 2.0);
    let again = Error {
        reporter: Some(ROUTER),
        why: Some(Why::Again),
        ..error(1.0, A)
    };
    scenario.error(8.3, &again);
    // What is answered must have been asked after the last error.
    scenario.advance(20.0);
    assert_eq!(scenario.story(), ["opened unreachable"]);
    scenario.query(20.1, A, "a.test").answer(20.2, A, 20.1);
    scenario
        .error(20.3, &again)
        .query(22.0, A, "a.test")
        .answer(22.1, A, 22.0);
    scenario.advance(30.0);
    assert_eq!(scenario.story(), ["opened unreachable"]);
    scenario.advance(31.0);
    assert_eq!(
        scenario.story(),
        ["opened unreachable", "closed unreachable answered"]
    );
}

#[test]
fn a_service_that_has_answered_since_is_none_of_a_scan() {
    let mut scenario = Scenario::new();
    let fails = |scenario: &mut Scenario, server: &str, sent: f64| {
        scenario
            .on(server)
            .query(sent, A, "a.test")
            .error(sent + 0.1, &no_host(sent));
    };
    for n in 1..=4_u32 {
        fails(&mut scenario, &format!("10.0.0.{n}"), f64::from(n));
    }
    scenario
        .on("10.0.0.1")
        .query(5.5, B, "b.test")
        .answer(5.6, B, 5.5);
    fails(&mut scenario, "10.0.0.5", 6.0);
    scenario.advance(10.0);
    assert!(scenario.warnings().is_empty());
    assert_eq!(scenario.decider.open_incidents().len(), 5);
}

#[test]
fn what_was_answered_between_the_first_failure_and_the_opening_makes_it_degraded() {
    let mut scenario = Scenario::new();
    scenario.query(1.0, A, "a.test").query(1.1, A, "b.test");
    scenario.answer(1.2, A, 1.1).error(3.0, &error(1.0, A));
    assert_eq!(scenario.incident().severity, Severity::Degraded);
}

#[test]
fn an_answer_to_another_client_that_then_fails_too_keeps_what_a_third_one_got() {
    let mut scenario = Scenario::new();
    scenario.query(1.0, A, "a.test").error(1.1, &error(1.0, A));
    scenario.query(2.0, B, "b.test").answer(2.1, B, 2.0);
    scenario.query(2.5, C, "c.test").error(2.6, &error(2.5, C));
    let incident = scenario.incident();
    assert!(
        incident
            .causes
            .iter()
            .any(|found| found.cause == Cause::FirewallReject),
        "{incident:#?}"
    );
}

#[test]
fn a_server_that_nobody_asks_any_more_fails_no_worse_than_before() {
    let mut scenario = Scenario::new();
    ask_for(&mut scenario, A, (10.0, 0.05), 12, Rcode::ServFail);
    ask_for(&mut scenario, B, (10.6, 0.02), 8, Rcode::NoError);
    scenario.advance(60.0);
    assert_eq!(scenario.incident().severity, Severity::Degraded);
}

#[test]
fn silence_is_judged_as_soon_as_an_answer_would_be_seen() {
    let mut scenario = Scenario::new();
    scenario.unheard(A);
    for n in 0..8 {
        scenario.query(5.0 + f64::from(n) * 0.3, A, &format!("{n}.test"));
    }
    scenario.advance(13.0);
    assert!(scenario.story().is_empty());
    scenario.heard_again(A);
    scenario.on(SERVER).advance(14.0);
    assert_eq!(scenario.story(), ["opened unanswered"]);
}

#[test]
fn answers_after_the_newest_failure_bring_no_milder_severity_back() {
    let mut scenario = Scenario::new();
    scenario.query(0.5, B, "b.test").answer(0.6, B, 0.5);
    for n in 0..12 {
        let sent = 1.0 + f64::from(n);
        scenario
            .query(sent, A, "a.test")
            .error(sent + 0.01, &error(sent, A));
    }
    scenario.advance(14.0);
    assert_eq!(scenario.incident().severity, Severity::Down);
    for n in 0..60 {
        let sent = 20.0 + f64::from(n);
        scenario.query(sent, B, "b.test").answer(sent + 0.1, B, sent);
    }
    scenario.advance(100.0);
    assert_eq!(scenario.incident().severity, Severity::Down);
}

#[test]
fn a_server_that_nobody_asks_any_more_has_answered_nobody_for_10_s() {
    let mut scenario = Scenario::new();
    scenario.asked(19.0, B, "b.test", Rcode::NoError);
    scenario.query(20.0, A, "a.test").error(20.1, &error(20.0, A));
    scenario.advance(29.0);
    assert_eq!(scenario.incident().severity, Severity::Degraded);
    scenario.advance(30.0);
    assert_eq!(scenario.incident().severity, Severity::Down);
}

#[test]
fn a_time_that_was_not_watched_is_none_in_which_nobody_was_answered() {
    let mut scenario = Scenario::new();
    scenario.asked(19.0, B, "b.test", Rcode::NoError);
    scenario.query(20.0, A, "a.test").error(20.1, &error(20.0, A));
    scenario.decider.gap(None, at(60.0));
    scenario.advance(60.5);
    scenario.query(61.0, A, "a.test").error(61.1, &error(61.0, A));
    scenario.advance(70.0);
    assert_eq!(scenario.incident().severity, Severity::Degraded);
    scenario.advance(71.0);
    assert_eq!(scenario.incident().severity, Severity::Down);
}

#[test]
fn what_has_recovered_becomes_no_worse_while_nobody_asks() {
    let mut scenario = Scenario::new();
    scenario.asked(19.0, B, "b.test", Rcode::NoError);
    scenario.query(20.0, A, "a.test").error(20.1, &error(20.0, A));
    scenario.query(21.0, A, "a.test").answer(21.1, A, 21.0);
    let again = Error {
        why: Some(Why::Again),
        ..error(20.0, A)
    };
    scenario.error(28.0, &again).advance(36.0);
    assert_eq!(scenario.incident().severity, Severity::Degraded);
}

#[test]
fn whoever_sent_a_verified_error_that_counts_is_a_reporter_and_nobody_else() {
    let other = |sent| Error {
        code: Code::Other,
        ..no_host(sent)
    };
    let forged = || Error {
        reporter: Some(C),
        why: Some(Why::Unsolicited),
        ..error(0.0, A)
    };
    let reporters = |scenario: &Scenario| -> (u64, Vec<String>) {
        let incident = scenario.incident();
        let reporters = incident.reporters.iter().map(ToString::to_string).collect();
        (incident.errors.sum(), reporters)
    };
    let both = |errors| (errors, vec![SERVER.to_owned(), ROUTER.to_owned()]);
    for (before, after) in [(true, false), (false, true)] {
        let mut scenario = Scenario::new();
        scenario.query(1.0, A, "a.test").query(1.1, A, "a.test");
        if before {
            scenario.error(1.5, &other(1.1)).error(1.6, &forged());
        }
        scenario.error(2.0, &error(1.0, A));
        if after {
            scenario.error(2.5, &other(1.1)).error(2.6, &forged());
        }
        assert_eq!(reporters(&scenario), both(3), "{before}");
    }
    let mut scenario = Scenario::new();
    scenario.query(1.0, A, "a.test").error(1.1, &error(1.0, A));
    scenario.query(2.0, A, "a.test").answer(2.1, A, 2.0);
    scenario.query(3.0, B, "a.test").error(
        3.1,
        &Error {
            client: B,
            ..other(3.0)
        },
    );
    assert_eq!(reporters(&scenario), (1, vec![SERVER.to_owned()]), "it is over");
    scenario.query(4.0, A, "a.test").error(4.1, &error(4.0, A));
    assert_eq!(reporters(&scenario), both(3));
}

/// Clients that are listed, and how many more there are.
fn clients(scenario: &Scenario) -> (usize, u64) {
    let incident = scenario.incident();
    (incident.clients.len(), incident.clients_more)
}

/// Whether an estimate of 300 clients is as good as docs/detection.md says.
fn are_about_300((listed, more): (usize, u64)) -> bool {
    listed == 32 && more.abs_diff(268) <= 9
}

#[test]
fn clients_of_a_silent_server_are_counted_however_many_ask_at_once() {
    let mut scenario = Scenario::new();
    for n in 0..300_u32 {
        let client = format!("10.0.{}.{}", n / 250, n % 250);
        scenario.query(1.0 + f64::from(n) / 60.0, &client, &format!("{}.test", n % 7));
    }
    // Those of the last 5 s have not failed yet.
    scenario.advance(7.0);
    assert_eq!(scenario.opened().clients_more + 32, 61);
    scenario.advance(12.0);
    assert!(are_about_300(clients(&scenario)), "{:?}", clients(&scenario));
}

#[test]
fn clients_of_a_failing_server_are_counted_however_many_ask_at_once() {
    for each in [1, 3_u32] {
        let mut scenario = Scenario::new();
        for n in 0..300 * each {
            let (client, time) = (n % 300, 1.0 + f64::from(n) / 60.0);
            let client = format!("10.0.{}.{}", client / 250, client % 250);
            scenario.asked(time, &client, &format!("{}.test", n % 7), Rcode::ServFail);
        }
        scenario.advance(f64::from(5 * each) + 8.0);
        assert!(are_about_300(clients(&scenario)), "{:?}", clients(&scenario));
    }
}
