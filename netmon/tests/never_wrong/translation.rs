//! A Kubernetes node: clients ask a service address, the node translates it to that of a pod, and the answers back. The
//! node sees each query at two places with two servers' addresses, and both are asked and answered.

use std::net::IpAddr;

use netmon_testkit::lab::{
    Asker, DnsServer, FAMILIES, Family, Hook, Routed, Rules, SERVER_V4, SERVER_V6, Scripted, with_router,
};

use crate::support::doors::{BothDoors, incidents_of};
use crate::support::incident::{assert_errors, silence};
use crate::support::{PATIENCE, ask_answered, assert_adds_up};
use crate::trouble::{
    add_second, ask_in_vain, ask_refused, assert_exact, assert_nothing_of, port_53, says_nothing, second,
};

/// Service addresses: of a service whose pod is at the server's address, and of one whose pod is at the second.
const SERVICES: [[&str; 2]; 2] = [
    ["10.96.0.10", "2001:db8:96::10"],
    ["10.96.0.11", "2001:db8:96::11"],
];

fn service(number: usize, family: &Family) -> IpAddr {
    SERVICES[number][usize::from(family.server.is_ipv6())]
        .parse()
        .unwrap()
}

/// What kube-proxy writes.
fn node(hosts: &Routed) -> Rules<'_> {
    let rule = |number, family: &Family, pod: IpAddr| {
        let protocol = if pod.is_ipv6() { "ip6" } else { "ip" };
        let service = service(number, family);
        format!("{protocol} daddr {service} udp dport 53 dnat {protocol} to {pod}")
    };
    let rules: Vec<String> = FAMILIES
        .iter()
        .flat_map(|family| [rule(0, family, family.server), rule(1, family, second(family))])
        .collect();
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    Rules::new(&hosts.router, Hook::Redirect, &rules).unwrap()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_service_address_whose_pod_answers_is_silent_for_nobody_and_fails_when_its_pod_does() {
    let hosts = with_router().unwrap();
    hosts.server.limit_no_errors().unwrap();
    add_second(&hosts.server, "to-router");
    let _rules = node(&hosts);
    let mut pod = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let _silent = FAMILIES
        .map(|family| Scripted::start(&hosts.server, port_53(second(&family)), says_nothing).unwrap());
    let mut netmon = BothDoors::open(&hosts.router, &["to-client", "to-server"], &[]);
    for family in &FAMILIES {
        ask_answered(&hosts.client, service(0, family), 10);
        // The control: a service whose pod is silent.
        ask_in_vain(&hosts.client, family.client, service(1, family));
    }
    for family in &FAMILIES {
        silence(family.client, service(1, family)).opened(&netmon);
    }
    assert_nothing_of(&netmon, FAMILIES.iter().map(|family| service(0, family)));
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);

    // The control: the pod fails.
    pod.stop().unwrap();
    for family in &FAMILIES {
        let asker = Asker::of(&hosts.client, family.client, service(0, family)).unwrap();
        ask_refused(&asker, 3);
    }
    for family in &FAMILIES {
        let of_service = service(0, family);
        netmon
            .wait_for("three errors", PATIENCE, |event| {
                let incident = event.incident();
                incident["server"] == of_service.to_string() && incident["errors"]["port"] == 3
            })
            .unwrap();
    }
    pod.start().unwrap();
    for family in &FAMILIES {
        ask_answered(&hosts.client, service(0, family), 2);
    }
    for family in &FAMILIES {
        let closed = netmon
            .wait_for("end", PATIENCE, |event| {
                let incident = event.incident();
                event.name() == "incident_closed" && incident["server"] == service(0, family).to_string()
            })
            .unwrap();
        assert_errors(closed.incident(), "port", 3);
        assert_exact(closed.incident(), 3, 0);
    }
    let stopped = netmon.stop().unwrap();
    let incidents = incidents_of(&netmon);
    for incident in &incidents {
        // Of the pods too, and each has the queries that it is about.
        let expected = if incident["kind"] == "unreachable" { 3 } else { 6 };
        assert_exact(incident, expected, 0);
    }
    assert_adds_up(&stopped);
}
