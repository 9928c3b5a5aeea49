//! A firewall that rejects DNS over TCP only: that is an incident of its own, and UDP has none.

use std::net::IpAddr;
use std::process::Command;

use netmon_testkit::lab::{
    ANSWER_V4, DnsServer, FAMILIES, Hook, Namespace, Rules, SERVER_V4, SERVER_V6, with_router,
};

use crate::support::incident::{Expected, assert_only_errors};
use crate::support::{ask_answered, assert_adds_up, destination, watch};

/// Asks over TCP, and tells whether the answer came.
fn is_answered(client: &Namespace, server: IpAddr, name: &str) -> bool {
    let mut dig = Command::new("dig");
    dig.args(["-r", "+short", "+tcp", "+tries=1", "+timeout=2"])
        .arg(format!("@{server}"))
        .args([name, "A"]);
    let output = client.output(&mut dig).unwrap();
    String::from_utf8_lossy(&output.stdout).trim() == ANSWER_V4.to_string()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_firewall_that_rejects_dns_over_tcp_is_an_incident_of_tcp_alone() {
    let hosts = with_router().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    let rules = ["tcp dport 53 reject with icmpx type admin-prohibited"];
    let rules = Rules::new(&hosts.router, Hook::Forward, &rules).unwrap();
    let opened = FAMILIES.map(|family| {
        ask_answered(&hosts.client, family.server, 1);
        assert!(!is_answered(&hosts.client, family.server, "rejected.test"));
        let expected = Expected {
            server: family.server,
            transport: "tcp",
            kind: "unreachable",
            severity: "down",
            cause: "firewall-reject",
            reporter: Some(family.router),
            client: family.client,
        };
        let incident = expected.opened(&netmon);
        assert_only_errors(&incident, "admin");
        (expected, incident)
    });
    drop(rules);
    for family in &FAMILIES {
        assert!(is_answered(&hosts.client, family.server, "answered.test"));
    }
    for (expected, opened) in &opened {
        expected.closed(&netmon, opened, "answered");
    }
    let stopped = netmon.stop().unwrap();
    assert_eq!(
        netmon.events_named("incident_opened").unwrap().len(),
        FAMILIES.len()
    );
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["dns_responses"], 1, "{counts:#}");
        assert_eq!(counts["tcp"]["dns_queries"], 1, "{counts:#}");
        assert_eq!(counts["tcp"]["dns_responses"], 1, "{counts:#}");
    }
    assert_adds_up(&stopped);
}
