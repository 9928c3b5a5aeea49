//! A host that serves no DNS, and somebody on the Internet who tries port 53 of it.

use std::net::UdpSocket;
use std::time::Duration;

use netmon_testkit::lab::{FAMILIES, TYPE_A, query, two_hosts};

use crate::support::doors::BothDoors;
use crate::support::incident::assert_no_incident;
use crate::support::{ask_refused, assert_adds_up, destination};

/// What a scanner sends at once, from as many ports: more than the kernel programs tell of one by one.
const PROBES: u16 = 200;

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn probes_of_a_host_without_dns_are_counted_as_not_served_and_open_nothing() {
    let hosts = two_hosts().unwrap();
    hosts.server.limit_no_errors().unwrap();
    let mut netmon = BothDoors::open(&hosts.server, &["to-client", "lo"], &[]);
    for family in &FAMILIES {
        ask_refused(&hosts.client, family.server, 2);
        for probe in 0..PROBES {
            let scanner = hosts
                .client
                .enter(|| UdpSocket::bind((family.client, 20_000 + probe)))
                .unwrap()
                .unwrap();
            scanner
                .send_to(&query(probe, "version.bind", TYPE_A), (family.server, 53))
                .unwrap();
        }
    }
    std::thread::sleep(Duration::from_millis(1_500));
    let stopped = netmon.stop().unwrap();
    assert_no_incident(&netmon);
    let each = u64::from(PROBES) + 2;
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["dns_queries"], each, "{counts:#}");
        assert_eq!(counts["dns_unreachable"]["port"], each, "{counts:#}");
        assert_eq!(counts["unsolicited"], 0, "{counts:#}");
    }
    assert_eq!(stopped.value["totals"]["not_served"], 2 * each);
    assert_adds_up(&stopped);
}
