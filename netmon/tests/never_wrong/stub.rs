//! This host's own resolver: nothing listens on 127.0.0.1, and a program of this host asks it.

use std::net::IpAddr;

use netmon_testkit::lab::{DnsServer, FAMILIES, two_hosts};

use crate::support::incident::{assert_errors, assert_evidence, refusal};
use crate::support::{ask_answered, ask_refused, assert_adds_up, watch};
use crate::trouble::{assert_exact, assert_nothing_of};

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_resolver_of_this_host_that_never_came_up_is_reported_at_the_first_query() {
    let hosts = two_hosts().unwrap();
    let stub: IpAddr = "127.0.0.53".parse().unwrap();
    let none: [IpAddr; 2] = ["127.0.0.1", "::1"].map(|address| address.parse().unwrap());
    // The control: one that listens.
    let _stub = DnsServer::new(&hosts.client, &[stub]).unwrap();
    let mut netmon = watch(&hosts.client, &[]);
    ask_answered(&hosts.client, stub, 3);
    for (index, address) in none.into_iter().enumerate() {
        assert_eq!(FAMILIES[index].server.is_ipv6(), address.is_ipv6());
        ask_refused(&hosts.client, address, 1);
        let incident = refusal(address, address).opened(&netmon);
        assert_errors(&incident, "port", 1);
        assert_exact(&incident, 1, 0);
        assert_evidence(&incident, "raised by this host");
    }
    assert_nothing_of(&netmon, [stub]);
    let stopped = netmon.stop().unwrap();
    assert_eq!(stopped.value["totals"]["not_served"], 0);
    assert_adds_up(&stopped);
}
