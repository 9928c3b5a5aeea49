//! Nothing comes back at all: a firewall that drops.

use std::net::IpAddr;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use netmon_testkit::frames::build::prelude::{ipv4, packet, response, udp};
use netmon_testkit::lab::{
    DnsServer, FAMILIES, Forger, Hook, Namespace, Reply, Rules, SERVER_V4, SERVER_V6, kdig, with_router,
};

use crate::support::incident::{Expected, assert_errors, assert_flow, events_of, time};
use crate::support::{ask_answered, ask_failing, assert_adds_up, destination, in_both_families, watch};

const SECOND: Duration = Duration::from_secs(1);

/// How long a query waits before it counts as failed.
const WAIT: Duration = Duration::from_secs(5);

/// Another address of the server, that is asked for one name only.
const ONE_NAME: &str = "203.0.113.3";

/// Asks for all these names at once, and insists that nothing comes back.
fn ask_in_vain(client: &Namespace, server: IpAddr, names: &[&str]) {
    std::thread::scope(|scope| {
        for name in names {
            scope.spawn(|| assert_eq!(kdig(client, server, name, SECOND).unwrap(), Reply::Silence));
        }
    });
}

fn expected(family: &netmon_testkit::lab::Family) -> Expected<'static> {
    Expected {
        server: family.server,
        transport: "udp",
        kind: "unanswered",
        severity: "down",
        cause: "silent-drop",
        reporter: None,
        client: family.client,
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn five_queries_that_a_firewall_drops_are_missed_after_five_seconds() {
    let hosts = with_router().unwrap();
    let one_name: IpAddr = ONE_NAME.parse().unwrap();
    hosts.server.add_address(one_name, "to-router").unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    let drop_all = Rules::new(&hosts.router, Hook::Forward, &["udp dport 53 drop"]).unwrap();

    let names = ["a.test", "b.test", "c.test", "d.test", "e.test"];
    let before = SystemTime::now();
    in_both_families(|family| ask_in_vain(&hosts.client, family.server, &names));
    // One broken name that is asked again and again says nothing about the server.
    ask_in_vain(&hosts.client, one_name, &["same.test"; 6]);
    let opened = FAMILIES.map(|family| {
        let incident = expected(&family).opened(&netmon);
        assert_errors(&incident, "port", 0);
        assert_flow(&incident, names.len() as u64, 0);
        let mut told: Vec<&str> = incident["names"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|name| name.as_str())
            .collect();
        told.sort_unstable();
        assert_eq!(told, names, "{incident:#}");
        // When the last of them has waited that long, and no sooner.
        let delay = time(&incident["opened"]).duration_since(before).unwrap();
        assert!(delay >= WAIT, "{delay:?}");
        incident
    });
    drop(drop_all);
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 1);
    }
    for (family, opened) in FAMILIES.iter().zip(&opened) {
        let closed = expected(family).closed(&netmon, opened, "answered");
        assert_flow(&closed, names.len() as u64, 0);
    }
    assert!(events_of(&netmon, "incident_opened", one_name).is_empty());
    let stopped = netmon.stop().unwrap();
    assert_eq!(destination(&stopped, one_name)["dns_queries"], 6);
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_seldom_asked_server_is_missed_after_three_queries_and_an_error_says_more() {
    let hosts = with_router().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    let drop_all = Rules::new(&hosts.router, Hook::Forward, &["udp dport 53 drop"]).unwrap();
    for name in ["a.test", "b.test", "a.test"] {
        in_both_families(|family| ask_in_vain(&hosts.client, family.server, &[name]));
        sleep(Duration::from_millis(9_500));
    }
    let opened = FAMILIES.map(|family| {
        let incident = expected(&family).opened(&netmon);
        assert_flow(&incident, 3, 0);
        incident
    });

    drop(drop_all);
    let rules = ["udp dport 53 reject with icmpx type admin-prohibited"];
    let _reject = Rules::new(&hosts.router, Hook::Forward, &rules).unwrap();
    for (family, opened) in FAMILIES.iter().zip(&opened) {
        ask_failing(&hosts.client, family.server, 1);
        let says_more = Expected {
            kind: "unreachable",
            cause: "firewall-reject",
            reporter: Some(family.router),
            ..expected(family)
        };
        says_more.opened(&netmon);
        expected(family).closed(&netmon, opened, "superseded");
    }
    assert_adds_up(&netmon.stop().unwrap());
}

/// One spoofed answer with a wrong port and id every now and then must not hide that the true server is silent. The control
/// is the same silence without them, above.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn answers_that_match_no_query_do_not_hide_silence() {
    let hosts = with_router().unwrap();
    let [v4, _] = &FAMILIES;
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    let _drop_all = Rules::new(&hosts.router, Hook::Forward, &["udp dport 53 drop"]).unwrap();
    let forger = Forger::new(&hosts.router).unwrap();
    let (IpAddr::V4(server), IpAddr::V4(client)) = (v4.server, v4.client) else {
        unreachable!("the first family is IPv4");
    };
    let spoofed = (packet() / ipv4(server, client) / udp(53, 9) / response("a.test")).bytes();
    let spoofed_servfail =
        (packet() / ipv4(server, client) / udp(53, 9) / response("a.test").rcode(2)).bytes();
    ask_in_vain(
        &hosts.client,
        v4.server,
        &["a.test", "b.test", "c.test", "d.test", "e.test"],
    );
    for _ in 0..16 {
        forger.send(&spoofed, v4.client).unwrap();
        forger.send(&spoofed_servfail, v4.client).unwrap();
        sleep(SECOND / 4);
    }
    let incident = expected(v4).opened(&netmon);
    assert_flow(&incident, 5, 0);
    let stopped = netmon.stop().unwrap();
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 1);
    let counts = destination(&stopped, v4.server);
    assert_eq!(counts["dns_responses"], 32, "counted: {counts:#}");
    assert_adds_up(&stopped);
}
