//! A packet is counted once, and is one exchange, also where several watched interfaces carry it.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]
mod support;

use std::net::{IpAddr, UdpSocket};
use std::thread;
use std::time::Duration;

use netmon_testkit::lab::{
    CLIENT_V4, CLIENT_V6, DnsServer, Namespace, SERVER_V4, SERVER_V6, TYPE_A, cable, query, two_hosts,
};
use support::{ask_answered, ask_refused, assert_adds_up, assert_counts, start};

/// Nobody's, on the servers' link.
const SILENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));

fn on_link(host: &Namespace, interface: &str, addresses: [IpAddr; 2]) {
    for address in addresses {
        host.add_address(address, interface).unwrap();
        let family = if address.is_ipv6() { "-6" } else { "-4" };
        host.ip(&format!("{family} route add default dev {interface}"))
            .unwrap();
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn what_a_bridge_floods_to_two_ports_is_counted_once() {
    let [host, server, bystander] =
        ["client", "server", "bystander"].map(|name| Namespace::new(name).unwrap());
    // It never remembers who is where.
    host.ip("link add link0 type bridge stp_state 0 mcast_snooping 0 ageing_time 0")
        .unwrap();
    host.ip("link set link0 up").unwrap();
    for (port, other) in [("to-server", &server), ("to-bystander", &bystander)] {
        cable((&host, port), (other, "to-client")).unwrap();
        host.ip(&format!("link set {port} master link0")).unwrap();
    }
    on_link(&host, "link0", [CLIENT_V4, CLIENT_V6]);
    on_link(&server, "to-client", [SERVER_V4, SERVER_V6]);
    host.ip(&format!(
        "neigh add {SILENT} lladdr 02:00:00:00:00:09 dev link0 nud permanent"
    ))
    .unwrap();
    let mut dns = DnsServer::new(&server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = start(
        &host,
        &["--interface", "to-server", "--interface", "to-bystander"],
    );
    for address in [SERVER_V4, SERVER_V6] {
        ask_answered(&host, address, 3);
    }
    // The same query, sent again, is another one.
    let socket = host.enter(|| UdpSocket::bind((CLIENT_V4, 0))).unwrap().unwrap();
    for _ in 0..4 {
        socket
            .send_to(&query(7, "again.test", TYPE_A), (SILENT, 53))
            .unwrap();
        thread::sleep(Duration::from_millis(20));
    }
    dns.stop().unwrap();
    for address in [SERVER_V4, SERVER_V6] {
        ask_refused(&host, address, 2);
    }
    let stopped = netmon.stop().unwrap();
    for address in [SERVER_V4, SERVER_V6] {
        assert_counts(&stopped, address, 5, 3, 2);
    }
    assert_counts(&stopped, SILENT, 4, 0, 0);
    assert_adds_up(&stopped);
    let opened = netmon.events_named("incident_opened").unwrap();
    assert_eq!(opened.len(), 2, "{opened:#?}");
}

#[test]
#[ignore = "needs root: network namespaces, XDP and TC"]
fn what_a_macvlan_device_and_its_card_carry_is_counted_once() {
    for hook in ["auto", "tc", "xdp-generic"] {
        let hosts = two_hosts().unwrap();
        let host = &hosts.client;
        host.ip("addr flush dev to-server").unwrap();
        host.ip("-6 route del default").unwrap();
        host.ip("link add link to-server name upper type macvlan mode bridge")
            .unwrap();
        host.ip("link set upper up").unwrap();
        on_link(host, "upper", [CLIENT_V4, CLIENT_V6]);
        let mut dns = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
        let mut netmon = start(
            host,
            &["--hook", hook, "--interface", "to-server", "--interface", "upper"],
        );
        for address in [SERVER_V4, SERVER_V6] {
            ask_answered(host, address, 3);
        }
        dns.stop().unwrap();
        for address in [SERVER_V4, SERVER_V6] {
            ask_refused(host, address, 2);
        }
        let stopped = netmon.stop().unwrap();
        for address in [SERVER_V4, SERVER_V6] {
            assert_counts(&stopped, address, 5, 3, 2);
        }
        assert_adds_up(&stopped);
        assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 2, "{hook}");
    }
}
