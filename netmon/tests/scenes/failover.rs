//! A client with two servers, the first of which is down: the C library's resolver moves to the second, and
//! nobody notices anything. Netmon does.

use std::net::IpAddr;
use std::time::Duration;

use netmon::model::Incident;
use netmon_testkit::lab::{
    ANSWER_V4, Asker, CLIENT_V4, DnsServer, Event, FAMILIES, Hook, Rules, SERVER_V4, SERVER_V6, getent,
    switched,
};

use crate::support::doors::BothDoors;
use crate::support::incident::{events_of, refusal};
use crate::support::{PATIENCE, assert_adds_up, destination, in_both_families};

const SECOND: [&str; 2] = ["203.0.113.3", "2001:db8:2::3"];

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_resolver_that_moves_to_its_second_server_hides_nothing() {
    let hosts = switched().unwrap();
    let second: [IpAddr; 2] = SECOND.map(|address| address.parse().unwrap());
    for address in second {
        hosts.server.add_address(address, "to-client").unwrap();
    }
    let mut first = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let _second = DnsServer::new(&hosts.server, &second).unwrap();
    let look_up = |family: usize, name: &str| {
        let servers = [FAMILIES[family].server, second[family]];
        let answer = getent(&hosts.client, &servers, name).unwrap();
        assert_eq!(answer, Some(ANSWER_V4.to_string()), "{name}");
    };
    let mut netmon = BothDoors::open(&hosts.client, &["to-server", "lo"], &[]);
    first.stop().unwrap();
    let mut opened = Vec::new();
    for (index, family) in FAMILIES.iter().enumerate() {
        look_up(index, "one.test");
        let expected = refusal(family.client, family.server);
        let incident = expected.opened(&netmon);
        opened.push((expected, incident));
        look_up(index, "two.test");
    }
    first.start().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    in_both_families(|family| look_up(usize::from(family.server.is_ipv6()), "three.test"));
    for (expected, opened) in &opened {
        let closed = expected.closed(&netmon, opened, "answered");
        // It tries the first one again at each look-up.
        assert_eq!(closed["errors"]["port"], closed["verified"], "{closed:#}");
        assert!(closed["verified"].as_u64().unwrap() >= 2, "{closed:#}");
        // Both look-ups that failed there; it refuses, so that nobody waits.
        assert_eq!(closed["failover"]["lookups"], 2, "{closed:#}");
        assert!(
            closed["failover"]["waited_max_ms"].as_u64().unwrap() < 900,
            "{closed:#}"
        );
    }
    let stopped = netmon.stop().unwrap();
    for second in second {
        assert!(events_of(&netmon, "incident_opened", second).is_empty());
        let counts = destination(&stopped, second);
        assert!(counts["dns_responses"].as_u64().unwrap() >= 2, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_silent_first_resolver_costs_each_lookup_its_timeout_and_all_servers_down_are_said_to_be() {
    const TIMEOUT: u64 = 1_000;
    let hosts = switched().unwrap();
    let second: IpAddr = SECOND[0].parse().unwrap();
    hosts.server.add_address(second, "to-client").unwrap();
    let _first = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut other = DnsServer::new(&hosts.server, &[second]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("resolv.conf");
    std::fs::write(&file, format!("nameserver {SERVER_V4}\nnameserver {second}\n")).unwrap();
    let mut netmon = BothDoors::open_with(
        &hosts.client,
        &["to-server", "lo"],
        &[],
        &["--resolv-conf", file.to_str().unwrap()],
    );
    let servers = [SERVER_V4, second];
    let look_up = |name: &str| getent(&hosts.client, &servers, name).unwrap();
    // The control: while both answer, nothing is asked elsewhere.
    for name in ["a.test", "b.test"] {
        assert!(look_up(name).is_some());
    }
    // Queries to a server that answered within the last second are not reported one by one.
    std::thread::sleep(Duration::from_millis(1_100));
    let drop = format!("ip daddr {SERVER_V4} udp dport 53 drop");
    let _rules = Rules::new(&hosts.server, Hook::Input, &[&drop]).unwrap();
    let names: Vec<String> = (0..12).map(|n| format!("silent{n}.test")).collect();
    for name in &names {
        assert!(look_up(name).is_some(), "the second one answers");
    }
    let about = |server: IpAddr| move |event: &Event| event.incident()["server"] == server.to_string();
    let costs = |event: &Event| event.incident()["failover"]["lookups"] == names.len();
    let last = netmon
        .wait_for("what it costs", PATIENCE, |event| {
            about(SERVER_V4)(event) && costs(event)
        })
        .unwrap();
    let failover = &last.incident()["failover"];
    for waited in ["waited_p50_ms", "waited_max_ms"] {
        let waited = failover[waited].as_u64().unwrap();
        assert!((TIMEOUT - 10..2 * TIMEOUT).contains(&waited), "{failover}");
    }
    assert_eq!(failover["sample"], false);
    let incident: Incident = serde_json::from_value(last.incident().clone()).unwrap();
    let says = netmon::report::story::resolver(&incident).unwrap();
    assert_eq!(
        says,
        format!("The first of 2 resolvers of this host is down; lookups wait 1 s, then {second} answers")
    );
    // Others ask the second one, too: netmon does not look at each query to a server that has just answered. At once, because of
    // two answers in each second it is told.
    let crowd = Asker::of(&hosts.client, CLIENT_V4, second).unwrap();
    let answer = crowd.ask(1, "crowd.test", PATIENCE).unwrap();
    assert!(answer.is_answer(), "{answer:?}");
    for id in 2..22 {
        crowd.send(id, "crowd.test").unwrap();
    }
    assert!(look_up("busy.test").is_some());
    let is_sample = |event: &Event| event.incident()["failover"]["sample"] == true;
    netmon
        .wait_for("that there may be more", PATIENCE, |event| {
            about(SERVER_V4)(event) && is_sample(event)
        })
        .unwrap();
    other.stop().unwrap();
    assert_eq!(look_up("neither.test"), None);
    let opened = netmon.wait_for("the second", PATIENCE, about(second)).unwrap();
    let incident: Incident = serde_json::from_value(opened.incident().clone()).unwrap();
    let says = netmon::report::story::resolver(&incident).unwrap();
    assert_eq!(
        says,
        "All 2 resolvers of this host are down: no name can be looked up"
    );
    // Until the last query is old enough to have failed.
    std::thread::sleep(Duration::from_secs(6));
    netmon.stop().unwrap();
}
