//! What the numbers of an incident are about: the time from the first query that failed to the first answer that shows
//! that it is over, and nothing before or after.

use std::thread::sleep;
use std::time::{Duration, SystemTime};

use netmon_testkit::lab::{
    Asker, CLIENT_V4, DnsServer, Hook, Namespace, Rules, SERVER_V4, Switched, switched,
};

use crate::support::doors::BothDoors;
use crate::support::incident::{Expected, assert_errors, refusal, time};
use crate::support::{ANSWER, PATIENCE, assert_adds_up};
use crate::trouble::{SECOND, assert_exact};

const OTHER_CLIENT: &str = "192.51.100.16";

/// Queries that are answered before, that fail, and that are answered after.
const BEFORE: u16 = 30;
const FAILED: u16 = 69;
const AFTER: u16 = 52;

/// Forty queries a second: as many as netmon looks at one by one. What it counts where there are more, `reload` is about.
const PACE: Duration = Duration::from_millis(25);

/// Asks at that pace, and insists on what becomes of it.
#[track_caller]
fn ask(asker: &Asker, names: u16, is_answered: bool) {
    for id in 0..names {
        sleep(PACE);
        let reply = asker.ask(id, &format!("host{id}.test"), ANSWER).unwrap();
        assert_eq!(reply.is_answer(), is_answered, "{reply:?}");
    }
}

fn with_another_client() -> (Switched, Namespace, Asker, Asker) {
    let hosts = switched().unwrap();
    hosts.server.limit_no_errors().unwrap();
    let other = Namespace::new("other").unwrap();
    let addresses = [OTHER_CLIENT, "2001:db8:1::16"].map(|address| address.parse().unwrap());
    hosts.plug(&other, "to-server", addresses).unwrap();
    let asker = Asker::of(&hosts.client, CLIENT_V4, SERVER_V4).unwrap();
    let others = Asker::of(&other, addresses[0], SERVER_V4).unwrap();
    (hosts, other, asker, others)
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_closed_incident_counts_what_failed_and_nothing_of_what_was_answered_before_it_closed() {
    let (hosts, _other, asker, others) = with_another_client();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = BothDoors::open(&hosts.server, &["to-client"], &[]);
    ask(&asker, BEFORE, true);
    ask(&others, 1, true);
    server.stop().unwrap();
    ask(&asker, FAILED, false);
    let expected = refusal(CLIENT_V4, SERVER_V4);
    let opened = netmon.wait_event("incident_opened", PATIENCE).unwrap();
    server.start().unwrap();
    // It closes ten seconds later; all the while it answers.
    let before = SystemTime::now();
    ask(&asker, 1, true);
    let after = SystemTime::now();
    ask(&asker, AFTER - 1, true);
    ask(&others, 10, true);
    let closed = expected.closed(&netmon, opened.incident(), "answered");
    assert_errors(&closed, "port", FAILED.into());
    assert_exact(&closed, FAILED.into(), 0);
    let recovered = time(&closed["recovered"]);
    // The clocks of packets and of this test are set by one another once a second.
    let slack = SECOND / 10;
    assert!(
        recovered + slack >= before && recovered <= after + slack,
        "{closed:#}"
    );
    assert_adds_up(&netmon.stop().unwrap());
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_incident_of_one_client_counts_the_answers_that_others_got_meanwhile_and_no_others() {
    /// In turns so short that the last ten queries always hold an answer.
    const TURNS: u16 = 15;
    const FAILED_IN_A_TURN: u16 = 4;
    const ANSWERED_IN_A_TURN: u16 = 3;
    let (hosts, _other, asker, others) = with_another_client();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = BothDoors::open(&hosts.server, &["to-client"], &[]);
    ask(&asker, BEFORE, true);
    ask(&others, BEFORE, true);
    let rule = format!("ip saddr {CLIENT_V4} udp dport 53 reject");
    let rules = Rules::new(&hosts.server, Hook::Input, &[&rule]).unwrap();
    for _ in 0..TURNS {
        ask(&asker, FAILED_IN_A_TURN, false);
        ask(&others, ANSWERED_IN_A_TURN, true);
    }
    ask(&asker, 1, false);
    drop(rules);
    ask(&asker, AFTER, true);
    ask(&others, AFTER, true);
    let expected = Expected {
        severity: "degraded",
        cause: "firewall-reject",
        ..refusal(CLIENT_V4, SERVER_V4)
    };
    let opened = netmon.wait_event("incident_opened", PATIENCE).unwrap();
    assert_eq!(opened.incident()["severity"], "degraded", "{opened:#?}");
    let closed = expected.closed(&netmon, opened.incident(), "answered");
    let (failed, answered) = (
        u64::from(TURNS * FAILED_IN_A_TURN + 1),
        u64::from(TURNS * ANSWERED_IN_A_TURN),
    );
    assert_errors(&closed, "port", failed);
    assert_exact(&closed, failed + answered, answered);
    assert_eq!(closed["severity"], "degraded", "{closed:#}");
    assert_adds_up(&netmon.stop().unwrap());
}
