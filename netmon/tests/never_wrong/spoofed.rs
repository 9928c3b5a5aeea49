//! Answers that nobody asked for: anybody can send one. They are counted, and end, open and prove nothing.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};

use netmon_testkit::lab::icmp::query_packet;
use netmon_testkit::lab::{
    Asker, DnsServer, FAMILIES, Family, Forger, Hook, Rules, SERVER_V4, SERVER_V6, Scripted, TYPE_A, dig,
    query, respond, two_hosts, with_router,
};

use crate::support::doors::BothDoors;
use crate::support::incident::{Expected, assert_errors, assert_evidence, refusal, silence, wait_for_names};
use crate::support::{
    ANSWER, PATIENCE, ask_answered, ask_refused, assert_adds_up, destination, in_both_families, watch,
};
use crate::trouble::{NAMES, SECOND, add_second, assert_exact, assert_nothing_of, port_53, second};

const NOERROR: u8 = 0;
const SERVFAIL: u8 = 2;

/// A port that nobody asks from, and an id that nobody uses.
const PORT: u16 = 19_999;
const ID: u16 = 0xdead;

/// Where the client of the silent server asks from.
const ASKS_FROM: u16 = 40_000;

/// Failures that are forged: more than it takes for `failing`.
const FAILURES: u16 = 14;

/// An answer from that server, to a port that did not ask.
fn spoofed(server: IpAddr, client: IpAddr, name: &str, rcode: u8) -> Vec<u8> {
    answer(server, SocketAddr::new(client, PORT), ID, name, rcode)
}

fn answer(server: IpAddr, client: SocketAddr, id: u16, name: &str, rcode: u8) -> Vec<u8> {
    query_packet(port_53(server), client, &respond(&query(id, name, TYPE_A), rcode))
}

/// Answers that do not match what [`NAMES`] are asked with: of another port, or another id.
fn mismatches(family: &Family) -> [Vec<u8>; 2] {
    let client = SocketAddr::new(family.client, ASKS_FROM);
    [
        spoofed(family.server, family.client, NAMES[0], NOERROR),
        answer(family.server, client, ID, NAMES[0], NOERROR),
    ]
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn spoofed_answers_do_not_hide_that_a_server_is_silent() {
    let hosts = with_router().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let forger = Forger::new(&hosts.server).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["to-router"], &[]);
    let drop_all = Rules::new(&hosts.router, Hook::Forward, &["udp dport 53 drop"]).unwrap();
    let done = AtomicBool::new(false);
    let opened = scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                for family in &FAMILIES {
                    for answer in mismatches(family) {
                        forger.send(&answer, family.client).unwrap();
                    }
                }
                sleep(SECOND / 2);
            }
        });
        for family in &FAMILIES {
            let client = SocketAddr::new(family.client, ASKS_FROM);
            let asker = Asker::new(&hosts.client, client, port_53(family.server)).unwrap();
            for (id, name) in (1..).zip(NAMES) {
                asker.send(id, name).unwrap();
            }
        }
        let opened = FAMILIES.each_ref().map(|family| {
            netmon.wait_for("silence", PATIENCE, |event| {
                event.name() == "incident_opened" && event.incident()["server"] == family.server.to_string()
            })
        });
        done.store(true, Ordering::Relaxed);
        opened
    });
    for (family, opened) in FAMILIES.iter().zip(opened) {
        opened.unwrap();
        let incident = silence(family.client, family.server).opened(&netmon);
        assert_exact(&incident, NAMES.len() as u64, 0);
        // They do not end it either.
        for answer in mismatches(family) {
            forger.send(&answer, family.client).unwrap();
        }
    }
    // The control: real answers do.
    drop(drop_all);
    sleep(SECOND);
    assert!(netmon.events_named("incident_closed").unwrap().is_empty());
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 1);
        let expected = silence(family.client, family.server);
        let closed = expected.closed(&netmon, &expected.opened(&netmon), "answered");
        assert_exact(&closed, NAMES.len() as u64, 0);
    }
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        let spoofed = counts["dns_responses"].as_u64().unwrap() - 1;
        assert_eq!(counts["unmatched_responses"], spoofed, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn forged_failures_do_not_make_a_healthy_server_fail() {
    let hosts = two_hosts().unwrap();
    add_second(&hosts.server, "to-client");
    let _healthy = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    // The control: the same failures, to those who asked.
    let _failing = FAMILIES.map(|family| {
        let fails = |query: &[u8]| Some(respond(query, SERVFAIL));
        Scripted::start(&hosts.server, port_53(second(&family)), fails).unwrap()
    });
    let forger = Forger::new(&hosts.server).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["to-server"], &[]);
    in_both_families(|family| {
        let failing = Asker::of(&hosts.client, family.client, second(family)).unwrap();
        for id in 0..FAILURES {
            let name = format!("host.zone{id}.test");
            assert!(
                dig(&hosts.client, family.server, &name, ANSWER)
                    .unwrap()
                    .is_answer()
            );
            let answer = spoofed(family.server, family.client, &name, SERVFAIL);
            forger.send(&answer, family.client).unwrap();
            // Of other names: a client that gets its answer elsewhere has lost nothing.
            let name = format!("host.other{id}.test");
            assert!(failing.ask(id, &name, ANSWER).unwrap().is_answer());
        }
    });
    for family in &FAMILIES {
        let expected = Expected {
            kind: "failing",
            cause: "server-failure",
            ..silence(family.client, second(family))
        };
        expected.opened(&netmon);
        let incident = wait_for_names(&netmon, &expected, FAILURES.into());
        assert_exact(&incident, FAILURES.into(), FAILURES.into());
        assert_evidence(&incident, "SERVFAIL (14)");
    }
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    let stopped = netmon.stop().unwrap();
    for family in &FAMILIES {
        let counts = destination(&stopped, family.server);
        assert_eq!(counts["rcodes"]["servfail"], FAILURES, "{counts:#}");
        assert_eq!(counts["unmatched_responses"], FAILURES, "{counts:#}");
        let counts = destination(&stopped, second(family));
        assert_eq!(counts["unmatched_responses"], 0, "{counts:#}");
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn a_spoofed_answer_from_the_hosts_own_address_does_not_make_it_a_server() {
    let hosts = two_hosts().unwrap();
    let forger = Forger::new(&hosts.client).unwrap();
    let mut netmon = watch(&hosts.server, &["--interface", "to-client"]);
    for family in &FAMILIES {
        // To the host itself, and as if it had answered the scanner.
        for to in [family.server, family.client] {
            let answer = spoofed(family.server, to, "a.test", NOERROR);
            forger.send(&answer, family.server).unwrap();
        }
        // A scanner's probe.
        ask_refused(&hosts.client, family.server, 1);
    }
    // The control: it serves, and then it does not.
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 1);
    }
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    server.stop().unwrap();
    for family in &FAMILIES {
        ask_refused(&hosts.client, family.server, 1);
        let incident = refusal(family.client, family.server).opened(&netmon);
        assert_errors(&incident, "port", 1);
    }
    assert_adds_up(&netmon.stop().unwrap());
}
