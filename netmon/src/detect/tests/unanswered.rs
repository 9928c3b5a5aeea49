//! `unanswered`: what opens it, what closes it, what ends a silence.

use crate::model::{Cause, WarningKind};
use netmon_common::{Code, Rcode, Transport};

use super::scenario::{A, B, Error, ROUTER, Scenario, when};
use crate::observation::Why;

type Then<'a> = Box<dyn Fn(&mut Scenario) + 'a>;

/// When was asked, for which names in turn, at which second it opens.
type Case = (
    &'static str,
    &'static [f64],
    &'static [&'static str],
    Option<&'static str>,
);

/// Queries of A at these times, for these names in turn.
fn asked(times: &[f64], names: &[&str]) -> Scenario {
    let mut scenario = Scenario::new();
    for (time, name) in times.iter().zip(names.iter().cycle()) {
        scenario.query(*time, A, name);
    }
    scenario
}

#[test]
fn rules_at_both_sides_of_each_threshold() {
    const TWO: &[&str] = &["a.test", "b.test"];
    const ONE: &[&str] = &["a.test"];
    // So that the last 3 are for one name.
    const SECOND_OTHER: &[&str] = &["a.test", "b.test", "a.test", "a.test", "a.test"];
    let cases: [Case; 16] = [
        (
            "5 queries for 2 names",
            &[1.0, 1.1, 1.2, 1.3, 1.4],
            TWO,
            Some("7.000"),
        ),
        (
            "exactly 5 s ago, at a whole second",
            &[1.0, 1.2, 1.4, 1.6, 2.0],
            TWO,
            Some("7.000"),
        ),
        (
            "a moment less than 5 s ago",
            &[1.0, 1.2, 1.4, 1.6, 2.000_001],
            TWO,
            Some("8.000"),
        ),
        ("4 queries", &[1.0, 1.1, 1.2, 1.3], TWO, None),
        ("5 queries for 1 name", &[1.0, 1.1, 1.2, 1.3, 1.4], ONE, None),
        (
            "5 queries in 25 s",
            &[1.0, 1.2, 1.5, 2.0, 25.9],
            SECOND_OTHER,
            Some("31.000"),
        ),
        (
            "5 queries in a moment more",
            &[0.999_999, 1.2, 1.5, 2.0, 25.9],
            SECOND_OTHER,
            None,
        ),
        (
            "the last 3 over exactly 20 s",
            &[1.0, 11.0, 21.0],
            TWO,
            Some("26.000"),
        ),
        (
            "the last 3 over a moment less",
            &[1.0, 11.0, 20.999_999],
            TWO,
            None,
        ),
        ("the last 3, 1 name", &[1.0, 11.0, 21.0], ONE, None),
        ("the last 2", &[1.0, 21.0], TWO, None),
        (
            "the last 3 over exactly 10 min",
            &[1.0, 300.0, 601.0],
            TWO,
            Some("606.000"),
        ),
        (
            "the last 3 over a moment more",
            &[0.999_999, 300.0, 601.0],
            TWO,
            None,
        ),
        (
            "a pause of exactly 10 min is no gap, but too long",
            &[1.0, 2.0, 602.0],
            TWO,
            None,
        ),
        (
            "4, the last 3 of them of 1 name",
            &[1.0, 11.0, 21.0, 31.0],
            &["b.test", "a.test", "a.test", "a.test"],
            Some("26.000"), // By the first 3, when the fourth was not yet sent.
        ),
        (
            "the third is not 5 s old when the answer comes",
            &[1.0, 11.0, 21.000_001],
            TWO,
            Some("27.000"),
        ),
    ];
    for (what, times, names, opens) in cases {
        let mut scenario = asked(times, names);
        scenario.advance(700.0);
        match opens {
            None => assert!(scenario.story().is_empty(), "{what}: {:?}", scenario.story()),
            Some(second) => {
                assert_eq!(scenario.story()[0], "opened unanswered", "{what}");
                assert_eq!(when(scenario.opened().opened), second, "{what}");
                assert_eq!(scenario.opened().causes[0].cause, Cause::SilentDrop, "{what}");
            }
        }
    }
}

#[test]
fn whatever_comes_from_the_server_or_about_it_ends_the_silence() {
    let error = |code, proof| Error {
        client: B,
        sent: 1.25,
        code,
        reporter: Some(ROUTER),
        proof,
        ..Error::default()
    };
    let cases: [(&str, Then, bool); 6] = [
        ("nothing", Box::new(|_| {}), true),
        (
            "an answer",
            Box::new(|s| {
                s.answer(3.0, A, 1.4);
            }),
            false,
        ),
        (
            "an answer to somebody else",
            Box::new(|s| {
                s.answer(3.0, B, 0.5);
            }),
            false,
        ),
        (
            "a failed answer",
            Box::new(|s| {
                s.respond(3.0, A, "", 1.4, Rcode::ServFail);
            }),
            false,
        ),
        (
            "a verified error that is no outage",
            Box::new(|s| {
                s.error(3.0, &error(Code::Other, None));
            }),
            false,
        ),
        (
            "an unsolicited error, which anybody can forge",
            Box::new(|s| {
                s.error(
                    3.0,
                    &Error {
                        why: Some(Why::Unsolicited),
                        ..error(Code::Port, None)
                    },
                );
            }),
            true,
        ),
    ];
    for (what, then, opens) in cases {
        let mut scenario = asked(&[1.0, 1.1, 1.2, 1.3, 1.4], &["a.test", "b.test"]);
        then(&mut scenario);
        scenario.advance(40.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
    }
}

#[test]
fn queries_before_the_last_answer_do_not_count() {
    let mut scenario = Scenario::new();
    for time in [1.0, 1.1, 1.2] {
        scenario.query(time, A, "a.test");
    }
    scenario.answer(1.25, A, 1.0);
    for time in [1.3, 1.4, 1.5, 1.6] {
        scenario.query(time, A, "b.test").query(time + 0.01, A, "b.test");
    }
    scenario.advance(40.0);
    assert!(scenario.story().is_empty(), "one name since the answer");
}

#[test]
fn it_begins_with_the_first_query_since_the_server_was_heard_of() {
    let mut scenario = Scenario::new();
    scenario.asked_ok(0.2);
    for time in [0.25, 2.0, 3.0, 4.0] {
        scenario.query(time, A, "a.test");
    }
    scenario.query(5.0, B, "b.test").advance(11.0);
    let incident = scenario.opened();
    assert_eq!(when(incident.began), "0.250");
    assert_eq!(when(incident.last_seen), "5.000");
    assert_eq!((incident.queries, incident.answers), (5, 0));
    let json = serde_json::to_value(&incident).unwrap();
    assert_eq!(json["clients"], serde_json::json!([A, B]));
    assert_eq!(json["names"], serde_json::json!(["a.test", "b.test"]));
    assert_eq!(
        incident.causes[0].evidence,
        "5 queries by 2 clients for 2 names got neither an answer nor an error within 5 s: something on the way \
         drops them or the answers, or the server hangs"
    );
}

#[test]
fn a_long_pause_begins_a_new_silence() {
    let mut scenario = asked(&[1.0], &["old.test"]);
    // More than 10 min after the one before.
    for (time, name) in [(601.5, "a.test"), (611.0, "b.test"), (622.0, "a.test")] {
        scenario.query(time, A, name);
    }
    scenario.advance(630.0);
    assert_eq!(when(scenario.opened().began), "601.500");
}

#[test]
fn it_closes_as_idle_once_and_stays_closed() {
    let mut scenario = asked(&[1.0, 11.0, 21.0], &["a.test", "b.test"]);
    scenario.advance(2_000.0);
    assert_eq!(scenario.story(), ["opened unanswered", "closed unanswered idle"]);
    assert_eq!(when(scenario.closed().closed.unwrap()), "621.000");
}

#[test]
fn it_closes_at_the_second_after_the_next_answer() {
    let mut scenario = asked(&[1.0, 1.1, 1.2, 1.3, 1.4], &["a.test", "b.test"]);
    scenario.answer(20.5, B, 20.4).advance(20.999);
    assert_eq!(scenario.story(), ["opened unanswered"]);
    scenario.advance(21.0);
    let incident = scenario.closed();
    assert_eq!(
        scenario.story(),
        ["opened unanswered", "closed unanswered answered"]
    );
    assert_eq!(when(incident.closed.unwrap()), "21.000");
    assert_eq!(
        incident.causes[0].evidence.split(' ').next(),
        Some("5"),
        "{:?}",
        incident.causes
    );
}

#[test]
fn queries_that_are_not_5_s_old_have_not_failed() {
    let mut scenario = asked(&[1.0, 1.1, 1.2, 1.3, 1.4], &["a.test", "b.test"]);
    scenario.query(8.0, B, "c.test").advance(12.0);
    assert_eq!(scenario.incident().clients.len(), 1);
    assert_eq!(when(scenario.incident().last_seen), "1.400");
    scenario.advance(13.0);
    assert_eq!(
        (scenario.incident().clients.len(), scenario.incident().names.len()),
        (2, 3)
    );
    assert_eq!(when(scenario.incident().last_seen), "8.000");
    // One that is answered before the second ends in which it would be 5 s old never fails.
    scenario
        .query(14.0, "192.0.2.9", "d.test")
        .answer(18.9, "192.0.2.9", 14.0)
        .advance(20.0);
    assert_eq!(
        (scenario.closed().clients.len(), scenario.closed().names.len()),
        (2, 3)
    );
}

#[test]
fn unreachable_absorbs_it() {
    let mut scenario = asked(&[1.0, 1.1, 1.2, 1.3, 1.4], &["a.test", "b.test"]);
    scenario.advance(8.0).rejected(8.5);
    assert_eq!(
        scenario.story(),
        [
            "opened unanswered",
            "opened unreachable",
            "closed unanswered superseded"
        ]
    );
    assert_eq!(when(scenario.closed().closed.unwrap()), "8.501");
}

#[test]
fn it_does_not_open_while_unreachable_is_open() {
    let mut scenario = Scenario::new();
    scenario.rejected(0.5);
    for time in [1.0, 1.1, 1.2, 1.3] {
        scenario.query(time, A, "a.test").query(time + 0.01, A, "b.test");
    }
    scenario.advance(60.0);
    assert_eq!(scenario.story(), ["opened unreachable"]);
}

#[test]
fn it_opens_again_within_60_s_as_the_same() {
    let mut scenario = asked(&[1.0, 1.1, 1.2, 1.3, 1.4], &["a.test", "b.test"]);
    // Somebody whose query was answered is not hit, also when it opens again.
    scenario.query(20.0, "192.0.2.9", "d.test").answer(20.5, A, 20.4);
    for time in [30.0, 30.1, 30.2, 30.3, 30.4] {
        scenario.query(time, A, "a.test").query(time + 0.01, A, "b.test");
    }
    scenario.advance(40.0);
    assert_eq!(
        scenario.story(),
        [
            "opened unanswered",
            "closed unanswered answered",
            "opened unanswered"
        ]
    );
    assert_eq!(
        (scenario.incident().reopened, scenario.incident().queries),
        (1, 17)
    );
    assert_eq!(scenario.incident().id, scenario.changes[0].incident.id);
    assert_eq!(scenario.incident().clients.len(), 1);
}

#[test]
fn a_one_way_capture_opens_none_and_warns_once() {
    for (unheard, opens) in [(vec![A, B], false), (vec![A], true)] {
        let mut scenario = Scenario::new();
        for client in unheard {
            scenario.unheard(client);
        }
        for time in [1.0, 1.1, 1.2, 1.3, 1.4] {
            scenario.query(time, A, "a.test").query(time + 0.01, B, "b.test");
        }
        scenario.advance(40.0);
        assert_eq!(!scenario.story().is_empty(), opens);
        assert_eq!(
            scenario.warnings(),
            if opens {
                &[][..]
            } else {
                &[WarningKind::OneDirection]
            }
        );
    }
}

#[test]
fn the_last_3_queries_of_a_one_way_capture_open_none_either() {
    let mut scenario = Scenario::new();
    scenario.unheard(A);
    for (time, name) in [(1.0, "a.test"), (11.0, "b.test"), (21.0, "a.test")] {
        scenario.query(time, A, name);
    }
    scenario.advance(40.0);
    assert!(scenario.story().is_empty());
    assert_eq!(scenario.warnings(), [WarningKind::OneDirection]);
}

#[test]
fn each_transport_and_port_is_a_server_of_its_own() {
    let mut scenario = asked(&[1.0, 1.1, 1.2, 1.3, 1.4], &["a.test", "b.test"]);
    scenario.over(Transport::Tcp).asked_ok(3.0).advance(10.0);
    assert_eq!(scenario.story(), ["opened unanswered"]);
    assert_eq!(scenario.incident().transport, Transport::Udp);
}

#[test]
fn a_flood_for_many_names_opens_as_soon_as_a_few_queries_would() {
    let mut scenario = Scenario::new();
    for n in 0..5_000 {
        let name = format!("{n}.test");
        scenario.query(1.0 + f64::from(n) / 1_000.0, A, &name);
    }
    scenario.advance(20.0);
    let incident = scenario.opened();
    assert_eq!(when(incident.opened), "7.000");
    // Names are looked at in 64 queries of each second.
    assert_eq!(incident.names.len(), 32);
    assert_eq!(scenario.incident().queries, 5_000);
}
