//! Clients whose queries fail at many services that never answered anybody; ways that are not watched; gaps.

use netmon_common::{Code, Rcode};

use super::scenario::{A, B, Error, ROUTER, SERVER, Scenario, address, at};
use crate::model::WarningKind;

/// A probe of A to that server, and the router's error about it 3 s later.
fn probe(scenario: &mut Scenario, time: f64, server: &str) {
    let error = Error {
        sent: time,
        code: Code::Host,
        reporter: Some(ROUTER),
        ..Error::default()
    };
    scenario
        .on(server)
        .query(time, A, "probe.test")
        .error(time + 3.0, &error);
}

#[test]
fn one_probe_to_each_address_of_a_network_is_no_outage_of_any() {
    let mut scenario = Scenario::new();
    for n in 1..255_u32 {
        probe(&mut scenario, f64::from(n) * 4.0, &format!("10.0.0.{n}"));
    }
    let story = scenario.story();
    assert_eq!(
        story.iter().filter(|what| *what == "opened unreachable").count(),
        4
    );
    assert_eq!(
        story
            .iter()
            .filter(|what| *what == "closed unreachable scan")
            .count(),
        4
    );
    assert!(scenario.decider.open_incidents().is_empty());
    assert_eq!(scenario.warnings(), [WarningKind::ManyServers]);
}

/// A process asks from another address of this host each time.
#[test]
fn all_loopback_addresses_are_one_client() {
    let mut scenario = Scenario::new();
    for n in 1..100_u32 {
        let (time, client) = (f64::from(n), format!("127.7.0.{n}"));
        let error = Error {
            sent: time,
            client: &client,
            ..Error::default()
        };
        let server = format!("10.0.0.{n}");
        scenario
            .on(&server)
            .query(time, &client, "probe.test")
            .error(time + 0.1, &error);
    }
    assert!(scenario.decider.open_incidents().is_empty());
    assert_eq!(scenario.warnings(), [WarningKind::ManyServers]);
}

#[test]
fn four_servers_that_never_answered_may_be_dead_and_what_serves_or_is_named_does_not_count() {
    // So many strangers, a server that has answered, one that is named.
    for (strangers, open) in [(4, 6), (5, 2)] {
        let mut scenario = Scenario::with(|_, scope| _ = scope.servers.insert(address("203.0.113.8")));
        scenario.on(SERVER).asked(1.0, B, "b.test", Rcode::NoError);
        for (n, server) in [(0_u32, SERVER), (1, "203.0.113.8")] {
            probe(&mut scenario, 10.0 + f64::from(n) * 4.0, server);
        }
        for n in 0..strangers {
            probe(&mut scenario, 20.0 + f64::from(n) * 4.0, &format!("10.0.0.{n}"));
        }
        assert_eq!(scenario.decider.open_incidents().len(), open, "{strangers}");
    }
}

#[test]
fn probes_that_nobody_answers_open_nothing_either() {
    let mut scenario = Scenario::new();
    for n in 1..60_u32 {
        scenario.on(&format!("10.0.0.{n}"));
        for k in 0..6_u32 {
            let name = ["a.test", "b.test"][k as usize % 2];
            scenario.query(f64::from(n) * 6.0 + f64::from(k) / 10.0, A, name);
        }
    }
    scenario.advance(900.0);
    assert!(scenario.decider.open_incidents().is_empty());
    assert_eq!(
        scenario
            .story()
            .iter()
            .filter(|what| what.starts_with("opened"))
            .count(),
        4
    );
    assert_eq!(scenario.warnings(), [WarningKind::ManyServers]);
}

/// A asks 6 times in vain from that time on.
fn in_vain(scenario: &mut Scenario, from: f64) {
    for n in 0..6_u32 {
        scenario.query(
            from + f64::from(n) / 10.0,
            A,
            ["a.test", "b.test"][n as usize % 2],
        );
    }
}

#[test]
fn live_silence_is_judged_where_an_answer_would_be_seen() {
    type Before = fn(&mut Scenario);
    let cases: [(&str, Before, bool); 6] = [
        ("nothing", |_| {}, false),
        (
            "the service answered somebody",
            |s| _ = s.asked(1.0, B, "b.test", Rcode::NoError),
            true,
        ),
        (
            "it did, and then the interfaces changed",
            |s| s.asked(1.0, B, "b.test", Rcode::NoError).decider.ways_changed(),
            false,
        ),
        (
            "another service answered the client",
            |s| _ = s.on(ROUTER).asked(400.0, A, "b.test", Rcode::NoError).on(SERVER),
            true,
        ),
        (
            "another service did, long ago",
            |s| _ = s.on(ROUTER).asked(1.0, A, "b.test", Rcode::NoError).on(SERVER),
            false,
        ),
        (
            "another service answered somebody else",
            |s| _ = s.on(ROUTER).asked(400.0, B, "b.test", Rcode::NoError).on(SERVER),
            false,
        ),
    ];
    for (what, before, opens) in cases {
        let mut scenario = Scenario::new();
        // Live, with an interface that is not watched.
        scenario.decider.set_unwatched(vec!["way-back".to_owned()]);
        scenario.unheard(A);
        before(&mut scenario);
        in_vain(&mut scenario, 700.0);
        scenario.advance(720.0);
        assert_eq!(scenario.story().is_empty(), !opens, "{what}");
        assert_eq!(scenario.warnings().is_empty(), opens, "{what}");
    }
}

#[test]
fn silence_in_a_gap_is_not_judged_and_an_outage_that_goes_on_is_reported_after_it() {
    let mut scenario = Scenario::new();
    scenario.asked_ok(1.0);
    in_vain(&mut scenario, 10.0);
    scenario.decider.gap(None, at(12.0));
    scenario.advance(60.0);
    assert_eq!(scenario.story(), Vec::<String>::new());
    in_vain(&mut scenario, 61.0);
    scenario.advance(70.0);
    assert_eq!(scenario.story(), ["opened unanswered"]);
}

#[test]
fn a_gap_of_another_service_says_nothing_and_verified_errors_count_in_a_gap() {
    let mut scenario = Scenario::new();
    scenario.on(ROUTER).asked_ok(1.0).on(SERVER).asked_ok(1.0);
    in_vain(&mut scenario, 10.0);
    let other = crate::observation::Service {
        server: address(ROUTER),
        port: 53,
        transport: netmon_common::Transport::Udp,
        interface: 0,
    };
    scenario.decider.gap(Some(other), at(12.0));
    scenario.advance(20.0);
    assert_eq!(scenario.story(), ["opened unanswered"]);

    let mut scenario = Scenario::new();
    scenario.decider.gap(None, at(12.0));
    scenario.rejected(11.0);
    assert_eq!(scenario.story(), ["opened unreachable"]);
}

#[test]
fn an_incident_does_not_become_idle_by_a_gap() {
    let mut scenario = Scenario::new();
    scenario.rejected(1.0).advance(300.0);
    scenario.decider.gap(None, at(500.0));
    scenario.advance(1_099.0);
    assert_eq!(scenario.story(), ["opened unreachable"]);
    scenario.advance(1_100.0);
    assert_eq!(
        scenario.story(),
        ["opened unreachable", "closed unreachable idle"]
    );
}

#[test]
fn an_incident_is_reported_100_ms_after_it_opened_with_what_has_come_meanwhile() {
    let mut scenario = Scenario::with(|thresholds, _| {
        thresholds.settle = crate::detect::Thresholds::default().settle;
    });
    scenario.rejected(1.0).rejected(1.05);
    assert_eq!(scenario.changes.len(), 0);
    assert_eq!(scenario.decider.next_report(), Some(at(1.101)));
    scenario.advance(1.1);
    assert_eq!(scenario.changes.len(), 0);
    scenario.advance(1.101);
    assert_eq!(scenario.opened().errors.port, 2);
    assert_eq!(scenario.decider.next_report(), None);
}

#[test]
fn others_close_it_when_those_that_failed_ask_no_more() {
    // So many answered exchanges of others, whether those that failed ask on.
    for (answers, asks_on, closes) in [(10, false, true), (9, false, false), (10, true, false)] {
        let mut scenario = Scenario::new();
        scenario.rejected(0.0);
        for n in 0..answers {
            scenario.asked(100.0 + f64::from(n), B, "b.test", Rcode::NoError);
        }
        if asks_on {
            scenario.query(500.0, A, "a.test");
        }
        scenario.query(599.0, B, "b.test").advance(605.0);
        assert_eq!(scenario.story().len() == 2, closes, "{answers} {asks_on}");
    }
}

#[test]
fn a_client_whose_services_have_answered_since_is_no_scanner_any_more() {
    let mut scenario = Scenario::new();
    let server = |n: u32| format!("10.0.0.{n}");
    for n in 1..=6 {
        let sent = f64::from(n);
        let failed = Error {
            sent,
            ..Error::default()
        };
        scenario
            .on(&server(n))
            .query(sent, A, "a.test")
            .error(sent + 0.1, &failed);
    }
    assert_eq!(scenario.warnings(), [WarningKind::ManyServers]);
    for n in 1..=5 {
        scenario
            .on(&server(n))
            .asked(19.0 + f64::from(n), A, "a.test", Rcode::NoError);
    }
    scenario.on(SERVER);
    in_vain(&mut scenario, 30.0);
    scenario.advance(40.0);
    let opened = scenario.decider.open_incidents();
    assert!(
        opened
            .iter()
            .any(|one| one.kind == crate::model::Kind::Unanswered)
    );
}

#[test]
fn a_slow_scanner_is_said_to_be_one_once() {
    let mut scenario = Scenario::new();
    for n in 0..20_u32 {
        probe(&mut scenario, 1.0 + 130.0 * f64::from(n), &format!("10.0.0.{n}"));
    }
    scenario.advance(3_000.0);
    assert_eq!(scenario.warnings(), [WarningKind::ManyServers]);
}
