//! A forged error that comes before the client's first query: it quotes a query that nobody has seen, and believing it
//! because no query was seen at all, yet, would be the forger's gain.

use std::net::SocketAddr;

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    Asker, FAMILIES, Family, Forger, SERVER_V4, SERVER_V6, Scripted, TYPE_A, query, two_hosts,
};

use crate::support::doors::BothDoors;
use crate::support::incident::refusal;
use crate::support::{ANSWER, assert_adds_up, destination};
use crate::trouble::{add_second, answers, assert_exact, assert_nothing_of, port_53, says_nothing, second};

const PORT: u16 = 40_000;
const ID: u16 = 7;
const NAME: &str = "early.test";

/// An error that quotes the client's query word by word.
fn error(family: &Family, server: std::net::IpAddr) -> Vec<u8> {
    let client = SocketAddr::new(family.client, PORT);
    let quoted = query_packet(client, port_53(server), &query(ID, NAME, TYPE_A));
    let code = if family.client.is_ipv6() { 4 } else { 3 };
    unreachable(server, family.client, code, &quoted)
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn a_forged_error_before_the_first_query_opens_nothing_by_either_door() {
    let hosts = two_hosts().unwrap();
    add_second(&hosts.server, "to-client");
    let _servers = FAMILIES.map(|family| {
        [
            Scripted::start(&hosts.server, port_53(family.server), answers).unwrap(),
            Scripted::start(&hosts.server, port_53(second(&family)), says_nothing).unwrap(),
        ]
    });
    let forger = Forger::new(&hosts.server).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["to-server"], &[]);
    for family in &FAMILIES {
        forger.send(&error(family, family.server), family.client).unwrap();
    }
    for family in &FAMILIES {
        let client = SocketAddr::new(family.client, PORT);
        let asker = Asker::new(&hosts.client, client, port_53(family.server)).unwrap();
        assert!(asker.ask(ID, NAME, ANSWER).unwrap().is_answer());
        // The control: the same error after its query, which waits.
        drop(asker);
        let asker = Asker::new(&hosts.client, client, port_53(second(family))).unwrap();
        asker.send(ID, NAME).unwrap();
        forger
            .send(&error(family, second(family)), family.client)
            .unwrap();
        let incident = refusal(family.client, second(family)).opened(&netmon);
        assert_exact(&incident, 1, 0);
    }
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        assert_eq!(destination(&stopped, family.server)["unsolicited"], 1);
    }
    assert_adds_up(&stopped);
}
