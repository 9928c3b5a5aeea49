//! Each way to see packets, which one is taken, and what is said of it.
mod support;

use std::net::UdpSocket;

use netmon_testkit::lab::{CLIENT_V4, DnsServer, Namespace, SERVER_V4, SERVER_V6, two_hosts};
use support::kernel::{lacks_xdp, tc_link};
use support::{
    PATIENCE, ask_answered, ask_refused, assert_adds_up, assert_counts, assert_nothing_attached, start,
};

/// The hook that is asked for, the one that a veth gets, and whether that is exact.
const HOOKS: [(&str, &str, bool); 4] = [
    ("xdp-native", "xdp-native", true),
    ("xdp-generic", "xdp-generic", false),
    ("tc", "tc", true),
    ("auto", "tc", true),
];

#[test]
#[ignore = "needs root: network namespaces, XDP and TC"]
fn every_hook_counts_alike_and_tells_which_it_is() {
    for (asked, got, exact) in HOOKS {
        if got != "tc" && lacks_xdp() {
            continue;
        }
        let hosts = two_hosts().unwrap();
        let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
        let mut netmon = start(&hosts.client, &["--hook", asked, "--interface", "to-server"]);
        let told = netmon.interface("to-server");
        assert_eq!(told["ingress"], got, "{asked}: {told}");
        assert_eq!(told["egress"], tc_link(), "{asked}: {told}");
        assert_eq!(told["exact"], exact, "{asked}: {told}");
        assert!(!told["why"].as_str().unwrap().is_empty(), "{asked}: {told}");
        for address in [SERVER_V4, SERVER_V6] {
            ask_answered(&hosts.client, address, 2);
        }
        server.stop().unwrap();
        for address in [SERVER_V4, SERVER_V6] {
            ask_refused(&hosts.client, address, 2);
        }
        let stopped = netmon.stop().unwrap();
        for address in [SERVER_V4, SERVER_V6] {
            assert_counts(&stopped, address, 4, 2, 2);
        }
        assert_adds_up(&stopped);
        assert_eq!(
            netmon.events_named("incident_opened").unwrap().len(),
            2,
            "{asked}"
        );
        assert_nothing_attached(&hosts.client);
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn without_an_interface_the_default_route_and_lo_are_watched() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = start(&hosts.client, &[]);
    let names: Vec<&str> = netmon.started().value["interfaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|interface| interface["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["lo", "to-server"]);
    assert_eq!(netmon.interface("lo")["ingress"], "tc");
    assert_eq!(netmon.interface("lo")["egress"], "none");
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    netmon.stop().unwrap();
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn what_crosses_lo_is_counted_once() {
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.client, &["127.0.0.1".parse().unwrap()]).unwrap();
    let mut netmon = start(&hosts.client, &["--interface", "lo"]);
    ask_answered(&hosts.client, "127.0.0.1".parse().unwrap(), 3);
    let stopped = netmon.stop().unwrap();
    assert_counts(&stopped, "127.0.0.1".parse().unwrap(), 3, 3, 0);
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn all_interfaces_are_the_lowest_ones_and_the_others_are_named() {
    let hosts = two_hosts().unwrap();
    hosts.client.ip("link add bridge0 type bridge").unwrap();
    hosts.client.ip("link set bridge0 up").unwrap();
    let mut netmon = start(&hosts.client, &["--all-interfaces"]);
    let started = &netmon.started().value;
    let names: Vec<&str> = started["interfaces"]
        .as_array()
        .unwrap()
        .iter()
        .map(|interface| interface["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["lo", "to-server"]);
    let left_out = &started["left_out"][0];
    assert_eq!(left_out["name"], "bridge0", "{started:#}");
    assert!(
        left_out["why"].as_str().unwrap().contains("bridge"),
        "{started:#}"
    );
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn packets_as_large_as_the_mtu_pass_and_are_counted_at_each_hook() {
    /// Of IPv4 and UDP.
    const HEADERS: usize = 20 + 8;
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let bind = |host: &Namespace, at| host.enter(|| UdpSocket::bind(at)).unwrap().unwrap();
    let (client, server) = (
        bind(&hosts.client, (CLIENT_V4, 5_300)),
        bind(&hosts.server, (SERVER_V4, 5_300)),
    );
    for end in [&client, &server] {
        end.set_read_timeout(Some(PATIENCE)).unwrap();
    }
    let hooks = if lacks_xdp() {
        &["tc"][..]
    } else {
        &["xdp-native", "xdp-generic", "tc"]
    };
    for mtu in [1_500, 3_500, 9_000] {
        for (host, name) in [(&hosts.client, "to-server"), (&hosts.server, "to-client")] {
            host.ip(&format!("link set {name} mtu {mtu}")).unwrap();
        }
        for hook in hooks {
            let mut netmon = start(&hosts.client, &["--hook", hook, "--interface", "to-server"]);
            assert_eq!(netmon.interface("to-server")["ingress"], *hook);
            ask_answered(&hosts.client, SERVER_V4, 1);
            let sent = vec![0x5a; mtu - HEADERS];
            let mut buffer = [0; 9_000];
            for (from, to) in [(&server, &client), (&client, &server)] {
                from.send_to(&sent, to.local_addr().unwrap()).unwrap();
                let len = to.recv(&mut buffer).unwrap();
                assert!(buffer[..len] == sent, "{len} bytes at {hook}, MTU {mtu}");
            }
            let stopped = netmon.stop().unwrap();
            assert_counts(&stopped, SERVER_V4, 1, 1, 0);
            assert_adds_up(&stopped);
            let bytes = stopped.value["totals"]["bytes"].as_u64().unwrap();
            assert!(bytes > 2 * mtu as u64, "{bytes} bytes at {hook}, MTU {mtu}");
        }
    }
}
