//! Whatever netmon does, each packet between two hosts arrives, once, in order and as it was sent: also while its programs are attached,
//! replaced and taken away.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may die of a surprise"
)]

mod support;

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{CLIENT_V4, End, Namespace, Netmon, SERVER_V4, TYPE_A, TwoHosts, query, two_hosts};
use nix::sys::signal::Signal;
use nix::sys::socket::{setsockopt, sockopt::RcvBufForce};
use support::kernel::{lacks_tcx, lacks_xdp};
use support::pins::Directory;
use support::{NETMON, PATIENCE, assert_nothing_attached, start};

/// How many packets are sent in one go, and how often.
const BATCH: u64 = 5;
const EVERY: Duration = Duration::from_millis(5);
/// How long is waited for a packet until it is looked whether there will be one.
const STEP: Duration = Duration::from_millis(20);

/// The n-th packet of a stream. To port 53 it is a query, else a number and as many bytes as fit, or as few.
fn packet(n: u64, port: u16) -> Vec<u8> {
    if port == 53 {
        return query(n as u16, &format!("n{n}.harmless.test"), TYPE_A);
    }
    let mut packet = n.to_be_bytes().to_vec();
    let len = 8 + usize::try_from(n * 37 % 1_400).unwrap();
    packet.extend((8..len).map(|place| (place as u64 * n) as u8));
    packet
}

/// Packets from one host to the other, one after the other.
struct Stream<'a> {
    from: &'a Namespace,
    to: &'a Namespace,
    at: SocketAddr,
}

impl Stream<'_> {
    fn socket(host: &Namespace, at: SocketAddr) -> UdpSocket {
        let socket = host.enter(|| UdpSocket::bind(at)).unwrap().unwrap();
        // What the reader has no time for now must not be lost here.
        setsockopt(&socket, RcvBufForce, &(64 << 20)).unwrap();
        socket.set_read_timeout(Some(STEP)).unwrap();
        socket
    }

    /// Sends until it is told to end, and insists that all of it arrives. How many packets it was.
    fn flow(&self, ended: &AtomicBool) -> u64 {
        let receiver = Self::socket(self.to, self.at);
        let sender = self.from.udp_socket().unwrap();
        // Nobody knows how many will come before the last one is sent.
        let sent = AtomicU64::new(u64::MAX);
        thread::scope(|scope| {
            let reading = scope.spawn(|| self.receive(&receiver, &sent));
            let mut n = 0;
            while !ended.load(Ordering::Relaxed) {
                for _ in 0..BATCH {
                    sender.send_to(&packet(n, self.at.port()), self.at).unwrap();
                    n += 1;
                }
                // What was missed is not made up for: so many packets at once would find no room in the cable's queue.
                thread::sleep(EVERY);
            }
            sent.store(n, Ordering::Relaxed);
            reading.join().unwrap();
            n
        })
    }

    fn receive(&self, receiver: &UdpSocket, sent: &AtomicU64) {
        let mut buffer = vec![0; 2_048];
        let (mut next, mut last) = (0, Instant::now());
        while next < sent.load(Ordering::Relaxed) {
            match receiver.recv(&mut buffer) {
                Ok(len) => {
                    let expected = packet(next, self.at.port());
                    assert!(
                        buffer[..len] == expected,
                        "{}: packet {next} came otherwise",
                        self.at
                    );
                    (next, last) = (next + 1, Instant::now());
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    assert!(
                        last.elapsed() < PATIENCE,
                        "{}: packet {next} did not come",
                        self.at
                    );
                }
                Err(error) => panic!("{error}"),
            }
        }
        let more = receiver.recv(&mut buffer);
        assert!(more.is_err(), "{}: a packet that nobody sent", self.at);
    }
}

/// Does it while packets go both ways, and insists that all of them arrive.
fn while_packets_pass(hosts: &TwoHosts, work: impl FnOnce()) {
    let (client, server) = (&hosts.client, &hosts.server);
    let streams = [
        (client, server, SERVER_V4, 53),
        (client, server, SERVER_V4, 9_000),
        (server, client, CLIENT_V4, 9_000),
    ]
    .map(|(from, to, address, port): (_, _, IpAddr, u16)| Stream {
        from,
        to,
        at: SocketAddr::from((address, port)),
    });
    let ended = AtomicBool::new(false);
    let sent: u64 = thread::scope(|scope| {
        let flows: Vec<_> = streams
            .iter()
            .map(|stream| scope.spawn(|| stream.flow(&ended)))
            .collect();
        let end = End(&ended);
        work();
        drop(end);
        flows.into_iter().map(|flow| flow.join().unwrap()).sum()
    });
    println!("{sent} packets arrived");
    assert!(sent > 1_000, "{sent}");
}

fn watch(hosts: &TwoHosts, more: &[&str]) -> [Netmon; 2] {
    [(&hosts.client, "to-server"), (&hosts.server, "to-client")]
        .map(|(host, interface)| start(host, &[&["--interface", interface], more].concat()))
}

fn stop(watching: [Netmon; 2]) {
    for mut netmon in watching {
        let stopped = netmon.stop().unwrap();
        assert!(stopped.value["totals"]["frames"].as_u64().unwrap() > 0);
    }
}

/// Attaches, reloads and detaches, again and again.
fn come_and_go(hook: &str) {
    let hosts = two_hosts().unwrap();
    while_packets_pass(&hosts, || {
        for _ in 0..3 {
            let watching = watch(&hosts, &["--hook", hook]);
            for netmon in &watching {
                netmon.process().signal(Signal::SIGHUP).unwrap();
                netmon.wait_event("reloaded", PATIENCE).unwrap();
            }
            stop(watching);
        }
    });
    for host in [&hosts.client, &hosts.server] {
        assert_nothing_attached(host);
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn no_packet_is_lost_or_changed_while_netmon_comes_reloads_and_goes_at_tc() {
    come_and_go("tc");
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn no_packet_is_lost_or_changed_while_netmon_comes_reloads_and_goes_at_generic_xdp() {
    if !lacks_xdp() {
        come_and_go("xdp-generic");
    }
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn no_packet_is_lost_or_changed_while_netmon_comes_reloads_and_goes_at_native_xdp() {
    if !lacks_xdp() {
        come_and_go("xdp-native");
    }
}

/// As an upgrade does, once also with a netmon that is killed.
#[test]
#[ignore = "needs root: network namespaces, TC and pins"]
fn no_packet_is_lost_or_changed_while_programs_are_replaced_and_detached() {
    if lacks_tcx() {
        return;
    }
    let hosts = two_hosts().unwrap();
    let pins = [Directory::new(), Directory::new()];
    let begin = || {
        let each = [(&hosts.client, "to-server"), (&hosts.server, "to-client")].into_iter();
        let each = each
            .zip(&pins)
            .map(|((host, interface), pins)| start(host, &["--interface", interface, "--pin", pins.text()]));
        each.collect::<Vec<_>>()
    };
    while_packets_pass(&hosts, || {
        for round in 0..3 {
            for mut netmon in begin() {
                if round == 1 {
                    netmon.process().signal(Signal::SIGKILL).unwrap();
                    netmon.wait().unwrap();
                } else {
                    netmon.stop().unwrap();
                }
            }
        }
        for pins in &pins {
            let detach = Command::new(NETMON)
                .args(["detach", "--pin", pins.text()])
                .output();
            assert!(detach.unwrap().status.success());
        }
    });
    for host in [&hosts.client, &hosts.server] {
        assert_nothing_attached(host);
    }
}
