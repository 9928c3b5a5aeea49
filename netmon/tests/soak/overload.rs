//! A burst of queries that is too much for a server. What is too much only who knows what is usual can tell, and what is
//! usual is known by three full minutes. A slice has none: then the same burst is no overload, because nobody knows what is
//! usual. The decider's own tests drive its time.

use std::thread::sleep;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{Burst, DnsServer, Event, FAMILIES, Hook, Rules, SERVER_V4, SERVER_V6, switched};

use crate::support::incident::{Expected, assert_evidence};
use crate::support::{PATIENCE, ask_answered, assert_adds_up, watch};

/// Queries a second of a usual day.
const USUAL: u32 = 2;

/// Full minutes that are known, the one before the burst, and the second before the first full one. The burst begins in
/// between.
const USUAL_TIME: Duration = Duration::from_secs(4 * 60 + 4);

/// Queries a second of the burst.
const BURST: u32 = 1_000;
const BURST_TIME: Duration = Duration::from_secs(12);

/// How many queries wait at most: all that dnsperf can have.
const WAITING: u32 = 65_000;

/// What the server's host takes: so many at once, that the minute before the first failure has well over
/// 100 queries a second.
const LIMIT: &str = "limit rate over 10/second burst 7000 packets";

#[test]
#[ignore = "needs root: network namespaces and TC; up to five minutes"]
fn a_burst_that_a_server_limits_is_an_overload() {
    let hosts = switched().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let limits =
        ["ipv4", "ipv6"].map(|protocol| format!("meta nfproto {protocol} udp dport 53 {LIMIT} reject"));
    let _rules = Rules::new(&hosts.server, Hook::Input, &limits.each_ref().map(String::as_str)).unwrap();
    let mut netmon = watch(&hosts.client, &["--interface=to-server"]);
    let usual_is_known = !crate::is_slice();
    if usual_is_known {
        let usual = Instant::now();
        let bursts = FAMILIES
            .map(|family| Burst::start(&hosts.client, family.server, USUAL, WAITING, USUAL_TIME).unwrap());
        for burst in bursts {
            burst.finish().unwrap();
        }
        sleep(USUAL_TIME.saturating_sub(usual.elapsed()));
        assert!(netmon.events_named("incident_opened").unwrap().is_empty());
    }

    let bursts = FAMILIES
        .map(|family| Burst::start(&hosts.client, family.server, BURST, WAITING, BURST_TIME).unwrap());
    // One client asks, and is answered in part: whether an answer came before the first errors is up to the server.
    let severities = FAMILIES.map(|family| {
        let opens = |event: &Event| {
            event.name() == "incident_opened" && event.incident()["server"] == family.server.to_string()
        };
        let event = netmon.wait_for("an incident", PATIENCE, opens).unwrap();
        event.incident()["severity"].as_str().unwrap().to_owned()
    });
    let opened = [0, 1].map(|number| {
        let (family, severity) = (&FAMILIES[number], severities[number].as_str());
        let expected = Expected {
            server: family.server,
            transport: "udp",
            kind: "unreachable",
            severity,
            cause: if usual_is_known {
                "overload"
            } else {
                "service-down"
            },
            reporter: Some(family.server),
            client: family.client,
        };
        let incident = expected.opened(&netmon);
        if usual_is_known {
            assert_evidence(&incident, "against 2.0 in the median of 3 earlier minutes");
        }
        (expected, incident)
    });
    for burst in bursts {
        let tally = burst.finish().unwrap();
        assert!(tally.completed < tally.sent, "the limit holds: {tally:?}");
    }
    // By then the limit lets a query pass again.
    sleep(Duration::from_secs(1));
    for family in &FAMILIES {
        ask_answered(&hosts.client, family.server, 1);
    }
    for (expected, opened) in &opened {
        expected.closed(&netmon, opened, "answered");
    }
    assert_adds_up(&netmon.stop().unwrap());
}
