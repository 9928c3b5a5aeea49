//! Whole scenes: which of several servers, and that nothing else is said.

use netmon_common::Rcode;

use super::scenario::{A, B, C, Error, Scenario};
use crate::model::{Cause, Happened, Likelihood, Severity, State};

const FIRST: &str = "203.0.113.1";
const SECOND: &str = "203.0.113.2";

#[test]
fn of_two_servers_only_the_one_that_is_down_is_told() {
    let mut scenario = Scenario::new();
    for second in 0..60_u32 {
        let time = f64::from(second);
        scenario.on(FIRST).rejected(time);
        scenario.on(SECOND).asked(time + 0.1, A, "a.test", Rcode::NoError);
    }
    assert_eq!(scenario.story(), ["opened unreachable"]);
    assert_eq!(scenario.incident().server.to_string(), FIRST);
}

#[test]
fn a_client_that_moves_to_its_second_server_leaves_one_incident_that_ends_idle() {
    let mut scenario = Scenario::new();
    scenario.on(FIRST);
    for n in 0..20_u32 {
        scenario.asked_ok(f64::from(n) * 2.0);
    }
    for n in 0..3_u32 {
        scenario.query(40.0 + f64::from(n) * 5.0, A, ["a.test", "b.test"][n as usize % 2]);
    }
    scenario.on(SECOND);
    for n in 0..700_u32 {
        scenario.asked_ok(55.0 + f64::from(n));
    }
    // Three queries over 10 s are too few to say that nothing comes back.
    assert!(scenario.story().is_empty(), "{:?}", scenario.story());

    let mut scenario = Scenario::new();
    scenario.on(FIRST).rejected(40.0).on(SECOND);
    for n in 0..700_u32 {
        scenario.asked_ok(41.0 + f64::from(n));
    }
    assert_eq!(
        scenario.story(),
        ["opened unreachable", "closed unreachable idle"]
    );
    assert_eq!(scenario.closed().server.to_string(), FIRST);
}

#[test]
fn one_broken_domain_retried_ten_times_is_no_incident() {
    let mut scenario = Scenario::new();
    for n in 0..10_u32 {
        // A resolver that cannot resolve it stays silent, then fails.
        scenario.query(f64::from(n) * 6.0, A, "broken.test");
        scenario.asked(f64::from(n) * 6.0 + 5.5, B, "good.test", Rcode::NoError);
    }
    for n in 0..10_u32 {
        scenario.asked(61.0 + f64::from(n), A, "broken.test", Rcode::ServFail);
    }
    scenario.advance(120.0);
    for n in 0..10_u32 {
        scenario.query(121.0 + f64::from(n) * 5.0, A, "broken.test");
    }
    scenario.advance(900.0);
    assert!(scenario.story().is_empty(), "{:?}", scenario.story());
}

#[test]
fn one_name_with_bogus_signatures_is_no_incident() {
    let mut scenario = Scenario::new();
    for n in 0..60_u32 {
        let client = [A, B, C][n as usize % 3];
        scenario.asked(f64::from(n) / 2.0, client, "bogus.test", Rcode::ServFail);
        // Resolvers ask for it with and without www, too.
        scenario.asked(
            f64::from(n) / 2.0 + 0.1,
            client,
            "www.bogus.test",
            Rcode::ServFail,
        );
    }
    scenario.advance(120.0);
    assert!(scenario.story().is_empty(), "{:?}", scenario.story());
}

#[test]
fn a_reject_for_one_client_of_a_busy_server_is_one_degraded_incident() {
    let mut scenario = Scenario::new();
    for tenth in 0..6_000_u32 {
        let time = f64::from(tenth) / 10.0;
        let client = [B, C][tenth as usize % 2];
        scenario.asked(time, client, "b.test", Rcode::NoError);
        if tenth % 50 == 25 {
            scenario.rejected(time + 0.01);
        }
    }
    assert_eq!(scenario.story(), ["opened unreachable"], "no flapping");
    assert!(
        scenario
            .changes
            .iter()
            .all(|change| change.incident.severity == Severity::Degraded),
        "degraded all along"
    );
    let incident = scenario.incident();
    assert_eq!(incident.clients.len(), 1);
    assert_eq!(incident.errors.port, 120);
    let first: Vec<_> = incident
        .causes
        .iter()
        .map(|cause| (cause.cause, cause.likelihood))
        .collect();
    assert_eq!(
        first,
        [
            (Cause::FirewallReject, Likelihood::Likely),
            (Cause::ServiceDown, Likelihood::Likely)
        ]
    );
    assert!(incident.causes[0].evidence.starts_with(
        "120 of 120 errors say \"port unreachable\" and come from 203.0.113.2 itself, to 1 client"
    ));
    // From the first answer to a later query on, the first cause stays.
    let later = scenario
        .changes
        .iter()
        .filter(|change| change.kind == Happened::Updated);
    assert!(
        later
            .map(|change| change.incident.causes[0].cause)
            .all(|cause| cause == Cause::FirewallReject)
    );
}

#[test]
fn a_server_that_is_mended_is_told_once_more() {
    let mut scenario = Scenario::new();
    for second in 0..30_u32 {
        scenario.rejected(f64::from(second));
    }
    for second in 30..60_u32 {
        scenario.asked_ok(f64::from(second));
    }
    assert_eq!(
        scenario.story(),
        ["opened unreachable", "closed unreachable answered"]
    );
    let incident = scenario.closed();
    assert_eq!(
        (incident.severity, incident.state),
        (Severity::Down, State::Closed)
    );
    assert_eq!(
        (incident.queries, incident.answers, incident.errors.port),
        (30, 0, 30)
    );
}

#[test]
fn late_answers_and_lost_ones_are_no_incident() {
    let mut scenario = Scenario::new();
    for n in 0..600_u32 {
        let time = f64::from(n) / 2.0;
        scenario.query(time, A, ["a.test", "b.test", "c.test"][n as usize % 3]);
        if n % 9 == 8 {
            // 4 s late.
            scenario.answer(time + 0.1, A, time - 4.0);
        }
    }
    assert!(scenario.story().is_empty(), "{:?}", scenario.story());
}

#[test]
fn errors_of_several_routers_are_one_incident() {
    let mut scenario = Scenario::new();
    for (time, reporter) in [(0.0, "192.0.2.250"), (1.0, "192.0.2.251")] {
        scenario.query(time, A, "a.test").error(
            time,
            &Error {
                sent: time,
                reporter: Some(reporter),
                ..Error::default()
            },
        );
    }
    assert_eq!(scenario.story(), ["opened unreachable"]);
}
