//! Answers that say nothing of how well a server serves: to queries that are not standard, and an own server's REFUSED to strangers.

use netmon_common::Rcode;

use super::scenario::{A, B, SERVER, Scenario, address};
use crate::model::Severity;

/// So many queries of A fail, each for a domain of its own, in 6 s from that second on.
fn fail(scenario: &mut Scenario, from: f64, queries: u32, beside: impl Fn(&mut Scenario, f64)) {
    for n in 0..queries {
        let time = from + f64::from(n) * 6.0 / f64::from(queries);
        scenario.asked(time, A, &format!("www.zone{n}.test"), Rcode::ServFail);
        beside(scenario, time + 0.01);
    }
}

/// B updates a zone twice, which the server answers so.
fn update(scenario: &mut Scenario, time: f64, rcode: Rcode) {
    scenario
        .standard(false)
        .asked(time, B, "zone.test", rcode)
        .asked(time + 0.01, B, "zone.test", rcode)
        .standard(true);
}

/// A stranger asks this host's own server twice, which refuses.
fn refuse(scenario: &mut Scenario, time: f64) {
    for time in [time, time + 0.01] {
        scenario.asked(time, "198.51.100.7", "probe.test", Rcode::Refused);
    }
}

/// A server of this host, which has answered A.
fn own() -> Scenario {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(SERVER)]);
    scenario.asked_ok(0.1);
    scenario
}

#[test]
fn a_server_that_answers_updates_and_no_queries_fails() {
    let mut scenario = Scenario::new();
    fail(&mut scenario, 1.0, 12, |scenario, time| {
        update(scenario, time, Rcode::NoError);
    });
    scenario.advance(13.0);
    assert_eq!(scenario.story(), ["opened failing"]);
    assert_eq!(scenario.opened().severity, Severity::Down);
    for n in 0..30_u32 {
        update(&mut scenario, 14.0 + 3.0 * f64::from(n), Rcode::NoError);
    }
    assert_eq!(scenario.story(), ["opened failing"], "no query is answered well");
}

#[test]
fn updates_that_are_not_implemented_make_nine_failures_no_outage() {
    let mut scenario = Scenario::new();
    fail(&mut scenario, 1.0, 9, |scenario, time| {
        update(scenario, time, Rcode::NotImp);
    });
    scenario.advance(60.0);
    assert!(scenario.story().is_empty());
}

#[test]
fn what_an_own_server_refuses_to_strangers_neither_hides_nor_heals_its_outage() {
    let mut scenario = own();
    fail(&mut scenario, 60.0, 12, refuse);
    scenario.advance(72.0);
    assert_eq!(scenario.story(), ["opened failing"]);
    for n in 0..20_u32 {
        refuse(&mut scenario, 73.0 + 3.0 * f64::from(n));
    }
    assert_eq!(scenario.story(), ["opened failing"]);
    assert_eq!(scenario.incident().answers, 12, "strangers count in no incident");
}

#[test]
fn an_own_server_that_refuses_strangers_and_nobody_else_is_well() {
    let mut scenario = own();
    for n in 0..60_u32 {
        refuse(&mut scenario, 1.0 + f64::from(n));
    }
    assert!(scenario.story().is_empty());
}
