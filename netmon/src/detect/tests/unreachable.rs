//! `unreachable`: what opens it, what closes it, what is verified.

use crate::model::{State, WarningKind};
use netmon_common::Code;

use super::scenario::{A, B, Error, ROUTER, Scenario, address, at, when};
use crate::observation::{Proof, Why};

/// What happens next.
type Continue = fn(&mut Scenario) -> &mut Scenario;
/// The same.
type Then<'a> = &'a dyn Fn(&mut Scenario);

#[test]
fn each_code_but_other_opens_at_once_at_its_packet() {
    for code in Code::ALL {
        let mut scenario = Scenario::new();
        scenario.query(1.0, A, "a.test").error(
            2.25,
            &Error {
                sent: 1.0,
                code,
                ..Error::default()
            },
        );
        if code == Code::Other {
            assert!(scenario.story().is_empty(), "{code:?}");
        } else {
            assert_eq!(scenario.story(), ["opened unreachable"], "{code:?}");
            let incident = scenario.incident();
            assert_eq!(when(incident.opened), "2.250");
            assert_eq!(when(incident.began), "1.000");
        }
    }
}

#[test]
fn a_verified_other_is_counted_in_an_open_incident_and_does_not_prolong_it() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.0).error(
        0.9,
        &Error {
            sent: 0.8,
            code: Code::Other,
            ..Error::default()
        },
    );
    scenario.asked_ok(1.0).advance(11.0);
    let incident = scenario.closed();
    assert_eq!((incident.errors.other, incident.errors.port), (1, 1));
    assert_eq!(when(incident.last_seen), "0.001");
}

#[test]
fn proofs() {
    // What proves the error, whether it opens, how many verified, the warning.
    let cases = [
        ("its query was seen", Proof::QuerySeen(at(1.0)), true, 1, None),
        (
            "raised by this host",
            Proof::RaisedByThisHost(Some(at(1.0))),
            true,
            1,
            None,
        ),
        (
            "raised by this host, query unseen",
            Proof::RaisedByThisHost(None),
            true,
            1,
            None,
        ),
        (
            "no query can be seen",
            Proof::QueriesUnseen,
            true,
            0,
            Some(WarningKind::QueriesUnseen),
        ),
    ];
    for (what, proof, opens, verified, warning) in cases {
        let mut scenario = Scenario::new();
        scenario.error(
            2.0,
            &Error {
                proof: Some(proof),
                ..Error::default()
            },
        );
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
        assert_eq!(scenario.warnings(), Vec::from_iter(warning), "{what}");
        assert!(opens, "{what}");
        if opens {
            assert_eq!(scenario.incident().verified, verified, "{what}");
        }
    }
}

#[test]
fn errors_that_are_not_verified_open_nothing() {
    // Why, whether it counts as unsolicited, the warning.
    let cases = [
        (Why::Unsolicited, 1, None),
        (Why::Again, 0, None),
        (Why::QueriesUnseen, 0, Some(WarningKind::UnverifiedError)),
    ];
    for (why, unsolicited, warning) in cases {
        let mut scenario = Scenario::new();
        for time in [2.0, 3.0] {
            scenario.error(
                time,
                &Error {
                    why: Some(why),
                    ..Error::default()
                },
            );
        }
        assert_eq!(scenario.story(), Vec::<String>::new(), "{why:?}");
        // Once a minute for each server.
        assert_eq!(scenario.warnings(), Vec::from_iter(warning), "{why:?}");
        let decider = &scenario.decider;
        assert_eq!(decider.tallies().unsolicited, 2 * unsolicited, "{why:?}");
        assert_eq!(decider.unsolicited_of(address("203.0.113.2")), 2 * unsolicited);
    }
}

#[test]
fn an_unsolicited_error_is_counted_in_an_open_incident_and_changes_nothing_else() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.0).error(
        0.9,
        &Error {
            client: B,
            code: Code::Admin,
            reporter: Some(ROUTER),
            why: Some(Why::Unsolicited),
            name: Some("forged.test"),
            ..Error::default()
        },
    );
    scenario.asked_ok(1.0).advance(11.0);
    let incident = scenario.closed();
    assert_eq!(
        (incident.errors.port, incident.errors.admin, incident.verified),
        (1, 1, 1)
    );
    assert_eq!(
        (
            incident.reporters.len(),
            incident.clients.len(),
            incident.names.len()
        ),
        (1, 1, 0)
    );
    assert_eq!(incident.causes.len(), 1);
    assert_eq!(when(incident.last_seen), "0.001");
}

#[test]
fn closing_takes_an_answer_to_a_later_query_of_a_named_client_and_10_quiet_seconds() {
    // What happens after the error at 0.001 (query sent at 0); the second at which it closes.
    let cases: [(&str, Continue, Option<&str>); 7] = [
        (
            "an answer to a later query",
            |s| s.answer(2.0, A, 1.0),
            Some("11.000"),
        ),
        (
            "an answer after more than 10 s",
            |s| s.answer(20.5, A, 20.4),
            Some("21.000"),
        ),
        (
            "an answer to the query of the error",
            |s| s.answer(2.0, A, 0.0),
            None,
        ),
        (
            "an answer to a query sent with the error",
            |s| s.answer(2.0, A, 0.001),
            None,
        ),
        ("an answer to another client", |s| s.answer(2.0, B, 1.0), None),
        (
            "another error, and no answer since",
            |s| s.answer(2.0, A, 1.0).rejected(5.0),
            None,
        ),
        (
            "another error, and an answer since",
            |s| s.answer(2.0, A, 1.0).rejected(5.0).answer(6.0, A, 5.5),
            Some("16.000"),
        ),
    ];
    for (what, then, closes) in cases {
        let mut scenario = Scenario::new();
        scenario.rejected(0.0);
        then(&mut scenario).advance(100.0);
        match closes {
            None => assert_eq!(scenario.story(), ["opened unreachable"], "{what}"),
            Some(second) => {
                assert_eq!(
                    scenario.story(),
                    ["opened unreachable", "closed unreachable answered"],
                    "{what}"
                );
                assert_eq!(when(scenario.closed().closed.unwrap()), second, "{what}");
            }
        }
    }
}

#[test]
fn it_does_not_close_before_the_second_in_which_10_s_are_full() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.0).answer(2.0, A, 1.0).advance(10.999);
    assert_eq!(scenario.story(), ["opened unreachable"]);
    scenario.advance(11.0);
    assert_eq!(
        scenario.story(),
        ["opened unreachable", "closed unreachable answered"]
    );
}

#[test]
fn any_incident_closes_as_idle_10_min_after_the_last_query() {
    let unseen = |scenario: &mut Scenario, time| {
        let error = Error {
            proof: Some(Proof::QueriesUnseen),
            ..Error::default()
        };
        _ = scenario.error(time, &error);
    };
    // What comes after an error at 0.001; when it closes.
    let cases: [(&str, Then, &str); 4] = [
        ("nothing", &|_| {}, "600.000"),
        ("a query", &|s| _ = s.query(5.0, B, "b.test"), "605.000"),
        (
            "queries that were only counted",
            &|s| _ = s.counts(5.0, 1, 0, 0, 0),
            "605.000",
        ),
        (
            "an error about a query that was not seen",
            &|s| unseen(s, 5.0),
            "605.000",
        ),
    ];
    for (what, then, closes) in cases {
        let mut scenario = Scenario::new();
        scenario.rejected(0.0);
        then(&mut scenario);
        scenario.advance(700.0);
        assert_eq!(
            scenario.story(),
            ["opened unreachable", "closed unreachable idle"],
            "{what}"
        );
        assert_eq!(when(scenario.closed().closed.unwrap()), closes, "{what}");
    }
}

#[test]
fn within_60_s_of_closing_the_same_incident_opens_again() {
    for (again, reopens) in [(71.0, true), (71.001, false)] {
        let mut scenario = Scenario::new();
        scenario
            .rejected(0.0)
            .answer(2.0, A, 1.0)
            .query(again - 0.5, A, "a.test")
            .error(
                again,
                &Error {
                    sent: again - 0.5,
                    ..Error::default()
                },
            );
        let incident = scenario.incident();
        let first = scenario.changes[0].incident.clone();
        assert_eq!(
            scenario.story(),
            [
                "opened unreachable",
                "closed unreachable answered",
                "opened unreachable"
            ]
        );
        assert_eq!(incident.id == first.id, reopens, "{again}");
        assert_eq!(incident.reopened, u64::from(reopens), "{again}");
        assert_eq!(incident.state, State::Open);
        assert_eq!((incident.closed, incident.closed_because), (None, None));
        // What was counted goes on from where it was.
        let expected = if reopens { (3, 1, 2) } else { (1, 0, 1) };
        assert_eq!(
            (incident.queries, incident.answers, incident.errors.port),
            expected,
            "{again}"
        );
    }
}

#[test]
fn an_earlier_query_that_failed_later_is_the_beginning() {
    let mut scenario = Scenario::new();
    let error = |client, sent| Error {
        client,
        sent,
        code: Code::Host,
        reporter: Some(ROUTER),
        ..Error::default()
    };
    let unsolicited = Error {
        why: Some(Why::Unsolicited),
        ..error(B, 0.0)
    };
    scenario
        .error(0.5, &unsolicited)
        .query(1.0, A, "a.test")
        .error(1.5, &unsolicited)
        .query(2.0, B, "b.test");
    scenario.error(4.0, &error(B, 2.0));
    assert_eq!(scenario.incident().errors.host, 1);
    assert_eq!(
        (
            when(scenario.incident().began).as_str(),
            scenario.incident().queries
        ),
        ("2.000", 1)
    );
    scenario.error(4.1, &error(A, 1.0));
    assert_eq!(
        (scenario.incident().errors.host, scenario.incident().verified),
        (3, 2)
    );
    assert_eq!(
        (
            when(scenario.incident().began).as_str(),
            scenario.incident().queries
        ),
        ("1.000", 2)
    );
}

#[test]
fn an_error_that_cannot_be_verified_is_one_more_failure_of_an_open_incident() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.0).error(
        5.0,
        &Error {
            proof: Some(Proof::QueriesUnseen),
            ..Error::default()
        },
    );
    let incident = scenario.incident();
    assert_eq!((incident.errors.port, incident.verified), (2, 1));
    assert_eq!(when(incident.last_seen), "5.000");
    assert_eq!(scenario.warnings(), [WarningKind::QueriesUnseen]);
}
