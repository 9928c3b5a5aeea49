//! Each way to see packets, which one is taken, and what is said of it.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::net::UdpSocket;
use std::process::Command;

use netmon::kernel::clsact::takes_what_leaves;
use netmon_testkit::lab::{
    CLIENT_V4, DnsServer, Namespace, Netmon, Position, SERVER_V4, SERVER_V6, Seen, TcxProgram, two_hosts,
};
use nix::net::if_::if_nametoindex;
use serde_json::Value;
use support::kernel::{has_tcx, lacks_tcx, lacks_xdp, tc_link};
use support::{
    PATIENCE, ask_answered, ask_refused, assert_adds_up, assert_counts, assert_nothing_attached, destination,
    start,
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

/// Most programs at TCX end with a verdict, after which no later one runs.
#[test]
#[ignore = "needs root: network namespaces and TCX"]
fn netmon_sees_all_packets_where_programs_of_others_are_at_tcx_that_let_no_later_one_run() {
    if lacks_tcx() {
        return;
    }
    for seen in [
        &[Seen::Arriving][..],
        &[Seen::Leaving],
        &[Seen::Arriving, Seen::Leaving],
    ] {
        let hosts = two_hosts().unwrap();
        let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
        let _others: Vec<TcxProgram> = seen
            .iter()
            .map(|seen| {
                TcxProgram::attach(&hosts.client, "to-server", "somebody", *seen, Position::Last).unwrap()
            })
            .collect();
        let mut netmon = start(&hosts.client, &["--hook", "tc", "--interface", "to-server"]);
        ask_answered(&hosts.client, SERVER_V4, 2);
        server.stop().unwrap();
        ask_refused(&hosts.client, SERVER_V4, 2);
        netmon.wait_event("incident_opened", PATIENCE).unwrap();
        let stopped = netmon.stop().unwrap();
        assert_counts(&stopped, SERVER_V4, 4, 2, 2);
        assert_adds_up(&stopped);
        assert_eq!(warnings(&netmon, "packets_unseen"), [""; 0], "{seen:?}");
    }
}

/// The states of the warnings of that kind.
fn warnings(netmon: &Netmon, word: &str) -> Vec<String> {
    let told = netmon.events_named("warning").unwrap();
    told.iter()
        .map(|event| &event.value)
        .filter(|value| value.get("warning").is_some_and(|is| is == word))
        .map(|value| {
            value
                .get("state")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        })
        .collect()
}

/// Before Linux 6.6 an `ingress` qdisc takes a filter for what leaves, and runs it for what arrives.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn only_the_qdisc_ingress_takes_nothing_that_leaves() {
    let hosts = two_hosts().unwrap();
    let index = hosts
        .client
        .enter(|| if_nametoindex("to-server"))
        .unwrap()
        .unwrap();
    let asked = || hosts.client.enter(|| takes_what_leaves(index)).unwrap();
    assert!(asked(), "where there is none, netmon makes one");
    for (qdisc, expected) in [("clsact", true), ("ingress", false)] {
        tc(&hosts.client, &format!("qdisc add dev to-server {qdisc}"));
        // Another interface has another one.
        let other = if expected { "ingress" } else { "clsact" };
        tc(&hosts.client, &format!("qdisc add dev lo {other}"));
        assert_eq!(asked(), expected, "{qdisc}");
        tc(&hosts.client, &format!("qdisc del dev lo {other}"));
        tc(&hosts.client, &format!("qdisc del dev to-server {qdisc}"));
    }
}

fn tc(host: &Namespace, arguments: &str) {
    let mut tc = Command::new("tc");
    host.exec(tc.args(arguments.split(' '))).unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn beside_an_ingress_qdisc_what_leaves_is_seen_by_tcx_and_else_said_to_be_unseen_until_it_is_gone() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    tc(&hosts.client, "qdisc add dev to-server ingress");
    let mut netmon = start(&hosts.client, &["--hook", "tc", "--interface", "to-server"]);
    let told = netmon.interface("to-server");
    if has_tcx() {
        assert_eq!(told["egress"], "tcx", "{told}");
        ask_answered(&hosts.client, SERVER_V4, 2);
        server.stop().unwrap();
        ask_refused(&hosts.client, SERVER_V4, 2);
        netmon.wait_event("incident_opened", PATIENCE).unwrap();
        let stopped = netmon.stop().unwrap();
        assert_counts(&stopped, SERVER_V4, 4, 2, 2);
        assert_eq!(warnings(&netmon, "packets_unseen"), [""; 0]);
        return;
    }
    assert_eq!(told["egress"], "none", "{told}");
    assert!(told["why"].as_str().unwrap().contains("`ingress`"), "{told}");
    netmon
        .wait_for("packets_unseen", PATIENCE, |event| {
            event.value["warning"] == "packets_unseen"
        })
        .unwrap();
    ask_answered(&hosts.client, SERVER_V4, 2);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 2);
    netmon
        .wait_for("unverified_error", PATIENCE, |event| {
            event.value["warning"] == "unverified_error"
        })
        .unwrap();
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 0);
    tc(&hosts.client, "qdisc del dev to-server ingress");
    netmon
        .wait_for("the end of packets_unseen", PATIENCE, |event| {
            event.value["warning"] == "packets_unseen" && event.value["state"] == "over"
        })
        .unwrap();
    ask_refused(&hosts.client, SERVER_V4, 2);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    let stopped = netmon.stop().unwrap();
    let counts = destination(&stopped, SERVER_V4);
    assert_eq!(counts["dns_queries"], 2, "{counts:#}");
    assert_eq!(counts["dns_responses"], 2, "{counts:#}");
    assert_eq!(warnings(&netmon, "packets_unseen"), ["started", "over"]);
    assert_eq!(warnings(&netmon, "interface_attached").len(), 1);
    assert_nothing_attached(&hosts.client);
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
