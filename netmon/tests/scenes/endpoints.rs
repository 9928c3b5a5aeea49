//! A service of Kubernetes without endpoints, as kube-proxy makes it: the node rejects what is sent to the service's address. The
//! controls: a service with an endpoint that is gone, and a node of which nobody has said where its services are, and which has
//! never translated one.

use std::net::{IpAddr, Ipv4Addr};

use netmon_testkit::lab::{DnsServer, Hook, Netmon, Routed, Rules, SERVER_V4, with_router};
use serde_json::Value;

use crate::support::{PATIENCE, ask_answered, ask_failing, watch};

const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);
const CIDR: &str = "--service-cidr=10.96.0.0/12";

/// kube-proxy's rule for a service without endpoints, in the chains of what is forwarded and of what the node sends itself.
const REJECT: &str = "ip daddr 10.96.0.10 udp dport 53 ct state new reject with icmp type port-unreachable";

/// A node, the router, with a route for the services, and a pod, the client.
fn node() -> Routed {
    let hosts = with_router().unwrap();
    hosts
        .router
        .ip(&format!("route add 10.96.0.0/12 via {SERVER_V4}"))
        .unwrap();
    hosts
}

/// The first cause of the incident of the service, and its evidence.
#[track_caller]
fn cause(netmon: &Netmon) -> (Value, String) {
    let about = |event: &netmon_testkit::lab::Event| {
        event.name() == "incident_opened" && event.incident()["server"] == SERVICE.to_string()
    };
    let opened = netmon
        .wait_for("the service's incident", PATIENCE, about)
        .unwrap();
    let first = opened.incident()["causes"][0].clone();
    (
        first["cause"].clone(),
        first["evidence"].as_str().unwrap().to_owned(),
    )
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_service_without_endpoints_is_found_for_pods_and_for_the_node_itself() {
    let service = IpAddr::V4(SERVICE);
    let hosts = node();
    let watched = ["--interface", "to-client", "--interface", "lo"];
    let start = |more: &[&str]| watch(&hosts.router, &[&watched, more].concat());
    let (knows, knows_not) = (start(&[CIDR]), start(&[]));
    let forwarded = Rules::new(&hosts.router, Hook::Forward, &[REJECT]).unwrap();
    ask_failing(&hosts.client, service, 2);
    let (cause_of, evidence) = cause(&knows);
    assert_eq!(cause_of, "no-endpoints", "{evidence}");
    assert!(
        evidence.contains("raised by this host") && evidence.contains("--service-cidr"),
        "{evidence}"
    );
    assert_eq!(cause(&knows_not).0, "firewall-reject");
    drop((forwarded, knows, knows_not));

    let netmon = start(&[CIDR]);
    let _sent = Rules::new(&hosts.router, Hook::Output, &[REJECT]).unwrap();
    ask_failing(&hosts.router, service, 2);
    assert_eq!(cause(&netmon).0, "no-endpoints");
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_service_that_was_seen_to_be_translated_needs_no_range() {
    let service = IpAddr::V4(SERVICE);
    let hosts = node();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let start = || watch(&hosts.router, &["--interface", "to-client", "--interface", "lo"]);
    let translate = format!("ip daddr {SERVICE} udp dport 53 dnat ip to {SERVER_V4}");
    let translated = Rules::new(&hosts.router, Hook::Redirect, &[&translate]).unwrap();
    ask_answered(&hosts.client, service, 2);
    // It looks at connections as it starts, and these last for half a minute.
    let saw = start();
    ask_answered(&hosts.client, service, 2);
    // The endpoint is gone, and kube-proxy has no rule for it but to reject.
    drop(translated);
    let flushed = hosts
        .router
        .exec(std::process::Command::new("nft").args(["list", "ruleset"]))
        .unwrap();
    assert!(!flushed.contains("dnat"), "{flushed}");
    let _rejects = Rules::new(&hosts.router, Hook::Forward, &[REJECT]).unwrap();
    ask_failing(&hosts.client, service, 2);
    let (cause_of, evidence) = cause(&saw);
    assert_eq!(cause_of, "no-endpoints", "{evidence}");
    assert!(evidence.contains("seen to be translated"), "{evidence}");
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_service_whose_endpoint_is_gone_has_one_all_the_same() {
    let service = IpAddr::V4(SERVICE);
    let hosts = node();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let translate = format!("ip daddr {SERVICE} udp dport 53 dnat ip to {SERVER_V4}");
    let _translated = Rules::new(&hosts.router, Hook::Redirect, &[&translate]).unwrap();
    let netmon = watch(
        &hosts.router,
        &["--interface", "to-client", "--interface", "lo", CIDR],
    );
    ask_answered(&hosts.client, service, 2);
    server.stop().unwrap();
    ask_failing(&hosts.client, service, 2);
    assert_eq!(cause(&netmon).0, "service-down");
}
