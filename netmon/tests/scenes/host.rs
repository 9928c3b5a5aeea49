//! What a host learns from its own kernel: these failures cross `lo`, and no other interface. Netmon is started
//! as most people will: without arguments.

use std::net::IpAddr;

use netmon_testkit::lab::{DnsServer, FAMILIES, Hook, Rules, SERVER_V4, SERVER_V6, switched};

use crate::support::incident::{
    Expected, assert_errors, assert_evidence, assert_flow, assert_only_errors, refusal,
};
use crate::support::{
    ask_answered, ask_failing, ask_refused, assert_adds_up, assert_dns_unreachable, destination,
    in_both_families, watch,
};

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_server_on_the_link_that_is_powered_off_is_missed_by_the_client_host_itself() {
    let hosts = switched().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    let off = hosts.power_off().unwrap();
    in_both_families(|family| ask_failing(&hosts.client, family.server, 2));
    let expected = FAMILIES.map(|family| Expected {
        cause: "host-down",
        reporter: Some(family.client),
        ..refusal(family.client, family.server)
    });
    let opened = expected.map(|expected| {
        let incident = expected.opened_by(&netmon, "host");
        assert_evidence(&incident, "raised by this host");
        incident
    });
    drop(off);
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 2);
    }
    for (expected, opened) in expected.iter().zip(&opened) {
        let closed = expected.closed(&netmon, opened, "answered");
        assert_errors(&closed, "host", 2);
        assert_flow(&closed, 2, 0);
    }
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        assert_dns_unreachable(&stopped, family.server, "host", 2);
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_local_firewall_that_rejects_is_found_although_no_query_ever_leaves() {
    let hosts = switched().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    let rules = Rules::new(&hosts.client, Hook::Output, &["udp dport 53 reject"]).unwrap();
    for family in &FAMILIES {
        ask_failing(&hosts.client, family.server, 2);
    }
    let expected = FAMILIES.map(|family| Expected {
        cause: "firewall-reject",
        reporter: Some(family.client),
        ..refusal(family.client, family.server)
    });
    let opened = expected.map(|expected| {
        let incident = expected.opened_by(&netmon, "port");
        assert_evidence(&incident, "raised by this host");
        incident
    });
    drop(rules);
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 2);
    }
    for (expected, opened) in expected.iter().zip(&opened) {
        let closed = expected.closed(&netmon, opened, "answered");
        assert_errors(&closed, "port", 2);
        // The rejected queries left by no interface: nobody saw them, and each error speaks for one.
        assert_flow(&closed, 2, 0);
    }
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        assert_dns_unreachable(&stopped, family.server, "port", 2);
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_stub_resolver_that_is_gone_is_missed_and_so_is_one_that_never_came_up() {
    let hosts = switched().unwrap();
    let stub: IpAddr = "127.0.0.53".parse().unwrap();
    let gone: IpAddr = "::1".parse().unwrap();
    let never: IpAddr = "127.0.0.1".parse().unwrap();
    let mut netmon = watch(&hosts.client, &[]);

    // One of this host's addresses on which nothing ever answered: it is this host itself that asks, and misses it.
    ask_refused(&hosts.client, never, 2);
    let missed = refusal(never, never);
    assert_only_errors(&missed.opened(&netmon), "port");

    let mut server = DnsServer::new(&hosts.client, &[gone]).unwrap();
    server.stop().unwrap();
    let mut opened = Vec::new();
    for (server, client) in [(stub, never), (gone, gone)] {
        ask_refused(&hosts.client, server, 2);
        let expected = refusal(client, server);
        let incident = expected.opened_by(&netmon, "port");
        assert_evidence(&incident, "raised by this host");
        opened.push((expected, incident));
    }
    let _stub = DnsServer::new(&hosts.client, &[stub]).unwrap();
    server.start().unwrap();
    for server in [stub, gone] {
        ask_answered(&hosts.client, server, 2);
    }
    for (expected, opened) in &opened {
        let closed = expected.closed(&netmon, opened, "answered");
        assert_errors(&closed, "port", 2);
    }
    let stopped = netmon.stop().unwrap();
    assert_eq!(destination(&stopped, never)["dns_unreachable"]["port"], 2);
    assert_eq!(stopped.value["totals"]["not_served"], 0);
    assert_adds_up(&stopped);
}
