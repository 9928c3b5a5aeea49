//! What the server's own host does to some: a firewall that rejects one client, a kernel that limits its errors,
//! one service of two that is down.

use std::net::{IpAddr, UdpSocket};
use std::thread::sleep;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{
    Burst, DnsServer, FAMILIES, Hook, Namespace, Rules, SERVER_V4, SERVER_V6, TYPE_A, query, switched,
};

use crate::support::doors::BothDoors;
use crate::support::incident::{
    Expected, assert_errors, assert_evidence, assert_flow, assert_only_errors, events_of, refusal,
};
use crate::support::{
    ask_answered, ask_refused, assert_adds_up, assert_counts, destination, in_both_families, watch,
};

/// What others ask the busy server for, a second, in each family.
const BUSY: u32 = 1_000;

/// How many of these wait for their answers at most.
const WAITING: u32 = 100;

/// How long they do.
const BUSY_TIME: Duration = Duration::from_secs(30);

/// Another client on the same link.
const OTHER_CLIENT: [&str; 2] = ["192.51.100.16", "2001:db8:1::16"];

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_firewall_that_rejects_one_client_of_a_busy_server_is_a_degradation_from_first_to_last() {
    let hosts = switched().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let other = Namespace::new("other").unwrap();
    let addresses = OTHER_CLIENT.map(|address| address.parse().unwrap());
    hosts.plug(&other, "to-server", addresses).unwrap();
    let mut netmon = watch(&hosts.server, &["--interface", "to-client"]);
    // Whom its own server has answered, netmon misses; a stranger whom its firewall turns away it does not.
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 1);
    }
    let _busy = FAMILIES.map(|family| Burst::start(&other, family.server, BUSY, WAITING, BUSY_TIME).unwrap());
    sleep(Duration::from_millis(1_500));
    let rules = FAMILIES.map(|family| {
        let protocol = if family.client.is_ipv6() { "ip6" } else { "ip" };
        format!("{protocol} saddr {} udp dport 53 reject", family.client)
    });
    let rules = Rules::new(&hosts.server, Hook::Input, &rules.each_ref().map(String::as_str)).unwrap();
    let mut opened = Vec::new();
    for round in 0..3 {
        for family in &FAMILIES {
            ask_refused(&hosts.client, family.server, 1);
            if round == 0 {
                let at_first = Expected {
                    server: family.server,
                    transport: "udp",
                    kind: "unreachable",
                    severity: "degraded",
                    // Others get answers to later queries before the incident has settled.
                    cause: "firewall-reject",
                    reporter: Some(family.server),
                    client: family.client,
                };
                let incident = at_first.opened(&netmon);
                assert_only_errors(&incident, "port");
                opened.push((at_first, incident));
            }
        }
        sleep(Duration::from_secs(1));
    }
    drop(rules);
    // A client that asks once a second, among two thousand queries of others.
    for _ in 0..3 {
        sleep(Duration::from_millis(700));
        for family in &FAMILIES {
            ask_answered(&hosts.client, family.server, 1);
        }
    }
    for (at_first, opened) in &opened {
        let expected = Expected {
            cause: "firewall-reject",
            ..*at_first
        };
        let closed = expected.closed(&netmon, opened, "answered");
        assert_errors(&closed, "port", 3);
        assert_evidence(&closed, "while others get answers to later queries");
        assert!(
            closed["answers"].as_u64().unwrap() > u64::from(WAITING),
            "{closed:#}"
        );
        for update in events_of(&netmon, "incident_updated", at_first.server) {
            assert_eq!(update.incident()["severity"], "degraded", "{update:?}");
        }
    }
    assert_adds_up(&netmon.stop().unwrap());
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_incident_stays_open_while_the_kernel_limits_its_errors() {
    const QUERIES: u16 = 60;
    let hosts = switched().unwrap();
    // What Linux does by default: an error a second to each host.
    hosts.server.set("net/ipv6/icmp/ratelimit", "1000").unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["to-server"], &[]);
    server.stop().unwrap();
    in_both_families(|family| {
        let client = hosts.client.enter(|| UdpSocket::bind((family.client, 0)));
        let client = client.unwrap().unwrap();
        for number in 0..QUERIES {
            let name = format!("limited{number}.test");
            client
                .send_to(&query(number, &name, TYPE_A), (family.server, 53))
                .unwrap();
            sleep(Duration::from_millis(50));
        }
    });
    let opened = FAMILIES.map(|family| {
        let expected = refusal(family.client, family.server);
        (expected, expected.opened(&netmon))
    });
    assert!(netmon.events_named("incident_closed").unwrap().is_empty());
    server.start().unwrap();
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 1);
    }
    for (expected, opened) in &opened {
        let closed = expected.closed(&netmon, opened, "answered");
        let errors = closed["errors"]["port"].as_u64().unwrap();
        // Three seconds of one each, and those that it sends in a row at first.
        assert!((3..20).contains(&errors), "{closed:#}");
        assert_errors(&closed, "port", errors);
        assert_flow(&closed, u64::from(QUERIES), 0);
        assert_eq!(closed["severity"], "down", "{closed:#}");
        let names = closed["names"].as_array().unwrap().len() as u64 + closed["names_more"].as_u64().unwrap();
        assert_eq!(names, errors, "{closed:#}");
    }
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["dns_queries"], QUERIES + 1, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn of_two_servers_only_the_one_that_is_down_has_an_incident() {
    let hosts = switched().unwrap();
    let healthy: [IpAddr; 2] = ["203.0.113.3", "2001:db8:2::3"].map(|address| address.parse().unwrap());
    for address in healthy {
        hosts.server.add_address(address, "to-client").unwrap();
    }
    let mut failing = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let _healthy = DnsServer::new(&hosts.server, &healthy).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["to-server"], &[]);
    failing.stop().unwrap();
    let began = Instant::now();
    for (family, healthy) in FAMILIES.iter().zip(healthy) {
        for _ in 0..2 {
            ask_refused(&hosts.client, family.server, 1);
            ask_answered(&hosts.client, healthy, 1);
        }
        let expected = refusal(family.client, family.server);
        expected.opened(&netmon);
    }
    sleep(Duration::from_secs(2).saturating_sub(began.elapsed()));
    let stopped = netmon.stop().unwrap();
    for (family, healthy) in FAMILIES.iter().zip(healthy) {
        assert_counts(&stopped, family.server, 2, 0, 2);
        assert_counts(&stopped, healthy, 2, 2, 0);
    }
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 2);
    assert_adds_up(&stopped);
}
