//! Who tries to blind netmon by filling its tables: forged errors from outside, a process on this host. What happens to others
//! is reported, and nothing else. A client that asks thousands of addresses has a file of its own (`outages.rs`).

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    CLIENT_V4, DnsServer, Event, Forger, Namespace, Netmon, SERVER_V4, TYPE_A, query, two_hosts,
};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::load::number;
use crate::support::incident::assert_no_incident;
use crate::support::pins::Directory;
use crate::support::{PATIENCE, ask_answered, ask_refused, assert_counts, assert_sums, destination, start};

/// More than there are places.
pub const LIES: u32 = 8_300;

/// An error about a query that the client never sent, to a server somewhere.
pub fn lie(number: u32) -> (Vec<u8>, IpAddr) {
    const PORT_UNREACHABLE: u8 = 3;
    let [_, b, c, d] = number.wrapping_mul(2_654_435_761).to_be_bytes();
    let server = IpAddr::from([10, b, c, d]);
    let message = query(7, "forged.test", TYPE_A);
    let client = SocketAddr::new(CLIENT_V4, 30_000);
    let quoted = query_packet(client, SocketAddr::new(server, 53), &message);
    (
        unreachable(server, CLIENT_V4, PORT_UNREACHABLE, &quoted),
        CLIENT_V4,
    )
}

/// One query from a socket to each of so many addresses, which do not answer.
pub fn ask_each(socket: &UdpSocket, first: Ipv4Addr, servers: u32, pause: Duration) {
    let message = query(7, "blind.test", TYPE_A);
    for server in 0..servers {
        let to = SocketAddr::from((Ipv4Addr::from_bits(first.to_bits() + server), 53));
        // Of a closed port on this host the socket learns at its next packet.
        while socket.send_to(&message, to).is_err() {}
        sleep(pause);
    }
}

pub fn warnings<'a>(events: &'a [Event], word: &str) -> Vec<&'a Value> {
    let warnings = events.iter().filter(|event| event.name() == "warning");
    warnings
        .map(|event| &event.value)
        .filter(|value| value["warning"] == *word)
        .collect()
}

/// The destinations that have places, and those that may have them.
pub fn retired_and_overflow(stopped: &Event) -> (u64, u64) {
    let totals = &stopped.value["totals"];
    (number(&totals["retired"]), number(&totals["overflow"]))
}

/// What nobody asks has taken all the places that it can get.
fn forge(server: &Namespace) {
    let forger = Forger::new(server).unwrap();
    for number in 0..LIES {
        let (packet, to) = lie(number);
        forger.send(&packet, to).unwrap();
    }
}

/// A healthy server that is asked every 8 s: so that it would be reported if its answers were not counted.
fn ask_now_and_then(client: &Namespace, server: IpAddr) {
    for _ in 0..4 {
        ask_answered(client, server, 1);
        sleep(Duration::from_secs(8));
    }
}

/// Nothing is reported, and the server has its own counts.
fn assert_is_well(mut netmon: Netmon, server: IpAddr) {
    assert_no_incident(&netmon);
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    assert_counts(&stopped, server, 4, 4, 0);
    assert_eq!(destination(&stopped, server)["latency_us"]["count"], 4);
    let (retired, overflow) = retired_and_overflow(&stopped);
    assert!(
        retired + overflow > u64::from(LIES) / 2,
        "hardly anything was forged"
    );
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn forged_errors_take_no_place_of_a_server_that_is_asked_later() {
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let netmon = start(&hosts.client, &["--interface", "to-server"]);
    forge(&hosts.server);
    ask_now_and_then(&hosts.client, SERVER_V4);
    assert_is_well(netmon, SERVER_V4);
}

#[test]
#[ignore = "needs root: network namespaces, TC, raw sockets and pins"]
fn forged_errors_take_no_place_of_a_server_that_is_asked_after_a_restart() {
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let pins = Directory::new();
    let arguments = ["--interface", "to-server", "--pin", pins.text()];
    let mut netmon = start(&hosts.client, &arguments);
    forge(&hosts.server);
    netmon.process().signal(Signal::SIGKILL).unwrap();
    netmon.wait().unwrap();
    // The pinned programs count these too.
    forge(&hosts.server);
    let netmon = start(&hosts.client, &arguments);
    ask_now_and_then(&hosts.client, SERVER_V4);
    assert_is_well(netmon, SERVER_V4);
}

/// A process without rights asks 4,300 of this host's own addresses, where nobody listens. After that the outages of a server that
/// was asked before, of one that is new, and of one that is named are reported.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_process_that_asks_thousands_of_own_addresses_hides_no_outage() {
    const NEW: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 3));
    const NAMED: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let hosts = two_hosts().unwrap();
    hosts.server.add_address(NEW, "to-client").unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    hosts.client.limit_no_errors().unwrap();
    let arguments = [
        "--interface",
        "to-server",
        "--interface",
        "lo",
        "--server",
        "127.0.0.1",
    ];
    let mut netmon = start(&hosts.client, &arguments);
    ask_answered(&hosts.client, SERVER_V4, 3);
    for number in 0..4_300 / 4 {
        // From another address each time, as if each were another client.
        let from = Ipv4Addr::from_bits(Ipv4Addr::new(127, 7, 0, 1).to_bits() + number);
        let socket = hosts
            .client
            .enter(|| UdpSocket::bind((from, 0)))
            .unwrap()
            .unwrap();
        let first = Ipv4Addr::from_bits(Ipv4Addr::new(127, 9, 0, 1).to_bits() + 4 * number);
        ask_each(&socket, first, 4, Duration::from_micros(500));
    }
    server.stop().unwrap();
    let outages = [SERVER_V4, NEW, NAMED];
    for server in outages {
        ask_refused(&hosts.client, server, 2);
        let opened = netmon.wait_for("an outage", PATIENCE, |event| {
            event.name() == "incident_opened" && event.incident()["server"] == server.to_string()
        });
        let opened = opened.unwrap();
        let incident = opened.incident();
        assert_eq!(incident["kind"], "unreachable", "{incident:#}");
        assert!(incident["verified"].as_u64() > Some(0), "{incident:#}");
    }
    let events = netmon.events().unwrap();
    assert_eq!(warnings(&events, "many_servers").len(), 1);
    let opened = events.iter().filter(|event| event.name() == "incident_opened");
    let others = opened.filter(|event| {
        !outages
            .iter()
            .any(|one| event.incident()["server"] == one.to_string())
    });
    // Until it is known to ask too many.
    assert!(others.count() <= 4, "{events:#?}");
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    assert_counts(&stopped, NEW, 2, 0, 2);
}
