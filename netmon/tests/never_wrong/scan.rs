//! A client that tries every address of a network in which nobody serves DNS, past a router: it scans, and that is one
//! warning. The outages of servers that are known are reported all the same.

use std::net::{IpAddr, Ipv4Addr};

use netmon_testkit::lab::{Asker, CLIENT_V4, DnsServer, with_router};

use crate::support::doors::{BothDoors, incidents_of};
use crate::support::incident::{events_of, refusal};
use crate::support::{PATIENCE, assert_adds_up};
use crate::trouble::{ask_refused, ask_well, assert_exact, warnings};

/// How many services may fail a client before it is taken for the cause.
const FOR_A_MOMENT: usize = 4;

/// Servers that serve, and then do not.
const SERVERS: u8 = 6;

fn server(number: u8) -> IpAddr {
    Ipv4Addr::new(203, 0, 113, 10 + number).into()
}

fn scanned(number: u8) -> IpAddr {
    Ipv4Addr::new(198, 18, 0, number).into()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_scan_of_a_network_is_one_warning_and_hides_no_outage_of_known_servers() {
    let hosts = with_router().unwrap();
    hosts.server.limit_no_errors().unwrap();
    // One host has all of these addresses.
    hosts.server.ip("route add local 198.18.0.0/24 dev lo").unwrap();
    hosts
        .router
        .ip("route add 198.18.0.0/24 via 203.0.113.2")
        .unwrap();
    let servers: Vec<IpAddr> = (0..SERVERS).map(server).collect();
    for address in &servers {
        hosts.server.add_address(*address, "to-router").unwrap();
    }
    let mut known = DnsServer::new(&hosts.server, &servers).unwrap();
    let mut netmon = BothDoors::open(&hosts.router, &["to-client", "to-server"], &[]);
    let ask = |server| Asker::of(&hosts.client, CLIENT_V4, server).unwrap();
    for address in &servers {
        ask_well(&ask(*address), 1);
    }
    for number in 1..255 {
        ask_refused(&ask(scanned(number)), 1);
    }
    let warning = netmon
        .wait_for("warning of a scan", PATIENCE, |event| {
            event.name() == "warning" && event.value["warning"] == "many_servers"
        })
        .unwrap();
    let message = warning.value["message"].as_str().unwrap();
    assert!(message.contains(&CLIENT_V4.to_string()), "{message}");

    // The control: the same client, and servers that have answered.
    known.stop().unwrap();
    for address in &servers {
        ask_refused(&ask(*address), 2);
        refusal(CLIENT_V4, *address).opened(&netmon);
    }
    let opened = netmon.events_named("incident_opened").unwrap();
    let scanned = opened.iter().filter(|event| {
        event.incident()["server"]
            .as_str()
            .unwrap()
            .starts_with("198.18.")
    });
    let scanned: Vec<_> = scanned.collect();
    assert!(scanned.len() <= FOR_A_MOMENT, "{scanned:#?}");
    for event in scanned {
        let server: IpAddr = event.incident()["server"].as_str().unwrap().parse().unwrap();
        let closed = events_of(&netmon, "incident_closed", server);
        assert_eq!(closed.len(), 1, "{event:#?}");
        assert_eq!(closed[0].incident()["closed_because"], "scan", "{closed:#?}");
    }
    assert_eq!(warnings(&netmon, "many_servers").len(), 1);
    let stopped = netmon.stop().unwrap();
    let incidents = incidents_of(&netmon);
    for incident in incidents.iter().filter(|incident| incident["state"] == "open") {
        assert_exact(incident, 2, 0);
    }
    assert_adds_up(&stopped);
}
