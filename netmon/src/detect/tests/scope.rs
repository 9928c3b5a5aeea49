//! Whose failures count.

use netmon_common::{Rcode, Transport};

use super::scenario::{A, Error, SERVER, Scenario, address};
use crate::observation::Proof;

const OWN: &str = "192.0.2.53";

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
fn an_own_address_counts_once_it_has_answered_or_is_named() {
    type Before = fn(&mut Scenario);
    let cases: [(&str, Before, bool); 6] = [
        ("nothing", |_| {}, false),
        ("an answer", |s| _ = s.asked_ok(0.1), true),
        (
            "an answer over TCP",
            |s| _ = s.over(Transport::Tcp).asked_ok(0.1).over(Transport::Udp),
            true,
        ),
        (
            "an answer that was only counted",
            |s| _ = s.counts(0.1, 1, 1, 0, 0),
            true,
        ),
        (
            "an answer before it became an own address",
            |s| {
                s.decider.set_local([]);
                s.asked_ok(0.1).decider.set_local([address(OWN)]);
            },
            true,
        ),
        (
            "an answer in the history",
            |s| s.decider.set_served([address(OWN)]),
            true,
        ),
    ];
    for (what, before, opens) in cases {
        let mut scenario = Scenario::new();
        scenario.decider.set_local([address(OWN)]);
        scenario.on(OWN);
        before(&mut scenario);
        scenario.rejected(1.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
        assert_eq!(scenario.decider.tallies().not_served, u64::from(!opens), "{what}");
    }
    let mut scenario = Scenario::with(|_, scope| scope.servers.extend([address(OWN)]));
    scenario.decider.set_local([address(OWN)]);
    scenario.on(OWN).rejected(1.0);
    assert_eq!(scenario.story(), ["opened unreachable"], "named");
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
            proof: Some(Proof::None),
            ..Error::default()
        },
    );
    let tallies = scenario.decider.tallies();
    assert_eq!((tallies.not_served, tallies.unsolicited), (1, 1));
}

#[test]
fn own_addresses_that_answered_are_known_for_the_history() {
    let mut scenario = Scenario::new();
    scenario.decider.set_local([address(OWN)]);
    scenario.asked_ok(0.1).on(OWN).asked_ok(0.2);
    assert_eq!(scenario.decider.served().collect::<Vec<_>>(), [address(OWN)]);
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
        ("RD unknown", None, false, false, true),
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
fn an_unknown_rd_is_what_is_known_of_the_server() {
    let syn_fails = |scenario: &mut Scenario| {
        scenario
            .over(Transport::Tcp)
            .recursion_desired(None)
            .query(5.0, A, "")
            .error(
                5.1,
                &Error {
                    sent: 5.0,
                    recursion_desired: None,
                    ..Error::default()
                },
            );
    };
    // RD over UDP, over TCP before; whether the failed SYN opens.
    let cases = [
        ("nothing known", None, None, true),
        ("iterative over UDP", Some(false), None, false),
        ("recursive over UDP", Some(true), None, true),
        (
            "iterative over TCP, recursive over UDP",
            Some(true),
            Some(false),
            false,
        ),
    ];
    for (what, udp, tcp, opens) in cases {
        let mut scenario = Scenario::new();
        if udp.is_some() {
            scenario.recursion_desired(udp).asked_ok(1.0);
        }
        if tcp.is_some() {
            scenario.over(Transport::Tcp).recursion_desired(tcp).asked_ok(2.0);
        }
        syn_fails(&mut scenario);
        assert_eq!(!scenario.story().is_empty(), opens, "{what}");
    }
}

#[test]
fn counts_of_a_server_that_is_only_asked_by_iterating_resolvers_open_nothing() {
    for (recursion_desired, opens) in [(Some(false), false), (Some(true), true)] {
        let mut scenario = Scenario::new();
        scenario.sampled().recursion_desired(recursion_desired);
        for n in 0..4_u32 {
            scenario.asked(
                1.0 + f64::from(n) / 100.0,
                A,
                &format!("{n}.test"),
                Rcode::ServFail,
            );
        }
        scenario.counts(1.9, 40, 40, 40, 0).advance(2.0);
        assert_eq!(!scenario.story().is_empty(), opens, "{recursion_desired:?}");
    }
}

#[test]
fn iterative_failures_are_counted_in_an_incident_that_is_open_for_others() {
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
    assert_eq!(
        (incident.queries, incident.errors.port, incident.verified),
        (2, 2, 2)
    );
    assert_eq!(super::scenario::when(incident.last_seen), "0.001");
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
