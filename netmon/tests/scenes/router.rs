//! What a router says when it does not forward a query: each way to refuse has its own code, and so its own
//! cause.

use std::net::IpAddr;
use std::time::Duration;

use netmon_testkit::lab::{
    DnsServer, FAMILIES, Family, Hook, Netmon, Route, Routed, Rules, SERVER_V4, SERVER_V6, with_router,
};
use serde_json::Value;

use crate::support::incident::{
    Expected, assert_errors, assert_evidence, assert_flow, assert_only_errors, since,
};
use crate::support::{
    ask_answered, ask_failing, assert_adds_up, assert_dns_unreachable, destination, in_both_families, watch,
};

/// Queries of each client while the router refuses. It may send five errors in a row about routes, and each counts
/// twice: `ip_error` and `icmp_send` in Linux draw on the same budget.
const QUERIES: u32 = 2;

/// What is a quick error here: on a busy machine one that comes at once takes longer than the usual 2 ms, and a failed
/// look-up takes three seconds everywhere.
const QUICK: &str = "--threshold=quick_error=1s";

/// What the router says.
#[derive(Clone, Copy)]
struct Says {
    code: &'static str,
    cause: &'static str,
    evidence: &'static str,
}

/// How soon it says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    AtOnce,
    /// Three look-ups for the neighbour, one a second (RFC 4861, section 10).
    AfterLookUps,
}

/// Breaks the router, and insists on what the client's host and the router itself say of it, until it is mended:
/// that is when what `break_it` gives is dropped. `says` is for IPv4 and for IPv6.
fn refuses<Broken>(hosts: &Routed, break_it: impl FnOnce() -> Broken, says: [Says; 2], pace: Pace) {
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut watchers = [
        watch(&hosts.client, &[QUICK, "--interface=to-router"]),
        watch(
            &hosts.router,
            &[QUICK, "--interface=to-client", "--interface=to-server"],
        ),
    ];
    let broken = break_it();
    in_both_families(|family| ask_failing(&hosts.client, family.server, QUERIES));
    let says: Vec<(&Family, Says)> = FAMILIES.iter().zip(says).collect();
    let opened: Vec<Vec<Value>> = watchers
        .iter()
        .map(|netmon| {
            says.iter()
                .map(|(family, says)| opens(netmon, family, *says, pace))
                .collect()
        })
        .collect();
    drop(broken);
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 2);
    }
    for (netmon, opened) in watchers.iter_mut().zip(opened) {
        for ((family, says), opened) in says.iter().zip(&opened) {
            let closed = expected(family, *says).closed(netmon, opened, "answered");
            assert_errors(&closed, says.code, u64::from(QUERIES));
            assert_flow(&closed, u64::from(QUERIES), 0);
        }
        let stopped = netmon.stop().unwrap();
        for (family, says) in &says {
            assert_dns_unreachable(&stopped, family.server, says.code, u64::from(QUERIES));
            assert_eq!(destination(&stopped, family.server)["dns_responses"], 2);
        }
        assert_adds_up(&stopped);
    }
}

fn expected<'a>(family: &Family, says: Says) -> Expected<'a> {
    Expected {
        server: family.server,
        transport: "udp",
        kind: "unreachable",
        severity: "down",
        cause: says.cause,
        reporter: Some(family.router),
        client: family.client,
    }
}

#[track_caller]
fn opens(netmon: &Netmon, family: &Family, says: Says, pace: Pace) -> Value {
    let incident = expected(family, says).opened(netmon);
    assert_only_errors(&incident, says.code);
    assert_evidence(&incident, says.evidence);
    let delay = since(&incident["opened"], &incident["began"]);
    let least = match pace {
        Pace::AtOnce => Duration::ZERO,
        Pace::AfterLookUps => Duration::from_secs(2),
    };
    assert!(delay >= least, "{delay:?}: {incident:#}");
    incident
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_firewall_on_the_way_prohibits_and_the_router_says_so() {
    let hosts = with_router().unwrap();
    let rules = ["udp dport 53 reject with icmpx type admin-prohibited"];
    let says = [Says {
        code: "admin",
        cause: "firewall-reject",
        evidence: "a rule there forbids the traffic",
    }; 2];
    refuses(
        &hosts,
        || Rules::new(&hosts.router, Hook::Forward, &rules).unwrap(),
        says,
        Pace::AtOnce,
    );
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_router_without_a_route_to_the_server_says_so_at_once() {
    let hosts = with_router().unwrap();
    let routes = ["203.0.113.0/24 dev to-server", "2001:db8:2::/64 dev to-server"];
    let says = [Says {
        code: "net",
        cause: "no-route",
        evidence: "is known there",
    }; 2];
    refuses(
        &hosts,
        || routes.map(|route| Route::removed(&hosts.router, route).unwrap()),
        says,
        Pace::AtOnce,
    );
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_prohibit_route_on_the_router_is_a_firewall() {
    let hosts = with_router().unwrap();
    let says = [Says {
        code: "admin",
        cause: "firewall-reject",
        evidence: "a rule there forbids the traffic",
    }; 2];
    refuses(
        &hosts,
        || FAMILIES.map(|family| reject_route(&hosts, "prohibit", family.server)),
        says,
        Pace::AtOnce,
    );
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_unreachable_route_on_the_router_looks_like_a_host_that_is_down_but_for_its_pace() {
    let hosts = with_router().unwrap();
    let says = [
        Says {
            code: "host",
            cause: "host-down",
            evidence: "so quick an error points to a reject route",
        },
        // For such a route Linux sends another code on IPv6.
        Says {
            code: "net",
            cause: "no-route",
            evidence: "is known there",
        },
    ];
    refuses(
        &hosts,
        || FAMILIES.map(|family| reject_route(&hosts, "unreachable", family.server)),
        says,
        Pace::AtOnce,
    );
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_server_host_that_is_gone_is_reported_by_its_router_when_the_look_up_fails() {
    let hosts = with_router().unwrap();
    let says = [Says {
        code: "host",
        cause: "host-down",
        evidence: "the host does not answer on its link",
    }; 2];
    refuses(&hosts, || hosts.power_off().unwrap(), says, Pace::AfterLookUps);
}

fn reject_route<'lab>(hosts: &'lab Routed, kind: &str, server: IpAddr) -> Route<'lab> {
    Route::added(&hosts.router, &format!("{kind} {server}")).unwrap()
}
