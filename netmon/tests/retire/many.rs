//! Many servers, one after the other: the latency of a new one is measured, and memory stays bounded.

use std::net::Ipv4Addr;
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::lab::{Crowd, Event, Hook, Rules, two_hosts, with_router};
use netmon_testkit::resources::Resources;

use crate::blinded::ask_each;
use crate::support::{assert_sums, destination, start, watch};

/// Servers that answer, many more than there are places for latency.
const ANSWERING: u32 = 900;

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn latency_of_a_new_server_is_measured_after_nine_hundred_others() {
    /// More than one, because some are measured already while the others still make room.
    const NEW: u32 = 20;
    const TIMES: u32 = 3;
    let hosts = two_hosts().unwrap();
    let mut netmon = start(&hosts.client, &["--interface", "to-server"]);
    Crowd::new(&hosts, 1, ANSWERING).unwrap().ask_all().unwrap();
    // Places become free at a poll.
    sleep(Duration::from_secs(3));
    let new = Crowd::new(&hosts, ANSWERING + 1, NEW).unwrap();
    for _ in 0..TIMES {
        new.ask_all().unwrap();
    }
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    for number in ANSWERING + 1..=ANSWERING + NEW {
        let counts = destination(&stopped, Crowd::address(number).into());
        assert_eq!(counts["latency_us"]["count"], TIMES, "{counts:#}");
    }
}

/// A client asks one address after the other, and a router's firewall rejects each query.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn verified_errors_about_thousands_of_servers_leave_memory_bounded() {
    const SERVERS: u32 = 28_000;
    /// What the second time may take more than the first one. Where each server was remembered, it was 21 MiB.
    const MOST_KIB: u64 = 4_096;
    let hosts = with_router().unwrap();
    hosts.router.limit_no_errors().unwrap();
    hosts.router.ip("route add 10.0.0.0/8 via 203.0.113.2").unwrap();
    let _rules = Rules::new(&hosts.router, Hook::Forward, &["ip daddr 10.0.0.0/8 reject"]).unwrap();
    let mut netmon = watch(&hosts.client, &["--interface", "to-router"]);
    let socket = hosts.client.udp_socket().unwrap();
    let mut after = Vec::new();
    for first in [Ipv4Addr::new(10, 1, 0, 1), Ipv4Addr::new(10, 3, 0, 1)] {
        ask_each(&socket, first, SERVERS, Duration::from_micros(100));
        // What was opened is over, and places are free again.
        sleep(Duration::from_secs(3));
        after.push(Resources::of(netmon.process().id()).unwrap().resident_kib);
    }
    println!("{after:?} KiB");
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    let errors = stopped.value["totals"]["dns_unreachable"].as_u64().unwrap();
    assert!(errors > u64::from(SERVERS), "hardly any errors came: {errors}");
    assert!(after[1] < after[0] + MOST_KIB, "{after:?} KiB");
    let opened = netmon.events_named("incident_opened").unwrap();
    assert!(
        opened.len() <= 4,
        "{:?}",
        opened.iter().map(Event::incident).collect::<Vec<_>>()
    );
}
