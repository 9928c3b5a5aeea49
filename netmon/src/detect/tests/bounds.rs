//! What is remembered at most, and that what is not is counted.

use std::net::Ipv4Addr;

use netmon_common::{Address, Code, Rcode, Transport};

use super::scenario::{A, Scenario, address, at};
use crate::detect::limits::{COUNTED_DESTINATIONS, INCIDENTS, SERVERS, STRANGERS};
use crate::detect::{Decider, Scope, Thresholds};
use crate::model::{Kind, WarningKind, WarningState};
use crate::observation::{
    Asked, Counts, Details, Failed, Observation, Proof, Seconds, Service, Side, Unverified, What, Why,
};

fn service(number: usize) -> Service {
    let number = u32::try_from(number).unwrap();
    Service {
        server: Ipv4Addr::from_bits(0x0a00_0000 + number).into(),
        port: 53,
        transport: Transport::Udp,
        interface: 0,
    }
}

fn query(number: usize, seconds: f64) -> Observation {
    Observation {
        time: at(seconds),
        service: service(number),
        what: What::Asked(Asked {
            client: address(A),
            name: None,
            recursion_desired: true,
            is_syn: false,
            details: Details::default(),
        }),
    }
}

fn error(number: usize, seconds: f64, proof: Proof) -> Observation {
    Observation {
        time: at(seconds),
        service: service(number),
        what: What::Failed(Failed {
            client: address(A),
            side: Side::Only,
            reporter: service(number).server,
            code: Code::Port,
            proof,
            name: None,
            recursion_desired: true,
            last_answer: None,
            details: Details::default(),
        }),
    }
}

fn forged(number: usize, seconds: f64) -> Observation {
    Observation {
        time: at(seconds),
        service: service(number),
        what: What::Unverified(Unverified {
            client: address(A),
            reporter: service(number).server,
            code: Code::Port,
            why: Why::Unsolicited,
        }),
    }
}

fn decider() -> Decider {
    let thresholds = Thresholds {
        // One client asks all of these servers.
        scan_services: usize::MAX,
        ..Thresholds::default()
    };
    Decider::new(thresholds, Scope::default())
}

#[test]
fn as_many_servers_as_there_is_room_for_are_tracked_and_the_rest_is_counted() {
    let mut decider = decider();
    for number in 0..SERVERS + 100 {
        decider.observe(&query(number, 1.0));
    }
    let tallies = decider.tallies();
    assert_eq!((tallies.servers, tallies.servers_dropped), (SERVERS as u64, 100));
}

#[test]
fn servers_with_an_incident_are_never_forgotten_and_idle_ones_first() {
    let mut decider = decider();
    decider.observe(&error(0, 1.0, Proof::QuerySeen(at(1.0))));
    for number in 1..SERVERS {
        decider.observe(&query(number, 1.0));
    }
    // One of them goes on being asked, while strangers come and go.
    for number in SERVERS..10 * SERVERS {
        let seconds = 2.0 + f64::from(u32::try_from(number).unwrap()) / 1e6;
        decider.observe(&query(1, seconds));
        decider.observe(&query(number, seconds));
    }
    assert_eq!(decider.open_incidents().len(), 1);
    assert_eq!(decider.tallies().servers_dropped, 9 * SERVERS as u64);
    // It is still known: its queries since the first one are counted.
    let queries = 1 + 9 * u32::try_from(SERVERS).unwrap();
    decider.observe(&Observation {
        time: at(3.0),
        service: service(1),
        what: What::Seconds(Seconds {
            second: at(2.0).second(),
            iterative: false,
            counts: Counts {
                asked: queries - 1,
                ..Counts::default()
            },
        }),
    });
    decider.observe(&error(1, 3.0, Proof::QuerySeen(at(2.0))));
    assert_eq!(decider.open_incidents()[1].queries, u64::from(queries - 1));
}

/// Many new ones a second, none of which answers: a server that answers, that it fails, and one that is silent are both judged.
#[test]
fn a_scan_crowds_out_no_server_that_fails_or_is_silent() {
    let mut scenario = Scenario::with(|thresholds, _| thresholds.scan_services = usize::MAX);
    let mut strangers = SERVERS..;
    let mut scan = |scenario: &mut Scenario, count: usize, seconds: f64| {
        for number in strangers.by_ref().take(count) {
            scenario.decider.observe(&query(number, seconds));
        }
    };
    // What comes next to these two is newer than they are.
    scan(&mut scenario, SERVERS - 511, 0.0);
    for number in 0..12_u32 {
        let (time, name) = (1.0 + f64::from(number) / 100.0, format!("www.domain{number}.com"));
        scenario.on("192.0.2.53").asked(time, A, &name, Rcode::ServFail);
        scenario.on("192.0.2.54").query(time, A, &name);
    }
    for tenth in 0..300_u32 {
        let time = 2.0 + f64::from(tenth) / 10.0;
        scan(&mut scenario, 30, time);
        scenario.advance(time);
    }
    let open = scenario.decider.open_incidents();
    let kinds: Vec<Kind> = open.iter().map(|incident| incident.kind).collect();
    assert_eq!(kinds, [Kind::Failing, Kind::Unanswered]);
}

/// More servers fail than there are places, of as many clients as you like.
#[test]
fn servers_that_never_answered_take_no_place_of_one_that_has_or_is_named() {
    const KNOWN: usize = 10 * SERVERS;
    const NAMED: usize = KNOWN + 1;
    let mut scenario = Scenario::with(|thresholds, scope| {
        thresholds.scan_services = usize::MAX;
        scope.servers.insert(service(NAMED).server);
    });
    scenario.on(&service(KNOWN).server.to_string()).asked_ok(1.0);
    let decider = &mut scenario.decider;
    // It is forgotten, but for that it has answered.
    for number in 0..4 * SERVERS {
        decider.observe(&query(number, 2.0));
    }
    assert!(decider.tallies().servers_dropped > 3 * SERVERS as u64);
    for number in 0..2 * SERVERS {
        decider.observe(&error(number, 3.0, Proof::QuerySeen(at(3.0))));
    }
    assert_eq!(decider.open_incidents().len(), STRANGERS);
    for number in [KNOWN, NAMED] {
        decider.observe(&error(number, 3.5, Proof::QuerySeen(at(3.5))));
    }
    assert_eq!(decider.open_incidents().len(), STRANGERS + 2);
    let states = |decider: &mut Decider| {
        let warnings = decider.take_warnings().into_iter();
        warnings
            .filter(|warning| warning.warning == WarningKind::ManyIncidents)
            .map(|warning| warning.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(states(decider), [Some(WarningState::Started)]);
    decider.advance(at(65.0), &|_| true);
    assert_eq!(states(decider), [Some(WarningState::Over)]);
}

/// All servers that answer fail at once, and there are more of them than incidents.
#[test]
fn a_named_server_finds_a_place_among_servers_in_use_that_all_fail() {
    const NAMED: usize = 10 * SERVERS;
    let mut scenario = Scenario::with(|thresholds, scope| {
        thresholds.scan_services = usize::MAX;
        scope.servers.insert(service(NAMED).server);
    });
    for number in 0..SERVERS {
        scenario.on(&service(number).server.to_string()).asked_ok(1.0);
    }
    let decider = &mut scenario.decider;
    for number in (0..SERVERS).chain([NAMED]) {
        decider.observe(&error(number, 2.0, Proof::QuerySeen(at(2.0))));
    }
    let open = decider.open_incidents();
    assert_eq!(open.len(), INCIDENTS + 1);
    let named = open
        .iter()
        .filter(|incident| incident.server == service(NAMED).server);
    assert_eq!(named.count(), 1);
}

#[test]
fn forged_errors_for_random_servers_cost_no_place_and_hide_nothing() {
    let mut decider = decider();
    for number in 0..100_000 {
        decider.observe(&forged(number, 1.0));
    }
    decider.observe(&error(7, 1.5, Proof::QuerySeen(at(1.2))));
    let tallies = decider.tallies();
    assert_eq!((tallies.servers, tallies.servers_dropped), (1, 0));
    assert_eq!(tallies.unsolicited, 100_000);
    assert_eq!(
        tallies.unsolicited_elsewhere,
        100_000 - COUNTED_DESTINATIONS as u64
    );
    assert_eq!(decider.unsolicited_of(service(7).server), 1);
    assert_eq!(decider.unsolicited_of(service(99_999).server), 0);
    assert_eq!(decider.open_incidents().len(), 1);
}

#[test]
fn a_place_that_changes_hands_is_judged_for_its_new_server() {
    let mut scenario = Scenario::with(|thresholds, _| thresholds.scan_services = usize::MAX);
    // All are silent, so all are judged.
    for number in 0..2 * SERVERS {
        scenario.decider.observe(&query(number, 1.0));
    }
    let last: Address = service(2 * SERVERS - 1).server;
    let last = last.to_string();
    scenario.on(&last);
    for (n, name) in ["a.test", "b.test", "a.test", "b.test", "a.test"]
        .iter()
        .enumerate()
    {
        scenario.query(2.0 + f64::from(u32::try_from(n).unwrap()) / 10.0, A, name);
    }
    scenario.advance(20.0);
    assert_eq!(scenario.story(), ["opened unanswered"]);
    assert_eq!(scenario.incident().server.to_string(), last);
}

#[test]
fn a_pause_of_centuries_is_judged_only_until_nothing_can_change() {
    let mut scenario = Scenario::new();
    for (time, name) in [(1.0, "a.test"), (11.0, "b.test"), (21.0, "a.test")] {
        scenario.query(time, A, name);
    }
    // A capture may jump; judging each of these seconds would take hours.
    scenario.advance(9e9);
    assert_eq!(scenario.story(), ["opened unanswered", "closed unanswered idle"]);
    scenario.rejected(9e9 + 1.0);
    assert_eq!(scenario.incident().queries, 1);
}
