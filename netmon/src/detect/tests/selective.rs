//! `firewall-reject` of some clients: `port` for them, while others get answers to later queries.

use crate::model::{Cause, Likelihood};
use netmon_common::Code;

use super::causes::{error, words};
use super::scenario::{A, B, C, Error, SERVER, Scenario};

#[test]
fn port_for_some_while_others_get_answers_to_later_queries_is_a_firewall() {
    // What happens besides the `port` error about A's query at 1.0, at 1.001; the first cause.
    type Then = fn(&mut Scenario);
    let cases: [(&str, Then, Cause); 7] = [
        ("nothing", |_| {}, Cause::ServiceDown),
        (
            "an answer to B's later query",
            |s| _ = s.answer(2.1, B, 2.0),
            Cause::FirewallReject,
        ),
        (
            "an answer to B's earlier query",
            |s| _ = s.answer(2.1, B, 0.9),
            Cause::ServiceDown,
        ),
        (
            "an answer to B's query sent with the error",
            |s| _ = s.answer(2.1, B, 1.001),
            Cause::ServiceDown,
        ),
        (
            "an answer to A's later query",
            |s| _ = s.answer(2.1, A, 2.0),
            Cause::ServiceDown,
        ),
        (
            "an answer to B, which then fails too",
            |s| {
                s.answer(2.1, B, 2.0).query(3.0, B, "b.test").error(
                    3.001,
                    &Error {
                        client: B,
                        sent: 3.0,
                        ..Error::default()
                    },
                );
            },
            Cause::ServiceDown,
        ),
        (
            "an answer to B, and A fails again",
            |s| _ = s.answer(2.1, B, 2.0).rejected(3.0),
            Cause::FirewallReject,
        ),
    ];
    for (what, then, first) in cases {
        let mut scenario = Scenario::new();
        scenario.rejected(1.0);
        then(&mut scenario);
        let found = scenario.incident().causes;
        assert_eq!(found[0].cause, first, "{what}: {found:?}");
        assert_eq!(
            found.len(),
            if first == Cause::FirewallReject { 2 } else { 1 },
            "{what}"
        );
    }
}

#[test]
fn a_protocol_error_is_no_selective_firewall() {
    let mut scenario = Scenario::new();
    error(&mut scenario, 0.0, Code::Protocol, SERVER);
    scenario.answer(4.1, B, 4.0);
    assert_eq!(
        words(&scenario.incident().causes),
        [(Cause::ServiceDown, Likelihood::Likely)]
    );
}

#[test]
fn whoever_was_hit_is_no_other_even_where_the_list_is_full() {
    let mut scenario = Scenario::new();
    let mut client = String::new();
    for n in 0..40_u32 {
        let time = f64::from(n);
        client = format!("192.0.2.{n}");
        scenario.query(time, &client, "a.test").error(
            time,
            &Error {
                client: &client,
                sent: time,
                ..Error::default()
            },
        );
    }
    // To a query that was sent before the last error: it ends nothing.
    scenario.answer(41.0, &client, 38.5);
    assert_eq!(scenario.incident().causes[0].cause, Cause::ServiceDown);
    scenario.answer(42.0, "192.0.2.200", 41.5);
    assert_eq!(scenario.incident().causes[0].cause, Cause::FirewallReject);
}

#[test]
fn whoever_is_hit_next_takes_nothing_from_what_others_were_answered() {
    let mut scenario = Scenario::new();
    scenario.rejected(1.0).answer(2.1, C, 2.0).answer(2.3, B, 2.2);
    let failed = Error {
        client: B,
        sent: 3.0,
        ..Error::default()
    };
    scenario.query(3.0, B, "b.test").error(3.001, &failed);
    assert_eq!(scenario.incident().causes[0].cause, Cause::FirewallReject);
}
