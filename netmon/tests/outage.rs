//! A DNS server stops and comes back, seen from the client, from the server, and from a router between them,
//! over IPv4 and IPv6. The server is dnsmasq, the clients are dig, the errors are the kernel's own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod support;

use std::net::IpAddr;
use std::time::SystemTime;

use netmon_testkit::lab::{
    CLIENT_V4, CLIENT_V6, DnsServer, Event, Namespace, Netmon, SERVER_V4, SERVER_V6, two_hosts, with_router,
};
use serde_json::json;
use support::incident::{assert_flow, time};
use support::kernel::{lacks_xdp, tc_link};
use support::{
    PATIENCE, ask_answered, ask_refused, assert_adds_up, assert_counts, assert_nothing_attached, start,
};

/// Which host watches, and how.
struct Watched<'a> {
    host: &'a Namespace,
    interfaces: &'a [&'a str],
    hook: &'a str,
}

/// Plays the outage, and insists on everything that netmon says of it.
fn outage(watched: &Watched<'_>, client: &Namespace, server: &mut DnsServer<'_>, addresses: [IpAddr; 2]) {
    let [client_address, server_address] = addresses;
    let hook = if watched.hook != "tc" && lacks_xdp() {
        "tc"
    } else {
        watched.hook
    };
    let mut arguments = vec!["--hook", hook];
    for interface in watched.interfaces {
        arguments.extend(["--interface", interface]);
    }
    let mut netmon = start(watched.host, &arguments);
    for interface in watched.interfaces {
        let told = netmon.interface(interface);
        assert_eq!(told["ingress"], hook, "{told}");
        assert_eq!(told["egress"], tc_link(), "{told}");
        assert_eq!(told["exact"], true, "{told}");
    }

    ask_answered(client, server_address, 2);
    server.stop().unwrap();
    let before = SystemTime::now();
    ask_refused(client, server_address, 3);
    let opened = netmon.wait_event("incident_opened", PATIENCE).unwrap();
    assert_opened(&opened, before, addresses);

    server.start().unwrap();
    ask_answered(client, server_address, 2);
    let closed = netmon.wait_event("incident_closed", PATIENCE).unwrap();
    let incident = closed.incident();
    assert_eq!(incident["id"], opened.incident()["id"]);
    assert_eq!(incident["state"], "closed", "{incident:#}");
    assert_eq!(incident["closed_because"], "answered", "{incident:#}");
    assert_eq!(incident["errors"]["port"], 3, "{incident:#}");
    assert_eq!(incident["verified"], 3, "{incident:#}");
    // Up to the first query that was answered.
    assert_flow(incident, 3, 0);
    assert_eq!(incident["clients"], json!([client_address.to_string()]));
    assert_eq!(
        incident["names"],
        json!(["refused0.test", "refused1.test", "refused2.test"])
    );

    let stopped = netmon.stop().unwrap();
    assert_counts(&stopped, server_address, 7, 4, 3);
    assert_adds_up(&stopped);
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 1);
    assert_eq!(netmon.events_named("warning").unwrap().len(), 0);
    assert_nothing_attached(watched.host);
}

#[track_caller]
fn assert_opened(opened: &Event, before: SystemTime, [client, server]: [IpAddr; 2]) {
    let incident = opened.incident();
    assert_eq!(incident["server"], server.to_string(), "{incident:#}");
    assert_eq!(incident["port"], 53, "{incident:#}");
    assert_eq!(incident["transport"], "udp", "{incident:#}");
    assert_eq!(incident["kind"], "unreachable", "{incident:#}");
    assert_eq!(incident["state"], "open", "{incident:#}");
    assert_eq!(incident["reporters"], json!([server.to_string()]), "{incident:#}");
    assert_eq!(incident["clients"], json!([client.to_string()]), "{incident:#}");
    // What came in the tenth of a second until it was reported counts too.
    assert_eq!(incident["names"][0], "refused0.test", "{incident:#}");
    let queries = incident["queries"].as_u64().unwrap();
    assert!((1..=3).contains(&queries), "{incident:#}");
    // It may be reported between a query and its error.
    let errors = incident["errors"]["port"].as_u64().unwrap();
    assert!((queries - 1..=queries).contains(&errors), "{incident:#}");
    assert_eq!(incident["verified"], errors, "{incident:#}");
    assert_eq!(incident["causes"][0]["cause"], "service-down", "{incident:#}");
    // The first of three queries was sent after `before`.
    assert!(before <= time(&incident["opened"]), "{incident:#}");
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_client_host_sees_its_server_go_and_come_back() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let watched = Watched {
        host: &hosts.client,
        interfaces: &["to-server"],
        hook: "xdp-native",
    };
    outage(&watched, &hosts.client, &mut server, [CLIENT_V4, SERVER_V4]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_client_host_sees_its_server_go_and_come_back_over_ipv6() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V6]).unwrap();
    let watched = Watched {
        host: &hosts.client,
        interfaces: &["to-server"],
        hook: "xdp-native",
    };
    outage(&watched, &hosts.client, &mut server, [CLIENT_V6, SERVER_V6]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_server_host_sees_queries_come_in_and_errors_go_out() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let watched = Watched {
        host: &hosts.server,
        interfaces: &["to-client"],
        hook: "xdp-native",
    };
    outage(&watched, &hosts.client, &mut server, [CLIENT_V4, SERVER_V4]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_server_host_sees_queries_come_in_and_errors_go_out_over_ipv6() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V6]).unwrap();
    let watched = Watched {
        host: &hosts.server,
        interfaces: &["to-client"],
        hook: "xdp-native",
    };
    outage(&watched, &hosts.client, &mut server, [CLIENT_V6, SERVER_V6]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_router_counts_each_packet_once_on_its_two_interfaces() {
    let hosts = with_router().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let watched = Watched {
        host: &hosts.router,
        interfaces: &["to-client", "to-server"],
        hook: "xdp-native",
    };
    outage(&watched, &hosts.client, &mut server, [CLIENT_V4, SERVER_V4]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_router_counts_each_packet_once_on_its_two_interfaces_over_ipv6() {
    let hosts = with_router().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V6]).unwrap();
    let watched = Watched {
        host: &hosts.router,
        interfaces: &["to-client", "to-server"],
        hook: "xdp-native",
    };
    outage(&watched, &hosts.client, &mut server, [CLIENT_V6, SERVER_V6]);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_router_counts_each_packet_once_by_tc_too() {
    let hosts = with_router().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let watched = Watched {
        host: &hosts.router,
        interfaces: &["to-client", "to-server"],
        hook: "tc",
    };
    outage(&watched, &hosts.client, &mut server, [CLIENT_V4, SERVER_V4]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn both_signals_and_a_duration_end_it_with_nothing_left_attached() {
    let hosts = two_hosts().unwrap();
    let arguments = ["--hook", "xdp-native", "--interface", "to-server"];
    for signal in [
        nix::sys::signal::Signal::SIGINT,
        nix::sys::signal::Signal::SIGTERM,
    ] {
        let mut netmon = start(&hosts.client, &arguments);
        netmon.stop_by(signal).unwrap();
        assert_nothing_attached(&hosts.client);
    }
    let mut arguments = arguments.to_vec();
    arguments.extend(["--duration", "1s"]);
    let mut netmon: Netmon = start(&hosts.client, &arguments);
    assert!(netmon.wait().unwrap().success());
    assert_eq!(netmon.events_named("stopped").unwrap().len(), 1);
    assert_nothing_attached(&hosts.client);
}
