//! A thousand clients ask four servers each that nobody has ever heard of, and all of these fail: as many incidents as there are places.
//! The outages of a server that has answered, of one that is named, and of a resolver of this host are reported all the same.

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::thread::sleep;
use std::time::Duration;

use netmon::detect::limits::{SERVERS, STRANGERS};
use netmon_testkit::lab::{DnsServer, Event, Hook, Rules, SERVER_V4, with_router};

use crate::blinded::{ask_each, warnings};
use crate::support::{PATIENCE, ask_answered, ask_refused, assert_counts, assert_sums, watch};

/// More clients than it takes to have an incident in each place.
const CLIENTS: u32 = 1_040;
/// As many as may fail before a client is taken to scan.
const SERVERS_EACH: u32 = 4;

const NAMED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 3));
const CONFIGURED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 4));

#[test]
#[ignore = "needs root: network namespaces, nftables and TC"]
fn a_thousand_clients_whose_servers_all_fail_hide_no_outage_of_a_server_in_use() {
    let hosts = with_router().unwrap();
    for address in [NAMED, CONFIGURED] {
        hosts.server.add_address(address, "to-router").unwrap();
    }
    for host in [&hosts.server, &hosts.router] {
        host.limit_no_errors().unwrap();
    }
    // All of a network is the client's own.
    hosts.client.ip("route add local 10.77.0.0/16 dev lo").unwrap();
    hosts
        .router
        .ip("route add 10.77.0.0/16 via 192.51.100.15")
        .unwrap();
    hosts.router.ip("route add 10.66.0.0/16 via 203.0.113.2").unwrap();
    let _rules = Rules::new(&hosts.router, Hook::Forward, &["ip daddr 10.66.0.0/16 reject"]).unwrap();
    let files = tempfile::tempdir().unwrap();
    let resolv_conf = files.path().join("resolv.conf");
    std::fs::write(&resolv_conf, format!("nameserver {CONFIGURED}\n")).unwrap();
    let mut well = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = watch(
        &hosts.client,
        &[
            "--interface",
            "to-router",
            "--server",
            &NAMED.to_string(),
            "--resolv-conf",
            resolv_conf.to_str().unwrap(),
        ],
    );
    ask_answered(&hosts.client, SERVER_V4, 3);
    for number in 0..CLIENTS {
        let from = Ipv4Addr::from_bits(Ipv4Addr::new(10, 77, 0, 1).to_bits() + number);
        let socket = hosts
            .client
            .enter(|| UdpSocket::bind((from, 0)))
            .unwrap()
            .unwrap();
        let first = Ipv4Addr::from_bits(Ipv4Addr::new(10, 66, 0, 1).to_bits() + number * SERVERS_EACH);
        ask_each(&socket, first, SERVERS_EACH, Duration::from_micros(200));
    }
    let is_it = |event: &Event| event.value["warning"] == "many_incidents";
    netmon.wait_for("the warning", PATIENCE, is_it).unwrap();
    well.stop().unwrap();
    let outages = [SERVER_V4, NAMED, CONFIGURED];
    for server in outages {
        ask_refused(&hosts.client, server, 3);
        let is_it = |event: &Event| {
            event.name() == "incident_opened" && event.incident()["server"] == server.to_string()
        };
        let opened = netmon.wait_for(&format!("the outage of {server}"), PATIENCE, is_it);
        let opened = opened.unwrap();
        let incident = opened.incident();
        assert_eq!(incident["kind"], "unreachable", "{incident:#}");
    }
    sleep(Duration::from_secs(2));
    let events = netmon.events().unwrap();
    let said = warnings(&events, "many_incidents");
    assert_eq!(said.len(), 1, "{said:#?}");
    assert_eq!(said[0]["state"], "started");
    let opened = netmon.events_named("incident_opened").unwrap();
    println!(
        "{} incidents of {} servers that fail",
        opened.len(),
        CLIENTS * SERVERS_EACH
    );
    assert_eq!(opened.len(), STRANGERS + outages.len());
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    let errors = stopped.value["totals"]["dns_unreachable"].as_u64().unwrap();
    assert!(errors >= SERVERS as u64, "{errors}");
    assert_counts(&stopped, SERVER_V4, 6, 3, 3);
    assert_counts(&stopped, NAMED, 3, 0, 3);
    assert_counts(&stopped, CONFIGURED, 3, 0, 3);
}
