//! One client of a server fails while others are answered: `degraded` from the first word on, live and in a record, and `down`
//! where nobody was answered, or nobody is any more.

use std::net::IpAddr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{
    Asker, CLIENT_V4, DnsServer, Hook, Namespace, Reply, Rules, SERVER_V4, Switched, switched,
};
use serde_json::Value;

use crate::support::doors::BothDoors;
use crate::support::incident::{Expected, assert_errors, refusal};
use crate::support::{ANSWER, PATIENCE, assert_adds_up};
use crate::trouble::{SECOND, assert_exact};

const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 51, 100, 16));

/// How often both ask, one right after the other.
const EVERY: Duration = Duration::from_millis(200);

struct Clients {
    one: Asker,
    other: Asker,
    id: u16,
}

impl Clients {
    fn new(hosts: &Switched, other: &Namespace) -> Self {
        Self {
            one: Asker::of(&hosts.client, CLIENT_V4, SERVER_V4).unwrap(),
            other: Asker::of(other, OTHER, SERVER_V4).unwrap(),
            id: 0,
        }
    }

    fn ask(&mut self, is_one: bool) -> Reply {
        self.id += 1;
        let asker = if is_one { &self.one } else { &self.other };
        asker
            .ask(self.id, &format!("others{}.test", self.id), ANSWER)
            .unwrap()
    }

    /// Both ask so many times, at once, and insist on what becomes of it.
    #[track_caller]
    fn ask_both(&mut self, times: u16, one_is_answered: bool, other_is_answered: bool) {
        let mut next = Instant::now();
        for _ in 0..times {
            for (is_one, is_answered) in [(true, one_is_answered), (false, other_is_answered)] {
                let reply = self.ask(is_one);
                assert_eq!(reply.is_answer(), is_answered, "{reply:?}");
            }
            next += EVERY;
            sleep(next.saturating_duration_since(Instant::now()));
        }
    }

    #[track_caller]
    fn ask_one(&mut self, is_one: bool, is_answered: bool) {
        let reply = self.ask(is_one);
        assert_eq!(reply.is_answer(), is_answered, "{reply:?}");
    }
}

fn scene() -> (Switched, Namespace) {
    let hosts = switched().unwrap();
    hosts.server.limit_no_errors().unwrap();
    let other = Namespace::new("other").unwrap();
    let addresses = [OTHER, "2001:db8:1::16".parse().unwrap()];
    hosts.plug(&other, "to-server", addresses).unwrap();
    (hosts, other)
}

fn reject_one(hosts: &Switched) -> Rules<'_> {
    let rule = format!("ip saddr {CLIENT_V4} udp dport 53 reject");
    Rules::new(&hosts.server, Hook::Input, &[&rule]).unwrap()
}

/// One client is rejected by the server's host, others are answered.
fn selective(severity: &'static str) -> Expected<'static> {
    Expected {
        severity,
        ..refusal(CLIENT_V4, SERVER_V4)
    }
}

#[track_caller]
fn closed(netmon: &BothDoors<'_>, opened: &Value) -> Value {
    let event = netmon.wait_event("incident_closed", PATIENCE).unwrap();
    let incident = event.incident().clone();
    assert_eq!(incident["id"], opened["id"], "{incident:#}");
    assert_eq!(incident["closed_because"], "answered", "{incident:#}");
    incident
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn one_of_two_clients_that_ask_at_once_is_rejected_and_it_is_degraded_from_the_first_word_on() {
    let (hosts, other) = scene();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = BothDoors::open(&hosts.server, &["to-client"], &[]);
    let mut clients = Clients::new(&hosts, &other);
    clients.ask_both(20, true, true);
    let rules = reject_one(&hosts);
    clients.ask_both(5, false, true);
    let event = netmon.wait_event("incident_opened", PATIENCE).unwrap();
    let opened = event.incident();
    assert_eq!(opened["severity"], "degraded", "{opened:#}");
    drop(rules);
    clients.ask_both(5, true, true);
    let incident = closed(&netmon, opened);
    assert_eq!(incident["severity"], "degraded", "{incident:#}");
    assert_errors(&incident, "port", 5);
    // Those of the other one from the first failure on, and up to the first answer to the one that failed.
    assert_exact(&incident, 10, 5);
    assert_adds_up(&netmon.stop().unwrap());
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn who_is_answered_only_after_another_one_failed_makes_it_degraded_after_ten_seconds() {
    let (hosts, other) = scene();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    // Whoever was never answered is a stranger to it, else.
    let named = format!("--server={SERVER_V4}");
    let mut netmon = BothDoors::open(&hosts.server, &["to-client"], &[&named]);
    let mut clients = Clients::new(&hosts, &other);
    let rules = reject_one(&hosts);
    clients.ask_one(true, false);
    let opened = selective("down").opened(&netmon);
    for _ in 0..3 {
        clients.ask_both(2, false, true);
        sleep(SECOND);
    }
    netmon
        .wait_for("`degraded`", PATIENCE, |event| {
            event.incident()["severity"] == "degraded"
        })
        .unwrap();
    drop(rules);
    clients.ask_one(true, true);
    let incident = closed(&netmon, &opened);
    assert_eq!(incident["severity"], "degraded", "{incident:#}");
    assert_errors(&incident, "port", 7);
    assert_exact(&incident, 13, 6);
    assert_adds_up(&netmon.stop().unwrap());
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_server_that_dies_under_two_clients_is_down() {
    let (hosts, other) = scene();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = BothDoors::open(&hosts.server, &["to-client"], &[]);
    let mut clients = Clients::new(&hosts, &other);
    clients.ask_both(20, true, true);
    server.stop().unwrap();
    clients.ask_both(5, false, false);
    netmon
        .wait_for("`down`", PATIENCE, |event| event.incident()["severity"] == "down")
        .unwrap();
    server.start().unwrap();
    clients.ask_both(2, true, true);
    let event = netmon.wait_event("incident_closed", PATIENCE).unwrap();
    let incident = event.incident();
    assert_eq!(incident["severity"], "down", "{incident:#}");
    assert_errors(incident, "port", 10);
    assert_exact(incident, 10, 0);
    assert_adds_up(&netmon.stop().unwrap());
}
