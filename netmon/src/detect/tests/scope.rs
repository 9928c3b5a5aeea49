//! Whose failures count.

use std::time::Duration;

use netmon_common::{Rcode, Transport};

use super::scenario::{A, B, Error, SERVER, Scenario, address, at};
use crate::model::{OwnClient, OwnService};
use crate::observation::{Proof, Why};

const OWN: &str = "192.0.2.53";

/// The history knows that the own address has answered that client.
fn recall(scenario: &mut Scenario, client: &str, until: f64) {
    let service = OwnService {
        server: address(OWN),
        port: 53,
        transport: Transport::Udp,
    };
    let client = address(client);
    let known = OwnClient { service, client };
    scenario.decider.recall_own_client(known, at(until), at(0.5));
}

#[test]
fn addresses_that_nobody_can_answer_from_are_no_servers() {
    let cases = [
        ("a server", "203.0.113.2", true),
        ("an IPv6 server", "2001:db8::53", true),
        ("multicast", "224.0.0.251", false),
        ("IPv6 multicast", "ff02::fb", false),
        ("broadcast", "255.255.255.255", false),
        ("unspecified", "0.0.0.0", false),
        ("IPv6 unspecified", "::", false),
    ];
    for (what, server, opens) in cases {
        let mut scenario = Scenario::new();
        scenario.on(server).rejected(0.0);
        for time in [1.0, 1.1, 1.2, 1.3] {
            scenario.query(time, A, "a.test").query(time, A, "b.test");
        }
        scenario.advance(20.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
        assert_eq!(scenario.decider.tallies().servers, u64::from(opens), "{what}");
    }
}

#[test]
fn failures_at_an_own_address_count_for_clients_that_it_has_answered_and_for_this_host_itself() {
    type Before = fn(&mut Scenario);
    let cases: [(&str, Before, &str, bool); 11] = [
        ("nothing before", |_| {}, A, false),
        ("this host itself asks", |_| {}, OWN, true),
        ("the client was answered", |s| _ = s.asked_ok(0.1), A, true),
        ("another client was answered", |s| _ = s.asked_ok(0.1), B, false),
        (
            "the client was refused",
            |s| {
                s.asked(0.1, A, "a.test", Rcode::Refused)
                    .asked(0.2, B, "b.test", Rcode::NoError);
            },
            A,
            false,
        ),
        (
            "the client was answered over TCP",
            |s| _ = s.over(Transport::Tcp).asked_ok(0.1).over(Transport::Udp),
            A,
            false,
        ),
        (
            "somebody was answered, and nobody knows whom",
            |s| _ = s.counts(0.1, 1, 1, 0, 0),
            A,
            false,
        ),
        (
            "somebody was answered before it became an own address",
            |s| {
                s.decider.set_local([]);
                s.asked_ok(0.1).decider.set_local([address(OWN)]);
            },
            B,
            true,
        ),
        (
            "another client was answered in an earlier run",
            |s| recall(s, A, 3_600.0),
            B,
            false,
        ),
        (
            "the client was answered in an earlier run",
            |s| recall(s, B, 3_600.0),
            B,
            true,
        ),
        (
            "the client was answered in an earlier run, more than a day ago",
            |s| recall(s, B, 0.9),
            B,
            false,
        ),
    ];
    for (what, before, client, opens) in cases {
        let mut scenario = Scenario::new();
        scenario.decider.set_local([address(OWN)]);
        scenario.on(OWN);
        before(&mut scenario);
        let error = Error {
            client,
            sent: 1.0,
            ..Error::default()
        };
        scenario.query(1.0, client, "a.test").error(1.001, &error);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
        assert_eq!(scenario.decider.tallies().not_served, u64::from(!opens), "{what}");
    }
    let mut scenario = Scenario::with(|_, scope| scope.servers.extend([address(OWN)]));
    scenario.decider.set_local([address(OWN)]);
    scenario.on(OWN).rejected(1.0);
    assert_eq!(scenario.story(), ["opened unreachable"], "named");
}

#[test]
fn a_client_that_an_own_server_answered_is_forgotten_after_a_day() {
    for (hours, opens) in [(23.9, true), (24.1, false)] {
        let mut scenario = Scenario::new();
        scenario.decider.set_local([address(OWN)]);
        scenario.on(OWN).asked_ok(1.0).rejected(hours * 3_600.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{hours}");
    }
}

#[test]
fn strangers_whom_an_own_server_drops_raise_no_alarm_and_its_clients_do() {
    for (client, opens) in [(B, false), (A, true)] {
        let mut scenario = Scenario::new();
        scenario.decider.set_local([address(OWN)]);
        scenario.on(OWN).asked_ok(0.5);
        for n in 0..8_u32 {
            scenario.query(1.0 + f64::from(n), client, ["a.test", "b.test"][n as usize % 2]);
        }
        scenario.advance(40.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{client}");
    }
}

#[test]
fn loopback_addresses_are_this_hosts_own_live() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local_live([address(OWN)]);
    let error = Error {
        client: "127.0.0.1",
        sent: 1.0,
        proof: Some(Proof::RaisedByThisHost(Some(at(1.0)))),
        ..Error::default()
    };
    scenario
        .on("127.0.0.53")
        .query(1.0, "127.0.0.1", "a.test")
        .error(1.001, &error);
    assert_eq!(scenario.story(), ["opened unreachable"]);
}

#[test]
fn a_link_local_address_is_this_hosts_own_on_its_link_and_another_hosts_elsewhere() {
    let own = address("fe80::1");
    let cases = [
        ("its own", 4, false),
        ("its own, by loopback", 1, false),
        ("the router's on another link", 2, true),
    ];
    for (what, link, opens) in cases {
        let mut scenario = Scenario::new();
        scenario
            .decider
            .set_local_live([own.on_link(4), own.on_link(1), address(OWN)]);
        let error = Error {
            client: "fe80::7",
            sent: 1.0,
            ..Error::default()
        };
        scenario
            .on("fe80::1")
            .on_link(link)
            .query(1.0, "fe80::7", "a.test")
            .error(1.001, &error);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
        assert_eq!(scenario.decider.tallies().not_served, u64::from(!opens), "{what}");
    }
}

#[test]
fn a_link_local_client_of_any_other_server_is_this_host_wherever_it_has_the_address() {
    let own = address("fe80::1");
    for (client, opens) in [("fe80::1", true), ("fe80::7", false)] {
        let mut scenario = Scenario::new();
        scenario
            .decider
            .set_local_live([own.on_link(4), own.on_link(1), address(OWN)]);
        let error = Error {
            client,
            sent: 1.0,
            ..Error::default()
        };
        scenario.on(OWN).query(1.0, client, "a.test").error(1.001, &error);
        assert_eq!(!scenario.story().is_empty(), opens, "{client}");
    }
}

#[test]
fn a_link_local_server_is_known_by_the_name_of_its_link_and_by_that_of_each_interface_there() {
    let mut scenario = Scenario::new();
    let names = [(2, "eth0"), (4, "br0"), (5, "br1")].map(|(index, name)| (index, name.to_owned()));
    scenario.decider.set_interfaces(names.into());
    scenario.decider.set_links([(2, 4)].into());
    scenario.on("fe80::53").on_link(4).rejected(1.0);
    assert_eq!(scenario.incident().interface.as_deref(), Some("br0"));
    let is_seen = |name| {
        let seen = scenario.decider.seen(address("fe80::53"), 53, Some(name));
        seen.asked.is_some()
    };
    assert_eq!(
        ["br0", "eth0", "br1", "eth9"].map(is_seen),
        [true, true, false, false]
    );
}

#[test]
fn a_scanner_that_probes_a_host_without_dns_raises_no_alarm() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(OWN)]);
    scenario.on(OWN);
    for n in 0..100_u32 {
        let (time, name) = (f64::from(n) / 10.0, format!("{n}.test"));
        scenario.query(time, "198.51.100.7", &name);
        if n % 2 == 0 {
            scenario.error(
                time + 0.001,
                &Error {
                    client: "198.51.100.7",
                    sent: time,
                    ..Error::default()
                },
            );
        }
    }
    scenario.advance(60.0);
    assert!(scenario.story().is_empty());
    assert_eq!(scenario.decider.tallies().not_served, 50);
}

#[test]
fn an_unsolicited_error_about_an_own_address_is_both() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(OWN)]);
    scenario.on(OWN).error(
        1.0,
        &Error {
            why: Some(Why::Unsolicited),
            ..Error::default()
        },
    );
    let tallies = scenario.decider.tallies();
    assert_eq!((tallies.not_served, tallies.unsolicited), (1, 1));
}

#[test]
fn the_history_hears_once_an_hour_of_a_client_that_an_own_address_answers() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(OWN)]);
    scenario.asked_ok(0.1).on(OWN);
    for (time, expected) in [(1.0, 1), (1_800.0, 0), (3_500.0, 0), (3_602.0, 1)] {
        let news = scenario.asked_ok(time).decider.take_own_clients();
        assert_eq!(news.len(), expected, "{time}: {news:?}");
        for (OwnClient { service, client }, kept_until) in news {
            assert_eq!((service.server, service.port), (address(OWN), 53));
            assert_eq!((service.transport, client), (Transport::Udp, address(A)));
            let until = at(time).after(Duration::from_hours(24));
            assert_eq!(kept_until.second(), until.second());
        }
    }
}

#[test]
fn a_server_that_becomes_an_own_address_without_having_answered_counts_no_more() {
    let mut scenario = Scenario::new();
    for time in [1.0, 1.1, 1.2, 1.3] {
        scenario.query(time, A, "a.test").query(time, A, "b.test");
    }
    scenario.decider.set_local([address(SERVER)]);
    scenario.advance(20.0);
    assert!(scenario.story().is_empty());
}

#[test]
fn what_strangers_ask_an_own_address_counts_in_no_incident() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(OWN)]);
    scenario.on(OWN).asked_ok(0.1);
    let stranger = |scenario: &mut Scenario, time: f64| {
        scenario.query(time, B, "b.test").error(
            time + 0.001,
            &Error {
                client: B,
                sent: time,
                ..Error::default()
            },
        );
        scenario.query(time + 0.01, B, "c.test");
    };
    scenario.rejected(1.1);
    stranger(&mut scenario, 1.2);
    scenario.rejected(2.1);
    stranger(&mut scenario, 2.2);
    scenario.asked_ok(3.1).advance(20.0);
    let incident = scenario.closed();
    assert_eq!((incident.queries, incident.errors.port), (2, 2));
    assert_eq!(incident.clients, [address(A)]);
}
