//! Which interfaces without Ethernet headers are watched, and what is said of the others.

use std::process::Command;

use netmon_testkit::frames::build::prelude::*;
use netmon_testkit::lab::{Event, Namespace, Netmon, PATIENCE, SERVER_V4, Tun, Tunnel};
use serde_json::Value;

use crate::support::{NETMON, ask_refused, start, watch};

/// The names of what is watched.
fn watched(netmon: &Netmon) -> Vec<String> {
    let interfaces = netmon.started().value["interfaces"].as_array().unwrap();
    let names = interfaces
        .iter()
        .map(|interface| interface["name"].as_str().unwrap());
    names.map(str::to_owned).collect()
}

/// Why an interface is not watched.
fn left_out(netmon: &Netmon, name: &str) -> Value {
    let all = netmon.started().value["left_out"].as_array().unwrap();
    let mut of_name = all.iter().filter(|one| one["name"] == name);
    of_name.next().map_or(Value::Null, |one| one["why"].clone())
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn without_an_interface_a_tunnel_with_the_default_route_is_watched_and_all_interfaces_leave_it_out() {
    let hosts = Tunnel::Tun.lay().unwrap();
    let mut by_default = watch(&hosts.client, &[]);
    assert_eq!(watched(&by_default), ["lo", "tunnel"]);
    let all = watch(&hosts.client, &["--all-interfaces"]);
    assert_eq!(watched(&all), ["lo", "cable"]);
    let why = left_out(&all, "tunnel");
    assert!(why.as_str().unwrap().starts_with("is a tunnel: "), "{why}");
    ask_refused(&hosts.client, SERVER_V4, 1);
    by_default.wait_event("incident_opened", PATIENCE).unwrap();
    by_default.stop().unwrap();
    assert_eq!(all.events_named("incident_opened").unwrap().len(), 0);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn xdp_is_never_used_without_ethernet_headers_also_when_it_is_asked_for() {
    let host = Namespace::new("host").unwrap();
    let _tun = Tun::new(&host, "tunnel", false).unwrap();
    for hook in ["auto", "xdp-native", "xdp-generic"] {
        let netmon = start(&host, &["--hook", hook, "--interface", "tunnel"]);
        let told = netmon.interface("tunnel");
        assert_eq!(told["ingress"], "tc", "{told}");
        let why = told["why"].as_str().unwrap();
        assert!(why.contains("no Ethernet header"), "{why}");
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn status_shows_a_tunnel_and_what_was_counted_there() {
    let hosts = Tunnel::Tun.lay().unwrap();
    let _netmon = start(&hosts.client, &["--interface", "tunnel"]);
    ask_refused(&hosts.client, SERVER_V4, 2);
    let text = hosts.client.exec(Command::new(NETMON).arg("status")).unwrap();
    for words in [
        "  tunnel: what arrives by tc, what leaves by ",
        "203.0.113.2: 2 queries, no response, 2 ICMP errors\n",
    ] {
        assert!(text.contains(words), "`{words}` is not in {text}");
    }
}

/// Nobody but this host sends from its addresses: what arrives from one of them was forged, or came back.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn what_arrives_by_a_tunnel_from_an_address_of_this_host_is_not_ours() {
    const IPV4: u16 = 0x0800;
    let host = Namespace::new("host").unwrap();
    let tun = Tun::new(&host, "tunnel", false).unwrap();
    host.add_address(CLIENT.into(), "tunnel").unwrap();
    let mut netmon = start(&host, &["--interface", "tunnel"]);
    // A query each, once from this host's own address.
    for source in [CLIENT, SERVER] {
        let query = frame() / ipv4(source, CLIENT) / udp(40_000, 53) / query("a.test");
        tun.write(IPV4, &query.bytes()[14..]).unwrap();
    }
    let has_both =
        |event: &Event| event.value["totals"]["dns_queries"] == 1 && event.value["totals"]["not_ours"] == 1;
    netmon.wait_for("both packets", PATIENCE, has_both).unwrap();
    netmon.stop().unwrap();
}
