//! A client with two servers, the first of which is down: the C library's resolver moves to the second, and
//! nobody notices anything. Netmon does.

use std::net::IpAddr;
use std::time::Duration;

use netmon_testkit::lab::{ANSWER_V4, DnsServer, FAMILIES, SERVER_V4, SERVER_V6, getent, switched};

use crate::support::doors::BothDoors;
use crate::support::incident::{Expected, events_of};
use crate::support::{assert_adds_up, destination, in_both_families};

const SECOND: [&str; 2] = ["203.0.113.3", "2001:db8:2::3"];

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_resolver_that_moves_to_its_second_server_hides_nothing() {
    let hosts = switched().unwrap();
    let second: [IpAddr; 2] = SECOND.map(|address| address.parse().unwrap());
    for address in second {
        hosts.server.add_address(address, "to-client").unwrap();
    }
    let mut first = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let _second = DnsServer::new(&hosts.server, &second).unwrap();
    let look_up = |family: usize, name: &str| {
        let servers = [FAMILIES[family].server, second[family]];
        let answer = getent(&hosts.client, &servers, name).unwrap();
        assert_eq!(answer, Some(ANSWER_V4.to_string()), "{name}");
    };
    let mut netmon = BothDoors::open(&hosts.client, &["to-server", "lo"], &[]);
    first.stop().unwrap();
    let mut opened = Vec::new();
    for (index, family) in FAMILIES.iter().enumerate() {
        look_up(index, "one.test");
        let expected = Expected {
            server: family.server,
            transport: "udp",
            kind: "unreachable",
            severity: "down",
            cause: "service-down",
            reporter: Some(family.server),
            client: family.client,
        };
        let incident = expected.opened(&netmon);
        opened.push((expected, incident));
        look_up(index, "two.test");
    }
    first.start().unwrap();
    std::thread::sleep(Duration::from_millis(100));
    in_both_families(|family| look_up(usize::from(family.server.is_ipv6()), "three.test"));
    for (expected, opened) in &opened {
        let closed = expected.closed(&netmon, opened, "answered");
        // It tries the first one again at each look-up.
        assert_eq!(closed["errors"]["port"], closed["verified"], "{closed:#}");
        assert!(closed["verified"].as_u64().unwrap() >= 2, "{closed:#}");
    }
    let stopped = netmon.stop().unwrap();
    for second in second {
        assert!(events_of(&netmon, "incident_opened", second).is_empty());
        let counts = destination(&stopped, second);
        assert!(counts["dns_responses"].as_u64().unwrap() >= 2, "{counts:#}");
    }
    assert_adds_up(&stopped);
}
