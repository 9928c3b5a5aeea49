//! What several scenes need: servers that are silent, and who asks them.
#![allow(dead_code, clippy::allow_attributes, reason = "the soak uses a part of it")]

use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use netmon_testkit::lab::{Asker, FAMILIES, Family, Namespace, Netmon, Reply, respond};
use serde_json::Value;

use crate::support::incident::events_of;

pub const SECOND: Duration = Duration::from_secs(1);

/// More addresses of the server's host, for services beside the one in trouble.
pub const SECOND_SERVER: [&str; 2] = ["203.0.113.3", "2001:db8:2::3"];

/// Names that a server must leave unanswered to be silent.
pub const NAMES: [&str; 6] = ["a.test", "b.test", "c.test", "d.test", "e.test", "f.test"];

/// The second server's address of that family.
pub fn second(family: &Family) -> IpAddr {
    SECOND_SERVER[usize::from(family.server.is_ipv6())]
        .parse()
        .unwrap()
}

/// Gives a host the second server's addresses.
pub fn add_second(host: &Namespace, interface: &str) {
    for family in &FAMILIES {
        host.add_address(second(family), interface).unwrap();
    }
}

/// A script of a server that answers everything well.
#[expect(clippy::unnecessary_wraps, reason = "other scripts say nothing")]
pub fn answers(query: &[u8]) -> Option<Vec<u8>> {
    Some(respond(query, 0))
}

/// A script of a server that says nothing.
pub fn says_nothing(_query: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Port 53 of an address.
pub fn port_53(address: IpAddr) -> SocketAddr {
    SocketAddr::new(address, 53)
}

/// Port 53 of a link-local address, by that interface of the host.
pub fn port_53_by(host: &Namespace, interface: &str, address: Ipv6Addr) -> SocketAddr {
    let link = host.ip(&format!("-oneline link show {interface}")).unwrap();
    let index = link.split(':').next().unwrap().parse().unwrap();
    SocketAddr::V6(SocketAddrV6::new(address, 53, 0, index))
}

/// A client of a link-local server, by that interface of its host.
pub fn asker_by(host: &Namespace, interface: &str, server: Ipv6Addr) -> Asker {
    let any = SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0));
    Asker::new(host, any, port_53_by(host, interface, server)).unwrap()
}

/// Asks for all the names, of a server that is silent.
pub fn ask_in_vain(client: &Namespace, from: IpAddr, server: IpAddr) {
    send_all(&Asker::of(client, from, server).unwrap());
}

/// Asks for all the names, and waits for nothing.
pub fn send_all(asker: &Asker) {
    for (id, name) in (1..).zip(NAMES) {
        asker.send(id, name).unwrap();
    }
}

/// Asks for so many names, one after the other, and insists that all are answered.
#[track_caller]
pub fn ask_well(asker: &Asker, names: u16) {
    for id in 0..names {
        let reply = asker
            .ask(id, &format!("well{id}.test"), crate::support::ANSWER)
            .unwrap();
        assert!(reply.is_answer(), "{reply:?}");
    }
}

/// Asks for so many names, one after the other, and insists that all are refused.
#[track_caller]
pub fn ask_refused(asker: &Asker, names: u16) {
    for id in 0..names {
        let reply = asker
            .ask(id, &format!("refused{id}.test"), crate::support::ANSWER)
            .unwrap();
        assert!(matches!(reply, Reply::Refused(_)), "{reply:?}");
    }
}

/// Insists that nothing was reported of these servers.
#[track_caller]
pub fn assert_nothing_of(netmon: &Netmon, servers: impl IntoIterator<Item = IpAddr>) {
    for server in servers {
        let opened = events_of(netmon, "incident_opened", server);
        assert!(opened.is_empty(), "{opened:#?}");
    }
}

/// Insists on the queries and answers of an incident, exactly.
#[track_caller]
pub fn assert_exact(incident: &Value, queries: u64, answers: u64) {
    assert_eq!(incident["queries"], queries, "{incident:#}");
    assert_eq!(incident["answers"], answers, "{incident:#}");
}

/// The warnings of that kind so far.
pub fn warnings(netmon: &Netmon, kind: &str) -> Vec<Value> {
    let warnings = netmon.events_named("warning").unwrap();
    let of_kind = warnings.into_iter().map(|event| event.value);
    of_kind.filter(|warning| warning["warning"] == kind).collect()
}
