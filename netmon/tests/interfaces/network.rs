//! What else changes: other interfaces, routes, addresses, programs of others.

use netmon_testkit::lab::{SERVER_V4, cable, two_hosts};

use crate::support::{
    ask_refused, assert_adds_up, assert_counts, assert_nothing_attached, destination, start,
};
use crate::{A_WHILE, await_warning, words};
use std::net::{IpAddr, Ipv4Addr};

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn all_interfaces_are_those_that_appear_later_too_except_excluded_ones() {
    let hosts = two_hosts().unwrap();
    let arguments = ["--all-interfaces", "--exclude", "lo", "--exclude", "guest*"];
    let mut netmon = start(&hosts.client, &arguments);
    assert_eq!(netmon.started().value["left_out"][0]["name"], "lo");
    for (name, other) in [("guest0", "g"), ("extra", "e")] {
        hosts
            .client
            .ip(&format!(
                "link add {name} type veth peer name {other} netns {}",
                hosts.server.name()
            ))
            .unwrap();
    }
    await_warning(&netmon, "interface_attached", "extra");
    // An excluded name lets go, another one is watched.
    hosts.client.ip("link set extra name guest1").unwrap();
    await_warning(&netmon, "interface_left", "extra");
    hosts.client.ip("link set guest0 name extra").unwrap();
    std::thread::sleep(A_WHILE);
    netmon.stop().unwrap();
    assert_eq!(
        words(&netmon),
        ["interface_attached", "interface_left", "interface_attached"]
    );
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn the_default_route_is_followed() {
    let hosts = two_hosts().unwrap();
    let other: IpAddr = Ipv4Addr::new(192, 0, 2, 2).into();
    cable((&hosts.client, "uplink"), (&hosts.server, "downlink")).unwrap();
    hosts
        .client
        .add_address("192.0.2.1".parse().unwrap(), "uplink")
        .unwrap();
    hosts.server.add_address(other, "downlink").unwrap();
    let mut netmon = start(&hosts.client, &[]);
    ask_refused(&hosts.client, SERVER_V4, 1);
    hosts.client.ip("-6 route delete default").unwrap();
    hosts.client.ip("route replace default dev uplink").unwrap();
    await_warning(&netmon, "interface_attached", "uplink");
    ask_refused(&hosts.client, other, 1);
    std::thread::sleep(A_WHILE);
    let stopped = netmon.stop().unwrap();
    assert_eq!(words(&netmon), ["interface_left", "interface_attached"]);
    for address in [SERVER_V4, other] {
        assert_counts(&stopped, address, 1, 0, 1);
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_address_that_the_host_gets_later_is_its_own() {
    let hosts = two_hosts().unwrap();
    let new: IpAddr = Ipv4Addr::new(192, 51, 100, 77).into();
    hosts.server.ip("route add 192.51.100.77 dev to-client").unwrap();
    let mut netmon = start(&hosts.client, &["--interface", "to-server"]);
    hosts.client.add_address(new, "to-server").unwrap();
    std::thread::sleep(A_WHILE);
    // A scanner asks this host, which serves no DNS.
    ask_refused(&hosts.server, new, 2);
    let stopped = netmon.stop().unwrap();
    assert_eq!(
        stopped.value["totals"]["not_served"], 2,
        "{:#}",
        stopped.value["totals"]
    );
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 0);
    assert_eq!(destination(&stopped, new)["dns_unreachable"]["port"], 2);
}

#[test]
#[ignore = "needs root: network namespaces, XDP and TC"]
fn a_foreign_xdp_program_is_passed_by_and_named() {
    for foreign in ["xdp-native", "xdp-generic"] {
        let hosts = two_hosts().unwrap();
        // A tap has native XDP, and `auto` would take it.
        for name in ["tap0", "tap1"] {
            hosts.client.ip(&format!("tuntap add {name} mode tap")).unwrap();
        }
        let mut other = start(&hosts.client, &["--hook", foreign, "--interface", "tap0"]);
        let mut netmon = start(&hosts.client, &["--interface", "tap0", "--interface", "tap1"]);
        assert_eq!(netmon.interface("tap1")["ingress"], "xdp-native");
        let told = netmon.interface("tap0");
        let why = told["why"].as_str().unwrap();
        assert_eq!(told["ingress"], "tc", "{told}");
        assert!(
            why.contains("another program (id ") && why.contains("does not replace it"),
            "{told}"
        );
        let links = hosts.client.ip("-details link show tap0").unwrap();
        assert_eq!(links.matches("prog/xdp").count(), 1, "it is still there: {links}");
        netmon.stop().unwrap();
        other.stop().unwrap();
        assert_nothing_attached(&hosts.client);
    }
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn an_interface_that_cannot_be_watched_is_told_once_and_tried_again_when_it_has_changed() {
    let hosts = two_hosts().unwrap();
    hosts.client.ip("tuntap add hidden mode tap").unwrap();
    let hook = ["--hook", "xdp-native"];
    let mut other = start(&hosts.client, &[&hook[..], &["--interface", "hidden"]].concat());
    let arguments = ["--all-interfaces", "--exclude", "hidden"];
    let mut netmon = start(&hosts.client, &[&hook[..], &arguments].concat());
    hosts.client.ip("link set hidden name seen").unwrap();
    await_warning(&netmon, "interface_not_attached", "seen");
    // News of other things do not repeat it.
    hosts.client.ip("link set lo mtu 60000").unwrap();
    std::thread::sleep(A_WHILE);
    other.stop().unwrap();
    hosts.client.ip("link set seen name free").unwrap();
    await_warning(&netmon, "interface_attached", "free");
    netmon.stop().unwrap();
    assert_eq!(words(&netmon), ["interface_not_attached", "interface_attached"]);
    assert_nothing_attached(&hosts.client);
}
