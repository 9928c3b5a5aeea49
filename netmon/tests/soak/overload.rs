//! A burst of queries that is too much for a server. What is too much only who knows what is usual can tell, and what is
//! usual is known by full minutes: three by default, one in a slice. The decider's own tests drive its time.

use std::thread::sleep;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{Burst, DnsServer, FAMILIES, Hook, Rules, SERVER_V4, SERVER_V6, switched};

use crate::support::incident::{Expected, assert_evidence};
use crate::support::{ask_answered, assert_adds_up, watch};

/// Queries a second of a usual day.
const USUAL: u32 = 2;

const A_MINUTE: Duration = Duration::from_mins(1);

/// Queries a second of the burst.
const BURST: u32 = 1_000;
const BURST_TIME: Duration = Duration::from_secs(12);

/// What the server's host takes: so many at once, that the minute before the first failure has well over
/// 100 queries a second.
const LIMIT: &str = "limit rate over 10/second burst 7000 packets";

#[test]
#[ignore = "needs root: network namespaces and TC; two minutes at least"]
fn a_burst_that_a_server_limits_is_an_overload() {
    let minutes = if crate::is_slice() { 1 } else { 3 };
    // The full ones, the one before the burst, and the second before the first full one. The burst begins in between.
    let usual_time = (minutes + 1) * A_MINUTE + Duration::from_secs(4);
    let hosts = switched().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let limits =
        ["ipv4", "ipv6"].map(|protocol| format!("meta nfproto {protocol} udp dport 53 {LIMIT} reject"));
    let _rules = Rules::new(&hosts.server, Hook::Input, &limits.each_ref().map(String::as_str)).unwrap();
    let mut netmon = watch(
        &hosts.client,
        &[
            "--interface=to-server",
            &format!("--threshold=overload_minutes={minutes}"),
        ],
    );
    let usual = Instant::now();
    let bursts =
        FAMILIES.map(|family| Burst::start(&hosts.client, family.server, USUAL, usual_time).unwrap());
    for burst in bursts {
        burst.finish().unwrap();
    }
    sleep(usual_time.saturating_sub(usual.elapsed()));
    assert!(netmon.events_named("incident_opened").unwrap().is_empty());

    let bursts =
        FAMILIES.map(|family| Burst::start(&hosts.client, family.server, BURST, BURST_TIME).unwrap());
    let opened = FAMILIES.map(|family| {
        let expected = Expected {
            server: family.server,
            transport: "udp",
            kind: "unreachable",
            severity: "degraded",
            cause: "overload",
            reporter: Some(family.server),
            client: family.client,
        };
        let incident = expected.opened(&netmon);
        let evidence = format!("against 2.0 in the median of {minutes} earlier minutes");
        assert_evidence(&incident, &evidence);
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
