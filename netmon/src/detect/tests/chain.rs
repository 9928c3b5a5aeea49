//! A stub on this host that fails because the server does that it asks.

use netmon_common::Rcode;

use super::scenario::{A, Error, SERVER, Scenario, address};
use crate::model::Incident;

/// The stub, and where its queries come from.
const STUB: &str = "127.0.0.53";
const LOCAL: &str = "127.0.0.1";
const OWN: &str = A;

const CLIENTS_PORT: u16 = 40_000;
const STUBS_PORT: u16 = 50_000;

fn scenario() -> Scenario {
    let mut scenario = Scenario::new();
    scenario.decider.set_local_live([address(OWN)]);
    scenario
}

fn of(scenario: &Scenario, server: &str) -> Option<Incident> {
    let open = scenario.decider.open_incidents();
    open.into_iter()
        .find(|incident| incident.server == address(server))
}

/// A program asks the stub, which asks the server after so long, from that port.
fn asks(scenario: &mut Scenario, time: f64, name: &str, after: f64, port: u16) {
    scenario.on(STUB).at_port(CLIENTS_PORT).query(time, LOCAL, name);
    scenario.on(SERVER).at_port(port).query(time + after, OWN, name);
}

fn refused(scenario: &mut Scenario, time: f64, sent: f64, name: &str) {
    let error = Error {
        client: OWN,
        sent,
        name: Some(name),
        ..Error::default()
    };
    scenario.on(SERVER).error(time, &error);
}

/// Names that are asked for, one a second.
fn names() -> impl Iterator<Item = (f64, String)> {
    (0..8_u8).map(|number| (f64::from(number), format!("n{number}.test")))
}

#[test]
fn a_silent_stub_whose_server_is_unreachable_is_so_because_of_it() {
    let mut scenario = scenario();
    for (time, name) in names() {
        asks(&mut scenario, time, &name, 0.001, STUBS_PORT);
        refused(&mut scenario, time + 0.002, time + 0.001, &name);
    }
    scenario.advance(12.0);
    let (root, stub) = (of(&scenario, SERVER).unwrap(), of(&scenario, STUB).unwrap());
    assert_eq!(root.because_of, None);
    assert_eq!(stub.because_of, Some(root.id));
}

#[test]
fn the_stub_is_explained_also_when_its_incident_opened_first_and_no_more_when_the_server_has_long_recovered()
{
    let mut scenario = scenario();
    scenario.on(SERVER).asked_ok(0.0);
    for (time, name) in names() {
        asks(&mut scenario, 10.0 + time, &name, 0.001, STUBS_PORT);
    }
    scenario.advance(21.0);
    let stub = of(&scenario, STUB).unwrap();
    let root = of(&scenario, SERVER).unwrap();
    assert!(stub.opened <= root.opened);
    assert_eq!(stub.because_of, Some(root.id.clone()));
    // The server answers again; the stub stays silent.
    for (second, is_explained) in [(30.0, true), (50.0, true), (80.0, true), (110.0, false)] {
        let name = format!("at{second}.test");
        asks(&mut scenario, second, &name, 0.001, STUBS_PORT);
        let (sent, answered) = (second + 0.001, second + 0.002);
        scenario
            .on(SERVER)
            .respond(answered, OWN, &name, sent, Rcode::NoError);
        scenario.advance(second + 6.0);
        let expected = is_explained.then(|| root.id.clone());
        assert_eq!(of(&scenario, STUB).unwrap().because_of, expected, "at {second}");
    }
}

#[test]
fn a_stub_that_asks_another_server_that_is_well_or_nobody_is_broken_itself() {
    // When the stub asks the server, from which port, and whether that refuses.
    let cases: [(&str, f64, u16, bool, bool); 5] = [
        ("the server is well", 0.001, STUBS_PORT, false, false),
        ("the server is down", 0.001, STUBS_PORT, true, true),
        ("a program asks both at once", 0.001, CLIENTS_PORT, true, false),
        ("a program asks the server next", 1.0, STUBS_PORT, true, false),
        (
            "the stub passes it on half a second later",
            0.4,
            STUBS_PORT,
            true,
            true,
        ),
    ];
    for (what, after, port, refuses, explained) in cases {
        let mut scenario = scenario();
        for (time, name) in names() {
            asks(&mut scenario, 2.0 * time, &name, after, port);
            let sent = 2.0 * time + after;
            if refuses {
                refused(&mut scenario, sent + 0.001, sent, &name);
            } else {
                scenario
                    .on(SERVER)
                    .respond(sent + 0.001, OWN, &name, sent, Rcode::NoError);
            }
        }
        scenario.advance(20.0);
        let stub = of(&scenario, STUB).unwrap();
        assert_eq!(stub.because_of.is_some(), explained, "{what}");
    }
}

#[test]
fn a_stub_that_fails_is_explained_and_one_where_nothing_listens_is_not() {
    let mut scenario = scenario();
    for number in 0..12_u8 {
        let (time, name) = (f64::from(number), format!("a.domain{number}.com"));
        asks(&mut scenario, time, &name, 0.001, STUBS_PORT);
        refused(&mut scenario, time + 0.002, time + 0.001, &name);
        scenario
            .on(STUB)
            .at_port(CLIENTS_PORT)
            .respond(time + 0.5, LOCAL, &name, time, Rcode::ServFail);
        // The program asks the server itself, when the stub has failed.
        scenario.on(SERVER).query(time + 0.501, OWN, &name);
    }
    scenario.advance(20.0);
    assert_eq!(
        of(&scenario, STUB).unwrap().because_of,
        Some(of(&scenario, SERVER).unwrap().id)
    );

    let mut scenario = super::chain::scenario();
    for (time, name) in names() {
        scenario
            .on(STUB)
            .at_port(CLIENTS_PORT)
            .query(time, LOCAL, &name)
            .error(
                time + 0.001,
                &Error {
                    client: LOCAL,
                    sent: time,
                    name: Some(&name),
                    ..Error::default()
                },
            );
        scenario
            .on(SERVER)
            .at_port(STUBS_PORT)
            .query(time + 0.002, OWN, &name);
        refused(&mut scenario, time + 0.003, time + 0.002, &name);
    }
    scenario.advance(20.0);
    assert_eq!(of(&scenario, STUB).unwrap().because_of, None);
}
