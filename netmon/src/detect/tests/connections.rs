//! Over TCP a SYN counts until the server takes the connection, whether the door tells of each connection or only counts.

use netmon_common::{Code, Transport};
use serde_json::json;

use super::scenario::{A, B, C, Error, SERVER, Scenario, address, when};

/// What happens, where the door tells of each connection or not.
type Scene = fn(&mut Scenario, bool);

/// When an incident began, when it opened, and how many queries it counts by the end.
type Opened = (&'static str, &'static str, u64);

/// A query of A over a connection of its own, for a name of its own.
fn asks(s: &mut Scenario, time: f64, is_told: bool) {
    s.connects(time, A)
        .connected(time + 0.01, A, &[time], is_told)
        .query(time + 0.02, A, &format!("{time}.test"));
}

/// A connection without a query, as a health check makes it.
fn checks(s: &mut Scenario, time: f64, is_told: bool) {
    s.connects(time, B).connected(time + 0.01, B, &[time], is_told);
}

fn check(cases: impl IntoIterator<Item = (&'static str, Scene, Option<Opened>)>) {
    for (what, scene, opens) in cases {
        for is_told in [true, false] {
            let mut scenario = Scenario::new();
            scenario.over(Transport::Tcp);
            scene(&mut scenario, is_told);
            scenario.advance(1_500.0);
            let opened = scenario.story().first().map(|_| {
                let incident = scenario.opened();
                let only_a = json!(incident.clients) == json!([A]);
                assert!(
                    only_a || what.contains("not take"),
                    "{what}: {:?}",
                    incident.clients
                );
                (when(incident.began), when(incident.opened), incident.queries)
            });
            let opens = opens.map(|(began, opened, queries)| (began.to_owned(), opened.to_owned(), queries));
            assert_eq!(opened, opens, "{what}, told: {is_told}");
        }
    }
}

#[test]
fn a_connection_that_the_server_took_is_no_silent_query() {
    let cases: [(&str, Scene, Option<Opened>); 4] = [
        (
            "2 silent queries, and a check between them",
            |s, told| {
                asks(s, 10.0, told);
                checks(s, 20.0, told);
                asks(s, 35.0, told);
            },
            None,
        ),
        (
            "2 silent queries, and a SYN that the server does not take",
            |s, told| {
                asks(s, 10.0, told);
                s.connects(20.0, B);
                asks(s, 35.0, told);
            },
            Some(("10.020", "41.000", 3)),
        ),
        (
            "3 silent queries, and many checks: they push no query out",
            |s, told| {
                for n in 0..150_u32 {
                    if [24, 74, 144].contains(&n) {
                        asks(s, 0.05 + f64::from(n) / 5.0, told);
                    }
                    checks(s, 0.1 + f64::from(n) / 5.0, told);
                }
            },
            Some(("4.870", "34.000", 3)),
        ),
        (
            "a check every minute, while nobody asks for longer than 10 min",
            |s, told| {
                asks(s, 1.0, told);
                for n in 0..11_u32 {
                    checks(s, 2.0 + 60.0 * f64::from(n), told);
                }
                for time in [661.0, 671.5, 682.0] {
                    asks(s, time, told);
                }
            },
            Some(("661.020", "688.000", 3)),
        ),
    ];
    check(cases);
}

#[test]
fn it_begins_with_no_syn_that_the_server_took() {
    let cases: [(&str, Scene, Option<Opened>); 4] = [
        (
            "a SYN that is sent again before the server takes it",
            |s, told| {
                s.connects(9.0, A).connects(10.0, A);
                s.connected(10.01, A, &[9.0, 10.0], told)
                    .query(10.02, A, "a.test");
                asks(s, 20.0, told);
                asks(s, 31.0, told);
            },
            Some(("10.020", "37.000", 3)),
        ),
        (
            "the server takes it after 7 s",
            |s, told| {
                s.connects(9.0, A).connects(10.0, A).connects(12.0, A);
                s.connected(16.0, A, &[9.0, 10.0, 12.0], told)
                    .query(16.02, A, "a.test");
                asks(s, 27.0, told);
                asks(s, 38.0, told);
            },
            Some(("16.020", "44.000", 3)),
        ),
        (
            "several connections at once",
            |s, told| {
                for n in 0..6_u32 {
                    s.connects(10.0 + f64::from(n) / 1_000.0, A);
                }
                for n in 0..6_u32 {
                    let syn = 10.0 + f64::from(n) / 1_000.0;
                    s.connected(10.02 + f64::from(n) / 1_000.0, A, &[syn], told);
                }
                for n in 0..6_u32 {
                    s.query(10.05 + f64::from(n) / 1_000.0, A, &format!("{n}.test"));
                }
            },
            Some(("10.050", "16.000", 6)),
        ),
        (
            "a check in the same second as a SYN that the server does not take, and that came last",
            |s, told| {
                checks(s, 9.1, told);
                s.connects(9.2, A);
                asks(s, 20.0, told);
                asks(s, 31.0, told);
            },
            Some(("9.200", "37.000", 3)),
        ),
    ];
    check(cases);
}

#[test]
fn of_an_open_incident_only_those_are_hit_whose_connection_the_server_does_not_take() {
    for is_told in [true, false] {
        let mut scenario = Scenario::new();
        scenario.over(Transport::Tcp);
        for time in [1.0, 11.0, 21.5] {
            asks(&mut scenario, time, is_told);
        }
        checks(&mut scenario, 30.0, is_told);
        scenario.connects(31.0, C).advance(36.0);
        let incident = scenario.incident();
        assert_eq!(json!(incident.clients), json!([A, C]), "told: {is_told}");
        assert_eq!(
            (incident.queries, when(incident.last_seen)),
            (4, "31.000".to_owned())
        );
    }
}

#[test]
fn a_strangers_connection_takes_no_query_of_others_from_the_count() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(SERVER)]);
    scenario.over(Transport::Tcp).asked_ok(1.0);
    checks(&mut scenario, 2.1, true);
    scenario.query(2.2, A, "a.test").error(
        2.3,
        &Error {
            sent: 2.2,
            code: Code::Port,
            ..Error::default()
        },
    );
    scenario.query(2.4, A, "b.test");
    assert_eq!(scenario.incident().queries, 2);
}

#[test]
fn which_of_two_syns_of_a_second_the_server_took_is_known_where_the_door_tells() {
    for (is_told, began) in [(true, "9.100"), (false, "9.200")] {
        let mut scenario = Scenario::new();
        scenario.over(Transport::Tcp).connects(9.1, C);
        checks(&mut scenario, 9.2, is_told);
        for time in [20.0, 31.0] {
            asks(&mut scenario, time, is_told);
        }
        scenario.advance(40.0);
        let incident = scenario.incident();
        assert_eq!((when(incident.began).as_str(), incident.queries), (began, 3));
        let client = if is_told { C } else { B };
        assert_eq!(json!(incident.clients), json!([client, A]));
    }
}
