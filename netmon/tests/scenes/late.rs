//! A client that no longer listens when the answer comes: its own kernel then sends an error that quotes source port
//! 53, and nothing is wrong with the server.

use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use netmon_testkit::lab::{
    CLIENT_V4, CLIENT_V6, SERVER_V4, SERVER_V6, TYPE_A, TwoHosts, query, respond, two_hosts,
};

use crate::support::incident::assert_no_incident;
use crate::support::{PATIENCE, assert_adds_up, destination, start};

/// The client asks, and no longer listens when the answer comes. (It is not enough to close the socket: a process
/// that another test is starting at this moment has a copy of it.)
fn answer_too_late(hosts: &TwoHosts, client: IpAddr, server: IpAddr) {
    let service = hosts
        .server
        .enter(|| UdpSocket::bind((server, 53)))
        .unwrap()
        .unwrap();
    service.set_read_timeout(Some(PATIENCE)).unwrap();
    let asks = hosts
        .client
        .enter(|| UdpSocket::bind((client, 0)))
        .unwrap()
        .unwrap();
    asks.send_to(&query(7, "late.test", TYPE_A), (server, 53))
        .unwrap();
    let mut buffer = [0; 512];
    let (length, from) = service.recv_from(&mut buffer).unwrap();
    let nobody = (client, 9);
    asks.connect(nobody).unwrap();
    service.send_to(&respond(&buffer[..length], 0), from).unwrap();
}

fn late_response(watch_server: bool) {
    let hosts = two_hosts().unwrap();
    let (host, interface) = if watch_server {
        (&hosts.server, "to-client")
    } else {
        (&hosts.client, "to-server")
    };
    let mut netmon = start(host, &["--hook", "xdp-native", "--interface", interface]);
    for (client, server) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        answer_too_late(&hosts, client, server);
    }
    // The errors come at once; an incident would, too.
    std::thread::sleep(Duration::from_millis(500));
    let stopped = netmon.stop().unwrap();
    for (client, server) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        let of_server = destination(&stopped, server);
        assert_eq!(of_server["dns_queries"], 1, "{of_server:#}");
        assert_eq!(of_server["dns_responses"], 1, "{of_server:#}");
        assert_eq!(of_server["late_responses"], 1, "{of_server:#}");
        assert_eq!(of_server["dns_unreachable"]["port"], 0, "{of_server:#}");
        let of_client = destination(&stopped, client);
        assert_eq!(of_client["icmp_unreachable"]["port"], 1, "{of_client:#}");
        assert_eq!(of_client["dns_unreachable"]["port"], 0, "{of_client:#}");
    }
    assert_eq!(stopped.value["totals"]["late_responses"], 2);
    assert_eq!(stopped.value["totals"]["dns_unreachable"], 0);
    assert_adds_up(&stopped);
    assert_no_incident(&netmon);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn an_answer_that_comes_too_late_is_no_outage_for_the_client_host() {
    late_response(false);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn an_answer_that_comes_too_late_is_no_outage_for_the_server_host() {
    late_response(true);
}
