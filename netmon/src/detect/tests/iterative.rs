//! Iterative exchanges (RD = 0) that may open nothing: they are in no incident, and change none.

use netmon_common::Rcode;

use super::scenario::{A, B, Error, SERVER, Scenario, address, when};

const OWN: &str = "192.0.2.53";

/// This host's own server, which has answered A and nobody else.
fn own() -> Scenario {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(OWN)]);
    scenario.on(OWN).asked_ok(0.1);
    scenario
}

#[test]
fn what_strangers_ask_an_own_server_hides_no_silence_whatever_its_rd() {
    for of_strangers in [None, Some(true), Some(false)] {
        let mut scenario = own();
        for n in 0..5_u32 {
            let time = 10.1 + f64::from(n);
            scenario
                .recursion_desired(Some(true))
                .query(time, A, ["a.test", "b.test"][n as usize % 2]);
            if of_strangers.is_some() {
                scenario
                    .recursion_desired(of_strangers)
                    .query(time + 0.1, B, "x.test");
            }
        }
        scenario.advance(40.0);
        assert_eq!(scenario.story(), ["opened unanswered"], "{of_strangers:?}");
        let incident = scenario.incident();
        assert_eq!(when(incident.began), "10.100", "{of_strangers:?}");
        assert_eq!(incident.queries, 5, "{of_strangers:?}");
        assert_eq!(incident.clients, [address(A)], "{of_strangers:?}");
    }
}

#[test]
fn errors_about_what_strangers_ask_take_no_query_off_whatever_its_rd() {
    for of_strangers in [Some(true), Some(false)] {
        let mut scenario = own();
        for time in [1.1, 2.1] {
            scenario.recursion_desired(Some(true)).rejected(time);
            let sent = time + 0.1;
            let error = Error {
                client: B,
                sent,
                recursion_desired: of_strangers,
                ..Error::default()
            };
            scenario
                .recursion_desired(of_strangers)
                .query(sent, B, "x.test")
                .error(sent + 0.001, &error);
        }
        let incident = scenario.incident();
        assert_eq!(
            (incident.queries, incident.errors.port),
            (2, 2),
            "{of_strangers:?}"
        );
    }
}

/// What happens in each minute after the incident has opened.
type Minute = fn(&mut Scenario, f64);

fn answers(scenario: &mut Scenario, time: f64) {
    scenario.asked_ok(time);
}

fn rejects(scenario: &mut Scenario, time: f64) {
    let error = Error {
        sent: time,
        recursion_desired: Some(false),
        ..Error::default()
    };
    scenario.query(time, A, "a.test").error(time + 0.001, &error);
}

#[test]
fn they_keep_no_incident_open() {
    // RD of what comes later, whether that may open incidents too, what it is, how the incident ends, and when.
    let cases: [(bool, bool, Minute, &str, &str); 4] = [
        (false, false, answers, "idle", "601.000"),
        (false, false, rejects, "idle", "601.000"),
        (false, true, answers, "answered", "61.000"),
        (true, false, answers, "answered", "61.000"),
    ];
    for (desired, iterative_too, minute, because, closed) in cases {
        let mut scenario = Scenario::with(|_, scope| scope.iterative = iterative_too);
        scenario.rejected(1.0).recursion_desired(Some(desired));
        for n in 1..15_u32 {
            minute(&mut scenario, 60.0 * f64::from(n));
        }
        let what = format!("RD {desired}, iterative too {iterative_too}");
        let closes = format!("closed unreachable {because}");
        assert_eq!(
            scenario.story(),
            ["opened unreachable", closes.as_str()],
            "{what}"
        );
        assert_eq!(when(scenario.closed().closed.unwrap()), closed, "{what}");
    }
}

#[test]
fn they_keep_no_silence_open_either() {
    for (desired, because) in [(false, "idle"), (true, "answered")] {
        let mut scenario = Scenario::new();
        for n in 0..6_u32 {
            scenario.query(1.0 + f64::from(n) / 10.0, A, ["a.test", "b.test"][n as usize % 2]);
        }
        scenario.recursion_desired(Some(desired));
        for n in 1..15_u32 {
            scenario.asked_ok(60.0 * f64::from(n));
        }
        let closes = format!("closed unanswered {because}");
        assert_eq!(scenario.story(), ["opened unanswered", closes.as_str()]);
    }
}

/// Everything that could open an incident, with that RD.
fn fail_in_every_way(scenario: &mut Scenario, recursion_desired: Option<bool>) {
    scenario.recursion_desired(recursion_desired);
    for n in 0..12_u32 {
        scenario.asked(
            1.0 + f64::from(n) / 100.0,
            A,
            &format!("{n}.test"),
            Rcode::Refused,
        );
    }
    for n in 0..12_u32 {
        scenario.query(2.0 + f64::from(n) / 100.0, A, &format!("{n}.test"));
    }
    scenario.advance(20.0);
    scenario.query(21.0, A, "a.test").error(
        21.1,
        &Error {
            sent: 21.0,
            recursion_desired,
            ..Error::default()
        },
    );
}

#[test]
fn iterative_queries_open_incidents_only_on_demand() {
    let all = [
        "opened failing",
        "opened unanswered",
        "opened unreachable",
        "closed unanswered superseded",
    ];
    // RD, whether the server is named, whether --iterative; whether incidents open.
    let cases = [
        ("RD = 1", Some(true), false, false, true),
        ("RD = 0", Some(false), false, false, false),
        ("RD = 0, named", Some(false), true, false, true),
        ("RD = 0, --iterative", Some(false), false, true, true),
    ];
    for (what, recursion_desired, named, iterative, opens) in cases {
        let mut scenario = Scenario::with(|_, scope| {
            scope.iterative = iterative;
            if named {
                scope.servers.insert(address(SERVER));
            }
        });
        fail_in_every_way(&mut scenario, recursion_desired);
        if opens {
            assert_eq!(scenario.story(), all, "{what}");
        } else {
            assert!(scenario.story().is_empty(), "{what}: {:?}", scenario.story());
        }
    }
}

#[test]
fn iterative_failures_count_in_no_incident_that_is_open_for_others() {
    let mut scenario = Scenario::new();
    scenario
        .rejected(0.0)
        .recursion_desired(Some(false))
        .query(1.0, A, "b.test")
        .error(
            1.1,
            &Error {
                sent: 1.0,
                recursion_desired: Some(false),
                ..Error::default()
            },
        );
    let incident = scenario.incident();
    // Only exchanges that could open an incident count in it, and what became of them.
    assert_eq!(
        (incident.queries, incident.errors.port, incident.verified),
        (1, 1, 1)
    );
    assert_eq!(when(incident.last_seen), "0.001");
}

#[test]
fn failed_answers_to_iterative_queries_lend_no_names_to_others() {
    let mut scenario = Scenario::new();
    for n in 0..10_u32 {
        let (time, name) = (1.0 + f64::from(n) / 100.0, format!("{n}.test"));
        scenario
            .recursion_desired(Some(false))
            .asked(time, A, &name, Rcode::ServFail);
        scenario
            .recursion_desired(Some(true))
            .asked(time, A, "one.test", Rcode::ServFail);
    }
    scenario.advance(2.0);
    assert!(scenario.story().is_empty());
}

#[test]
fn iterative_exchanges_neither_prolong_nor_end_an_incident() {
    let mut scenario = Scenario::new();
    scenario.rejected(1.0);
    scenario.recursion_desired(Some(false));
    for second in 5..25_u32 {
        scenario.asked_ok(second.into());
    }
    assert_eq!(scenario.story(), ["opened unreachable"]);
    assert_eq!(scenario.incident().answers, 0);
    scenario
        .recursion_desired(Some(true))
        .asked_ok(30.0)
        .advance(31.0);
    assert_eq!(when(scenario.closed().closed.unwrap()), "31.000");
}
