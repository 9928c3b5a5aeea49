//! Somebody who sees no packet of the client, and guesses: a port is guessed in some thousand errors, and what it was
//! used for is answered long since.

use std::net::SocketAddr;

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    Asker, FAMILIES, Family, Forger, SERVER_V4, SERVER_V6, Scripted, TYPE_A, query, two_hosts,
};

use crate::support::doors::BothDoors;
use crate::support::incident::refusal;
use crate::support::{ANSWER, assert_adds_up, destination};
use crate::trouble::{add_second, answers, assert_exact, assert_nothing_of, port_53, says_nothing, second};

/// The client's ports, each of which asked once.
const PORTS: [u16; 7] = [40_003, 40_040, 40_051, 40_077, 40_100, 40_150, 40_199];
/// One that asked, and still waits.
const WAITS: u16 = 40_300;
/// The ports that are tried.
const TRIED: std::ops::Range<u16> = 40_000..40_200;

/// An error from the server, that quotes no more than it must: addresses and ports. Else an id must be guessed too.
fn guess(family: &Family, server: std::net::IpAddr, port: u16, id: Option<u16>) -> Vec<u8> {
    const SHORT: usize = 8;
    let message = query(id.unwrap_or_default(), "guessed.test", TYPE_A);
    let client = SocketAddr::new(family.client, port);
    let mut quoted = query_packet(client, port_53(server), &message);
    if id.is_none() {
        let header = if family.client.is_ipv6() { 40 } else { 20 };
        quoted.truncate(header + SHORT);
    }
    let code = if family.client.is_ipv6() { 4 } else { 3 };
    unreachable(server, family.client, code, &quoted)
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn an_error_about_a_query_that_was_answered_is_a_guess() {
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
        let ask = |port, server| {
            Asker::new(
                &hosts.client,
                SocketAddr::new(family.client, port),
                port_53(server),
            )
            .unwrap()
        };
        let askers = PORTS.map(|port| {
            let asker = ask(port, family.server);
            assert!(asker.ask(7, "answered.test", ANSWER).unwrap().is_answer());
            asker
        });
        // The control: one query that still waits.
        let waits = ask(WAITS, second(family));
        waits.send(7, "waits.test").unwrap();
        for port in TRIED {
            for id in [None, Some(7), Some(port)] {
                forger
                    .send(&guess(family, family.server, port, id), family.client)
                    .unwrap();
            }
        }
        forger
            .send(&guess(family, second(family), WAITS, None), family.client)
            .unwrap();
        let incident = refusal(family.client, second(family)).opened(&netmon);
        assert_exact(&incident, 1, 0);
        assert_eq!(incident["verified"], 1, "{incident:#}");
        drop((askers, waits));
    }
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["unsolicited"], 3 * TRIED.len(), "{counts:#}");
        assert_eq!(counts["dns_unreachable"]["port"], 3 * TRIED.len(), "{counts:#}");
    }
    assert_adds_up(&stopped);
}
