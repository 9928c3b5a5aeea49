//! One packet that leaves or comes by several devices of one host is one packet: flooded by a bridge to several ports, or
//! seen by a macvlan device and by its parent.

use netmon_testkit::lab::{CLIENT_V4, DnsServer, Namespace, Netmon, SERVER_V4, cable};

use crate::support::incident::{Expected, assert_errors, refusal};
use crate::support::{ask_answered, ask_refused, assert_adds_up, destination, watch};
use crate::trouble::assert_exact;

const QUERIES: u32 = 5;

/// Asks a server that answers, and then one that does not; insists that each packet was counted once, and gives back what
/// netmon ends with.
fn each_is_counted_once(client: &Namespace, server: &Namespace, mut netmon: Netmon) {
    server.limit_no_errors().unwrap();
    let mut dns = DnsServer::new(server, &[SERVER_V4]).unwrap();
    ask_answered(client, SERVER_V4, QUERIES);
    dns.stop().unwrap();
    ask_refused(client, SERVER_V4, QUERIES);
    dns.start().unwrap();
    let expected: Expected<'_> = refusal(CLIENT_V4, SERVER_V4);
    let opened = expected.opened(&netmon);
    ask_answered(client, SERVER_V4, 2);
    let closed = expected.closed(&netmon, &opened, "answered");
    assert_errors(&closed, "port", QUERIES.into());
    assert_exact(&closed, QUERIES.into(), 0);
    let stopped = netmon.stop().unwrap();
    let counts = destination(&stopped, SERVER_V4);
    assert_eq!(counts["dns_queries"], 2 * QUERIES + 2, "{counts:#}");
    assert_eq!(counts["dns_responses"], QUERIES + 2, "{counts:#}");
    assert_eq!(counts["dns_unreachable"]["port"], QUERIES, "{counts:#}");
    assert_eq!(counts["latency_us"]["count"], QUERIES + 2, "{counts:#}");
    assert_adds_up(&stopped);
}

/// A client with a bridge that has the client's address, and a port to each of two other hosts.
fn bridged() -> [Namespace; 3] {
    let hosts = ["client", "server", "bystander"].map(|label| Namespace::new(label).unwrap());
    let [client, server, bystander] = &hosts;
    client
        .ip("link add bridge type bridge stp_state 0 mcast_snooping 0")
        .unwrap();
    client.ip("link set bridge up").unwrap();
    for (port, host) in [("port1", server), ("port2", bystander)] {
        cable((client, port), (host, "to-client")).unwrap();
        client.ip(&format!("link set {port} master bridge")).unwrap();
    }
    client.add_address(CLIENT_V4, "bridge").unwrap();
    client.ip("route add default dev bridge").unwrap();
    server.add_address(SERVER_V4, "to-client").unwrap();
    server.ip("route add default dev to-client").unwrap();
    hosts
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_query_that_a_bridge_floods_to_two_ports_is_counted_once() {
    let [client, server, _bystander] = bridged();
    // It never learns behind which port the server is.
    client
        .ip("link set dev port1 type bridge_slave learning off")
        .unwrap();
    let netmon = watch(&client, &["--interface=port1", "--interface=port2"]);
    each_is_counted_once(&client, &server, netmon);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_query_that_a_bridge_sends_to_one_port_is_counted_once() {
    let [client, server, _bystander] = bridged();
    let netmon = watch(&client, &["--interface=port1", "--interface=port2"]);
    each_is_counted_once(&client, &server, netmon);
}

/// A router with the client behind one cable, whose bridge floods what it forwards.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_query_that_a_router_forwards_and_floods_is_counted_once() {
    let [router, server, _bystander] = bridged();
    let client = Namespace::new("behind").unwrap();
    router.ip("address flush dev bridge").unwrap();
    router
        .add_address("203.0.113.1".parse().unwrap(), "bridge")
        .unwrap();
    router
        .ip("link set dev port1 type bridge_slave learning off")
        .unwrap();
    router.set("net/ipv4/ip_forward", "1").unwrap();
    cable((&router, "to-client"), (&client, "to-router")).unwrap();
    router
        .add_address("192.51.100.1".parse().unwrap(), "to-client")
        .unwrap();
    client.add_address(CLIENT_V4, "to-router").unwrap();
    client.ip("route add default via 192.51.100.1").unwrap();
    server.ip("route replace default via 203.0.113.1").unwrap();
    let all = ["--interface=to-client", "--interface=port1", "--interface=port2"];
    let netmon = watch(&router, &all);
    each_is_counted_once(&client, &server, netmon);
}

/// A client whose address is on a macvlan device.
fn macvlan() -> [Namespace; 2] {
    let hosts = ["client", "server"].map(|label| Namespace::new(label).unwrap());
    let [client, server] = &hosts;
    cable((client, "parent"), (server, "to-client")).unwrap();
    client
        .ip("link add link parent name child type macvlan mode bridge")
        .unwrap();
    client.ip("link set child up").unwrap();
    client.add_address(CLIENT_V4, "child").unwrap();
    client.ip("route add default dev child").unwrap();
    server.add_address(SERVER_V4, "to-client").unwrap();
    server.ip("route add default dev to-client").unwrap();
    hosts
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_query_by_a_macvlan_and_its_parent_is_counted_once() {
    let [client, server] = macvlan();
    let netmon = watch(&client, &["--interface=child", "--interface=parent"]);
    each_is_counted_once(&client, &server, netmon);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_query_by_a_macvlan_alone_is_counted_once() {
    let [client, server] = macvlan();
    let netmon = watch(&client, &["--interface=child"]);
    each_is_counted_once(&client, &server, netmon);
}
