//! One broken zone with many names in it: that is one domain, and says nothing about the resolver.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};

use netmon_testkit::lab::{FAMILIES, Reply, SERVER_V4, SERVER_V6, Unbound, dig, two_hosts};

use crate::support::doors::BothDoors;
use crate::support::incident::{Expected, assert_evidence, silence, wait_for_names};
use crate::support::{ANSWER, assert_adds_up, destination, in_both_families};
use crate::trouble::{add_second, assert_exact, assert_nothing_of, second};

/// Refuses everybody.
const REFUSES: &str = r"
server:
    access-control: 127.0.0.0/8 refuse
";

const REFUSING_UPSTREAM: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));

/// Host names in each broken zone, all of them asked for once.
const NAMES: [&str; 12] = [
    "www", "mail", "ns1", "ns2", "ftp", "vpn", "api", "cdn", "shop", "blog", "git", "chat",
];

/// The broken zones of the control.
const ZONES: [&str; 3] = ["one.test", "two.test", "three.test"];

/// A resolver whose upstream refuses what is asked in these zones, and that has all other names.
fn resolver(broken: &[&str]) -> String {
    // Unbound has a zone `test.` of its own, unless it is told not to.
    let mut text = "server:\n    module-config: \"iterator\"\n    local-zone: \"test.\" nodefault\n    \
                    local-zone: \"well.test.\" redirect\n    local-data: \"well.test. A 192.0.2.80\"\n"
        .to_owned();
    for zone in broken {
        let _infallible = write!(
            text,
            "forward-zone:\n    name: \"{zone}.\"\n    forward-addr: {REFUSING_UPSTREAM}\n"
        );
    }
    text
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn many_names_of_one_broken_zone_are_one_domain_and_three_zones_are_three() {
    let hosts = two_hosts().unwrap();
    add_second(&hosts.server, "to-client");
    let _refusing = Unbound::start(&hosts.server, &[REFUSING_UPSTREAM], REFUSES, &[]).unwrap();
    let one_zone = resolver(&ZONES[..1]);
    let _one_zone = Unbound::start(&hosts.server, &[SERVER_V4, SERVER_V6], &one_zone, &[]).unwrap();
    let seconds = FAMILIES.each_ref().map(second);
    let _three_zones = Unbound::start(&hosts.server, &seconds, &resolver(&ZONES), &[]).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["to-server"], &[]);
    in_both_families(|family| {
        for (number, name) in NAMES.iter().enumerate() {
            let one = format!("{name}.{}", ZONES[0]);
            // The control: the same names, spread over three zones.
            let three = format!("{name}.{}", ZONES[number % ZONES.len()]);
            for (server, name) in [(family.server, one), (second(family), three)] {
                let reply = dig(&hosts.client, server, &name, ANSWER).unwrap();
                assert_eq!(reply, Reply::Answered(Vec::new()), "{name}");
            }
        }
        // It is well.
        assert!(
            dig(&hosts.client, family.server, "www.well.test", ANSWER)
                .unwrap()
                .is_answer()
        );
    });
    for family in &FAMILIES {
        let expected = Expected {
            kind: "failing",
            cause: "server-failure",
            ..silence(family.client, second(family))
        };
        expected.opened(&netmon);
        let incident = wait_for_names(&netmon, &expected, NAMES.len());
        assert_exact(&incident, NAMES.len() as u64, NAMES.len() as u64);
        assert_evidence(&incident, "SERVFAIL (12)");
    }
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["rcodes"]["servfail"], NAMES.len(), "{counts:#}");
    }
    assert_adds_up(&stopped);
}
