//! A query that is too long for a link on the way: the router says "fragmentation needed", the client's kernel
//! sends it again in fragments, and all is well.

use std::net::UdpSocket;

use netmon_testkit::lab::{CLIENT_V4, Routed, SERVER_V4, TYPE_A, query, respond, with_router};

use crate::support::incident::assert_no_incident;
use crate::support::{PATIENCE, assert_adds_up, assert_dns_unreachable, destination, watch};

/// Longer than the narrow link, and not than the others.
const LENGTH: usize = 1_400;
const NARROW: &str = "link set to-server mtu 1300";

/// A query that is padded (RFC 7830) to that length.
fn long_query() -> Vec<u8> {
    const OPT: u16 = 41;
    const PADDING: u16 = 12;
    let mut message = query(9, "long.test", TYPE_A);
    if let Some(additional) = message.get_mut(11) {
        *additional = 1;
    }
    // The root's name, type, size of a response, extended rcode and flags, then the option.
    message.push(0);
    message.extend(OPT.to_be_bytes());
    message.extend(1_232_u16.to_be_bytes());
    message.extend([0; 4]);
    let padding = LENGTH - message.len() - 6;
    message.extend(u16::try_from(padding + 4).unwrap().to_be_bytes());
    message.extend(PADDING.to_be_bytes());
    message.extend(u16::try_from(padding).unwrap().to_be_bytes());
    message.resize(LENGTH, 0);
    message
}

fn sockets(hosts: &Routed) -> [UdpSocket; 2] {
    [(&hosts.client, CLIENT_V4, 0), (&hosts.server, SERVER_V4, 53)].map(|(host, address, port)| {
        let socket = host.enter(|| UdpSocket::bind((address, port))).unwrap().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    })
}

// Over IPv6 it is another message ("packet too big"), which is no unreachable at all.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn fragmentation_needed_is_no_outage() {
    let hosts = with_router().unwrap();
    hosts.router.ip(NARROW).unwrap();
    let [client, server] = sockets(&hosts);
    let mut netmon = watch(&hosts.client, &[]);
    client.send_to(&long_query(), (SERVER_V4, 53)).unwrap();
    let mut buffer = [0; 2 * LENGTH];
    // It never comes. By then the client's kernel knows better.
    server
        .set_read_timeout(Some(std::time::Duration::from_millis(500)))
        .unwrap();
    server.recv_from(&mut buffer).unwrap_err();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    client.send_to(&long_query(), (SERVER_V4, 53)).unwrap();
    let (length, from) = server.recv_from(&mut buffer).unwrap();
    assert_eq!(length, LENGTH);
    server.send_to(&respond(&buffer[..64], 0), from).unwrap();
    client.recv_from(&mut buffer).unwrap();

    let stopped = netmon.stop().unwrap();
    assert_no_incident(&netmon);
    assert_dns_unreachable(&stopped, SERVER_V4, "other", 1);
    let counts = destination(&stopped, SERVER_V4);
    assert_eq!(counts["dns_queries"], 2, "{counts:#}");
    assert_eq!(counts["dns_responses"], 1, "{counts:#}");
    assert_eq!(stopped.value["totals"]["fragments"], 1);
    assert_adds_up(&stopped);
}
