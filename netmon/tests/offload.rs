//! Segmentation offload: one super-packet passes the stack for many packets on the wire, and each of these is
//! counted.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod support;

use std::net::{IpAddr, UdpSocket};

use netmon_testkit::lab::{CLIENT_V4, CLIENT_V6, SERVER_V4, SERVER_V6, TYPE_A, TwoHosts, query, two_hosts};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::UdpGsoSegment;
use support::{assert_adds_up, destination, start};

/// Datagrams that are sent.
const DATAGRAMS: u64 = 10_000;
/// Datagrams in one call of `send`; 64 are the most that Linux takes.
const PER_CALL: usize = 50;

/// Sends the datagrams by `UDP_SEGMENT` (udp(7)), all of one size.
fn send_segmented(hosts: &TwoHosts, client: IpAddr, server: IpAddr) {
    let socket = hosts
        .client
        .enter(|| UdpSocket::bind((client, 0)))
        .unwrap()
        .unwrap();
    socket.connect((server, 53)).unwrap();
    let message = query(7, "a-name-of-some-length.segmented.test", TYPE_A);
    setsockopt(&socket, UdpGsoSegment, &i32::try_from(message.len()).unwrap()).unwrap();
    let super_packet = message.repeat(PER_CALL);
    let calls = usize::try_from(DATAGRAMS).unwrap() / PER_CALL;
    for _ in 0..calls {
        assert_eq!(socket.send(&super_packet).unwrap(), super_packet.len());
    }
}

/// Sends them, and says how many queries the client's host and the server's host counted.
fn count(hook: &str, client: IpAddr, server: IpAddr) -> [u64; 2] {
    let hosts = two_hosts().unwrap();
    // Somebody must listen, or there would be errors; nobody needs to read.
    let _listener = hosts
        .server
        .enter(|| UdpSocket::bind((server, 53)))
        .unwrap()
        .unwrap();
    let mut receiver = start(&hosts.server, &["--hook", hook, "--interface", "to-client"]);
    let exact = receiver.interface("to-client")["exact"].as_bool().unwrap();
    assert_eq!(exact, hook != "xdp-generic", "{hook}");
    // TC, so that this end's program does not change how the other end sends.
    let mut sender = start(&hosts.client, &["--hook", "tc", "--interface", "to-server"]);
    send_segmented(&hosts, client, server);
    [&mut sender, &mut receiver].map(|netmon| {
        let stopped = netmon.stop().unwrap();
        assert_adds_up(&stopped);
        destination(&stopped, server)["dns_queries"].as_u64().unwrap()
    })
}

#[test]
#[ignore = "needs root: network namespaces, XDP and TC"]
fn every_segment_of_a_super_packet_is_counted_where_it_leaves_and_where_it_arrives() {
    for (client, server) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        for hook in ["xdp-native", "tc"] {
            let [sent, received] = count(hook, client, server);
            assert_eq!(
                sent, DATAGRAMS,
                "{hook}: counted where they leave, toward {server}"
            );
            assert_eq!(
                received, DATAGRAMS,
                "{hook}: counted where they arrive, at {server}"
            );
        }
    }
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn generic_xdp_cannot_know_and_says_so() {
    let [sent, received] = count("xdp-generic", CLIENT_V4, SERVER_V4);
    assert_eq!(sent, DATAGRAMS);
    // The stack hands super-packets to the program, and nothing in its context says of how many they are. If
    // a kernel one day cuts them up before, this hook is exact and should say so.
    assert_eq!(received, DATAGRAMS / u64::try_from(PER_CALL).unwrap());
}
