//! What a server's own firewall does to strangers is policy: it rejects or drops those who were never served, and no one
//! is to be woken up for it. What it does to those who were served is an outage.

use std::net::IpAddr;

use netmon_testkit::lab::{
    Asker, DnsServer, FAMILIES, Family, Hook, Namespace, Rules, SERVER_V4, SERVER_V6, Switched, switched,
};

use crate::support::doors::{BOTH_HAVE_JUDGED, BothDoors};
use crate::support::incident::{assert_errors, refusal, silence};
use crate::support::{assert_adds_up, watch};
use crate::trouble::{
    add_second, ask_in_vain, ask_refused, ask_well, assert_exact, assert_nothing_of, second,
};

const STRANGER: [&str; 2] = ["192.51.100.16", "2001:db8:1::16"];

/// Queries of a stranger: enough for a silence, and for more than a few errors.
const QUERIES: u16 = 6;

fn stranger(family: &Family) -> IpAddr {
    STRANGER[usize::from(family.server.is_ipv6())].parse().unwrap()
}

/// The first service rejects who comes from that address, the second one drops.
fn turn_away(host: &Namespace, who: impl Fn(&Family) -> IpAddr) -> Rules<'_> {
    let rules: Vec<String> = FAMILIES
        .iter()
        .flat_map(|family| {
            let protocol = if family.server.is_ipv6() { "ip6" } else { "ip" };
            [(family.server, "reject"), (second(family), "drop")].map(|(server, verdict)| {
                let from = who(family);
                format!("{protocol} saddr {from} {protocol} daddr {server} udp dport 53 {verdict}")
            })
        })
        .collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    Rules::new(host, Hook::Input, &rules).unwrap()
}

/// A host with two services, one of its clients, and a stranger beside it.
fn with_a_stranger() -> (Switched, Namespace) {
    let hosts = switched().unwrap();
    hosts.server.limit_no_errors().unwrap();
    add_second(&hosts.server, "to-client");
    let other = Namespace::new("stranger").unwrap();
    hosts
        .plug(&other, "to-server", FAMILIES.each_ref().map(stranger))
        .unwrap();
    (hosts, other)
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn strangers_whom_the_servers_own_firewall_turns_away_are_its_policy_and_clients_are_not() {
    let (hosts, other) = with_a_stranger();
    let servers = [SERVER_V4, SERVER_V6, second(&FAMILIES[0]), second(&FAMILIES[1])];
    let _server = DnsServer::new(&hosts.server, &servers).unwrap();
    let _policy = turn_away(&hosts.server, stranger);
    let mut netmon = BothDoors::open(&hosts.server, &["to-client"], &[]);
    let strangers_ask = |family: &Family| {
        ask_refused(
            &Asker::of(&other, stranger(family), family.server).unwrap(),
            QUERIES,
        );
        ask_in_vain(&other, stranger(family), second(family));
    };
    for family in &FAMILIES {
        for server in [family.server, second(family)] {
            ask_well(&Asker::of(&hosts.client, family.client, server).unwrap(), 2);
        }
        strangers_ask(family);
    }
    // The control: a stranger's silence has been there for as long as that of a client who was served.
    std::thread::sleep(2 * crate::trouble::SECOND);
    let rules = turn_away(&hosts.server, |family| family.client);
    for family in &FAMILIES {
        ask_in_vain(&hosts.client, family.client, second(family));
    }
    let silent = FAMILIES.each_ref().map(|family| {
        let expected = silence(family.client, second(family));
        let incident = expected.opened(&netmon);
        assert_exact(&incident, QUERIES.into(), 0);
        (expected, incident)
    });
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    let opened = FAMILIES.each_ref().map(|family| {
        ask_refused(
            &Asker::of(&hosts.client, family.client, family.server).unwrap(),
            2,
        );
        let expected = refusal(family.client, family.server);
        (expected, expected.opened(&netmon))
    });
    // What strangers ask meanwhile counts in neither.
    FAMILIES.iter().for_each(strangers_ask);
    std::thread::sleep(BOTH_HAVE_JUDGED);
    drop(rules);
    for family in &FAMILIES {
        for server in [family.server, second(family)] {
            ask_well(&Asker::of(&hosts.client, family.client, server).unwrap(), 2);
        }
    }
    for (expected, opened) in &opened {
        let closed = expected.closed(&netmon, opened, "answered");
        assert_errors(&closed, "port", 2);
        assert_exact(&closed, 2, 0);
        assert_eq!(
            closed["clients"],
            serde_json::json!([expected.client.to_string()])
        );
    }
    for (expected, opened) in &silent {
        let closed = expected.closed(&netmon, opened, "answered");
        assert_exact(&closed, QUERIES.into(), 0);
        assert_errors(&closed, "port", 0);
    }
    let stopped = netmon.stop().unwrap();
    let strangers = 4 * u64::from(QUERIES);
    assert_eq!(stopped.value["totals"]["not_served"], strangers, "{stopped:#?}");
    assert_adds_up(&stopped);
}

/// Live only: a capture does not hold what a history knows.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn who_is_a_stranger_is_known_after_a_restart_too() {
    let (hosts, other) = with_a_stranger();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.db");
    let history = ["--interface", "to-client", "--history", history.to_str().unwrap()];
    let mut before = watch(&hosts.server, &history);
    for family in &FAMILIES {
        ask_well(
            &Asker::of(&hosts.client, family.client, family.server).unwrap(),
            2,
        );
    }
    before.stop().unwrap();
    server.stop().unwrap();
    // Nothing answers any more: only the history knows who is a client.
    let mut netmon = watch(&hosts.server, &history);
    for family in &FAMILIES {
        ask_refused(
            &Asker::of(&other, stranger(family), family.server).unwrap(),
            QUERIES,
        );
    }
    std::thread::sleep(2 * crate::trouble::SECOND);
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    for family in &FAMILIES {
        ask_refused(
            &Asker::of(&hosts.client, family.client, family.server).unwrap(),
            2,
        );
        let incident = refusal(family.client, family.server).opened(&netmon);
        assert_eq!(
            incident["clients"],
            serde_json::json!([family.client.to_string()])
        );
    }
    let stopped = netmon.stop().unwrap();
    let strangers = 2 * u64::from(QUERIES);
    assert_eq!(stopped.value["totals"]["not_served"], strangers, "{stopped:#?}");
    assert_adds_up(&stopped);
}
