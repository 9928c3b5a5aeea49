//! Who tries to blind netmon by filling its tables: forged errors from outside, a client that asks thousands of addresses, a
//! process on this host. What happens to others meanwhile is reported, and nothing else.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    CLIENT_V4, DnsServer, Event, Forger, Namespace, Netmon, SERVER_V4, TYPE_A, query, two_hosts, with_router,
};
use serde_json::Value;

use crate::load::number;
use crate::support::incident::assert_no_incident;
use crate::support::{PATIENCE, ask_answered, ask_refused, assert_counts, assert_sums, destination, start};

/// More than there are places.
const LIES: u32 = 8_300;

/// An error about a query that the client never sent, to a server somewhere.
fn lie(number: u32) -> (Vec<u8>, IpAddr) {
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

/// One query to each of so many addresses, which do not answer.
fn ask_each(client: &Namespace, first: Ipv4Addr, servers: u32, pause: Duration) {
    let message = query(7, "blind.test", TYPE_A);
    let socket = client.udp_socket().unwrap();
    for server in 0..servers {
        let to = SocketAddr::from((Ipv4Addr::from_bits(first.to_bits() + server), 53));
        // Of a closed port on this host the socket learns at its next packet.
        while socket.send_to(&message, to).is_err() {}
        sleep(pause);
    }
}

fn warnings<'a>(events: &'a [Event], word: &str) -> Vec<&'a Value> {
    let warnings = events.iter().filter(|event| event.name() == "warning");
    warnings
        .map(|event| &event.value)
        .filter(|value| value["warning"] == *word)
        .collect()
}

/// The destinations that have places, and those that may have them.
fn retired_and_overflow(stopped: &Event) -> (u64, u64) {
    let totals = &stopped.value["totals"];
    (number(&totals["retired"]), number(&totals["overflow"]))
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn forged_errors_take_no_place_of_a_server_that_is_asked_later() {
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = start(&hosts.client, &["--interface", "to-server"]);
    let forger = Forger::new(&hosts.server).unwrap();
    for number in 0..LIES {
        let (packet, to) = lie(number);
        forger.send(&packet, to).unwrap();
    }
    for _ in 0..4 {
        ask_answered(&hosts.client, SERVER_V4, 1);
        sleep(Duration::from_secs(8));
    }
    assert_no_incident(&netmon);
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    assert_counts(&stopped, SERVER_V4, 4, 4, 0);
    assert_eq!(destination(&stopped, SERVER_V4)["latency_us"]["count"], 4);
    let (retired, overflow) = retired_and_overflow(&stopped);
    assert!(
        retired + overflow > u64::from(LIES) / 2,
        "hardly anything was forged"
    );
}

/// A client has asked 10,000 addresses: a server that is new then is silent, is down, and answers.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn after_a_client_has_asked_ten_thousand_addresses_new_servers_are_judged_as_ever() {
    let hosts = with_router().unwrap();
    hosts.server.limit_no_errors().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    // What is nowhere is dropped without a word.
    hosts.router.ip("route add blackhole 10.0.0.0/8").unwrap();
    let mut netmon = start(&hosts.client, &["--interface", "to-router"]);
    ask_each(&hosts.client, Ipv4Addr::new(10, 2, 0, 1), 10_000, Duration::ZERO);
    netmon
        .wait_for("the warning", PATIENCE, |event| {
            event.name() == "warning"
                && event.value["warning"] == "table_pressure"
                && event.value["state"] == "started"
        })
        .unwrap();
    sleep(Duration::from_secs(1));
    ask_answered(&hosts.client, SERVER_V4, 3);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 2);
    let opened = netmon.wait_event("incident_opened", PATIENCE).unwrap();
    assert_eq!(opened.incident()["server"], SERVER_V4.to_string());
    assert_eq!(opened.incident()["kind"], "unreachable");
    assert!(opened.incident()["verified"].as_u64().unwrap() > 0);
    netmon
        .wait_for("the end of the warning", 3 * PATIENCE, |event| {
            event.name() == "warning"
                && event.value["warning"] == "table_pressure"
                && event.value["state"] == "over"
        })
        .unwrap();
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    assert_counts(&stopped, SERVER_V4, 5, 3, 2);
    assert_eq!(destination(&stopped, SERVER_V4)["latency_us"]["count"], 3);
}

/// A process without rights asks 4,300 of this host's own addresses, where nobody listens.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_process_that_asks_thousands_of_own_addresses_hides_no_outage() {
    let hosts = two_hosts().unwrap();
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
    let mut netmon: Netmon = start(&hosts.client, &arguments);
    ask_answered(&hosts.client, SERVER_V4, 3);
    ask_each(
        &hosts.client,
        Ipv4Addr::new(127, 9, 0, 1),
        4_300,
        Duration::from_micros(500),
    );
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 2);
    let of = |server: &'static str| {
        move |event: &Event| event.name() == "incident_opened" && event.value["incident"]["server"] == server
    };
    netmon
        .wait_for("the known server's outage", PATIENCE, of("203.0.113.2"))
        .unwrap();
    ask_refused(&hosts.client, IpAddr::from([127, 0, 0, 1]), 2);
    netmon
        .wait_for("the named server's outage", PATIENCE, of("127.0.0.1"))
        .unwrap();
    let events = netmon.events().unwrap();
    assert_eq!(warnings(&events, "many_servers").len(), 1);
    let opened = events
        .iter()
        .filter(|event| event.name() == "incident_opened")
        .count();
    assert!(opened < 10, "{opened} incidents opened");
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
}
