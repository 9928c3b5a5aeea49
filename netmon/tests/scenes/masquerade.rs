//! A router that hides its clients behind its own address: the error quotes the address and port that the query
//! left with, which no client ever had.

use netmon_testkit::lab::{DnsServer, FAMILIES, Hook, Rules, SERVER_V4, SERVER_V6, with_router};

use crate::support::incident::{assert_errors, assert_flow, assert_only_errors, refusal};
use crate::support::{ask_answered, ask_refused, assert_adds_up, assert_dns_unreachable, destination, watch};

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_error_that_quotes_a_translated_address_is_verified_all_the_same() {
    let hosts = with_router().unwrap();
    // Ports that no client picks, so that a trace of what the client sent does not fit by chance.
    let translate = ["oifname to-server meta l4proto udp masquerade to :50000-50100"];
    let _rules = Rules::new(&hosts.router, Hook::Translate, &translate).unwrap();
    hosts
        .client
        .set("net/ipv4/ip_local_port_range", "20000 29999")
        .unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let both_sides = ["--interface", "to-client", "--interface", "to-server"];
    let mut netmon = watch(&hosts.router, &both_sides);
    server.stop().unwrap();
    for family in &FAMILIES {
        ask_refused(&hosts.client, family.server, 2);
    }
    // Whom the errors are for, as far as they tell.
    let outside = ["203.0.113.1", "2001:db8:2::1"].map(|address| address.parse().unwrap());
    let expected = [0, 1].map(|family| refusal(outside[family], FAMILIES[family].server));
    let opened = expected.map(|expected| {
        let incident = expected.opened(&netmon);
        assert_only_errors(&incident, "port");
        incident
    });
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
