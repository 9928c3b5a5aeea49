//! A router that hides its clients behind its own address. An error from outside quotes the address and port that the query
//! left with, which no client ever had; one that the router raises itself quotes the client's.

use std::thread;
use std::time::Duration;

use netmon_testkit::lab::{
    CLIENT_V4, DnsServer, FAMILIES, Hook, Namespace, Route, Routed, Rules, SERVER_V4, SERVER_V6, cable,
    with_router,
};
use serde_json::{Value, json};

use crate::support::incident::{Expected, assert_errors, assert_flow, events_of, refusal, since};
use crate::support::{
    ask_answered, ask_failing, ask_refused, assert_adds_up, assert_dns_unreachable, destination,
    in_both_families, watch,
};

const BOTH_SIDES: [&str; 4] = ["--interface", "to-client", "--interface", "to-server"];

/// The router hides its clients, at ports that no client picks, so that a trace of what a client sent does not fit by chance.
fn masquerade(hosts: &Routed) -> Rules<'_> {
    let translate = ["oifname to-server meta l4proto udp masquerade to :50000-50100"];
    hosts
        .client
        .set("net/ipv4/ip_local_port_range", "20000 29999")
        .unwrap();
    Rules::new(&hosts.router, Hook::Translate, &translate).unwrap()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_error_that_quotes_a_translated_address_is_verified_all_the_same() {
    let hosts = with_router().unwrap();
    let _rules = masquerade(&hosts);
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.router, &BOTH_SIDES);
    server.stop().unwrap();
    for family in &FAMILIES {
        ask_refused(&hosts.client, family.server, 2);
    }
    // Whom the errors are for, as far as they tell.
    let outside = ["203.0.113.1", "2001:db8:2::1"].map(|address| address.parse().unwrap());
    let expected = [0, 1].map(|family| refusal(outside[family], FAMILIES[family].server));
    let opened = expected.map(|expected| expected.opened_by(&netmon, "port"));
    server.start().unwrap();
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 2);
    }
    for (expected, opened) in expected.iter().zip(&opened) {
        let closed = expected.closed(&netmon, opened, "answered");
        assert_errors(&closed, "port", 2);
        assert_flow(&closed, 2, 0);
    }
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        assert_dns_unreachable(&stopped, family.server, "port", 2);
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["dns_queries"], 4, "counted once: {counts:#}");
        assert_eq!(counts["latency_us"]["count"], 2, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_error_that_the_router_raises_ends_with_answers_to_the_client_that_it_hides() {
    let hosts = with_router().unwrap();
    let _rules = masquerade(&hosts);
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.router, &BOTH_SIDES);
    // The one who was answered a moment ago is the one who fails.
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 2);
    }
    let routes = ["203.0.113.0/24 dev to-server", "2001:db8:2::/64 dev to-server"];
    let broken = routes.map(|route| Route::removed(&hosts.router, route).unwrap());
    in_both_families(|family| ask_failing(&hosts.client, family.server, 2));
    let expected = FAMILIES.map(|family| Expected {
        cause: "no-route",
        reporter: Some(family.router),
        ..refusal(family.client, family.server)
    });
    let opened = expected.map(|expected| expected.opened_by(&netmon, "net"));
    drop(broken);
    // It goes on asking.
    for _ in 0..3 {
        for family in &FAMILIES {
            ask_answered(&hosts.client, family.server, 1);
        }
        thread::sleep(Duration::from_secs(1));
    }
    for (expected, opened) in expected.iter().zip(&opened) {
        let closed = expected.closed(&netmon, opened, "answered");
        assert_errors(&closed, "net", 2);
        assert_flow(&closed, 2, 0);
        assert_eq!(
            closed["clients"],
            json!([expected.client.to_string()]),
            "{closed:#}"
        );
        let quiet = since(&closed["closed"], &closed["last_seen"]);
        let about_10_s = Duration::from_secs(10)..Duration::from_secs(20);
        assert!(about_10_s.contains(&quiet), "{quiet:?}: {closed:#}");
        let recovered = since(&closed["recovered"], &closed["last_seen"]);
        assert!(recovered < quiet, "{closed:#}");
    }
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        assert_dns_unreachable(&stopped, family.server, "net", 2);
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["dns_queries"], 7, "counted once: {counts:#}");
        assert_eq!(counts["dns_responses"], 5, "{counts:#}");
        assert_eq!(counts["latency_us"]["count"], 5, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

/// The control: behind the router all clients have one address. That others of them are answered says nothing of the one that is
/// rejected.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn answers_to_another_client_behind_the_same_address_end_nothing() {
    let hosts = with_router().unwrap();
    let other = Namespace::new("other").unwrap();
    cable((&other, "to-router"), (&hosts.router, "to-other")).unwrap();
    hosts
        .router
        .add_address([198, 51, 100, 1].into(), "to-other")
        .unwrap();
    other.add_address([198, 51, 100, 7].into(), "to-router").unwrap();
    other.ip("route add default via 198.51.100.1").unwrap();
    let _rules = masquerade(&hosts);
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let all_sides = [&BOTH_SIDES[..], &["--interface", "to-other"]].concat();
    let netmon = watch(&hosts.router, &all_sides);
    ask_answered(&other, SERVER_V4, 2);
    let reject = format!("ip saddr {CLIENT_V4} udp dport 53 reject with icmpx type admin-prohibited");
    let rejecting = Rules::new(&hosts.router, Hook::Forward, &[reject.as_str()]).unwrap();
    ask_failing(&hosts.client, SERVER_V4, 2);
    let expected = Expected {
        server: SERVER_V4,
        transport: "udp",
        kind: "unreachable",
        severity: "degraded",
        cause: "firewall-reject",
        reporter: Some(FAMILIES[0].router),
        client: CLIENT_V4,
    };
    let opened = expected.opened(&netmon);
    // For longer than it takes to close.
    for _ in 0..13 {
        ask_answered(&other, SERVER_V4, 1);
        thread::sleep(Duration::from_secs(1));
    }
    let closed = events_of(&netmon, "incident_closed", SERVER_V4);
    assert!(closed.is_empty(), "{closed:#?}");
    for event in events_of(&netmon, "incident_updated", SERVER_V4) {
        assert_eq!(
            event.incident()["recovered"],
            Value::Null,
            "{:#}",
            event.incident()
        );
    }
    drop(rejecting);
    ask_answered(&hosts.client, SERVER_V4, 2);
    let closed = expected.closed(&netmon, &opened, "answered");
    assert_errors(&closed, "admin", 2);
    assert_eq!(closed["clients"], json!([CLIENT_V4.to_string()]), "{closed:#}");
}
