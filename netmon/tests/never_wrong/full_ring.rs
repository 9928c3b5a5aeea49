//! A ring that somebody fills on purpose, with forged errors that quote much, while netmon is stopped: events are lost, and no
//! count. What was lost is said, says nothing about a server that answers, and hides no outage.

use std::net::{IpAddr, SocketAddr};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    Asker, DnsServer, FAMILIES, Family, Forger, SERVER_V4, SERVER_V6, Scripted, TYPE_A, query, two_hosts,
};
use nix::sys::signal::Signal;

use crate::support::incident::{events_of, refusal, silence};
use crate::support::{PATIENCE, assert_sums, destination, watch};
use crate::trouble::{
    add_second, ask_in_vain, ask_refused, ask_well, assert_nothing_of, port_53, says_nothing, second,
};

/// Addresses of the server's host that never answer.
const SILENT: [&str; 2] = ["203.0.113.4", "2001:db8:2::4"];

/// As many forged errors as each CPU passes on, of the largest events: a ring has room for 1,500 of them.
const FLOOD: u32 = 2_000;
const FLOOD_TIME: Duration = Duration::from_secs(12);
/// When it is full.
const FULL: Duration = Duration::from_secs(9);

/// Errors about queries that nobody sent, each with as much of one as a router may quote.
fn lies() -> Vec<(Vec<u8>, IpAddr)> {
    let lie = |family: &Family, number: u16| {
        let [high, low] = number.to_be_bytes();
        let server = match family.server {
            IpAddr::V4(_) => IpAddr::from([198, 18, high, low]),
            IpAddr::V6(_) => IpAddr::from([0x2001, 0x2, 0, 0, 0, 0, 0, number]),
        };
        let client = SocketAddr::new(family.client, 30_000 + number);
        let message = [query(number, "forged.test", TYPE_A), vec![0; 480]].concat();
        let quoted = query_packet(client, SocketAddr::new(server, 53), &message);
        let code = if family.client.is_ipv6() { 4 } else { 3 };
        (unreachable(server, family.client, code, &quoted), family.client)
    };
    (0..1_000)
        .flat_map(|number| FAMILIES.each_ref().map(|family| lie(family, number)))
        .collect()
}

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn a_ring_that_is_full_costs_events_and_no_count_makes_no_incident_and_hides_none() {
    let hosts = two_hosts().unwrap();
    hosts.server.limit_no_errors().unwrap();
    add_second(&hosts.server, "to-client");
    let silent: [IpAddr; 2] = SILENT.map(|address| address.parse().unwrap());
    for address in silent {
        hosts.server.add_address(address, "to-client").unwrap();
    }
    let _healthy = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut dies = DnsServer::new(&hosts.server, &FAMILIES.each_ref().map(second)).unwrap();
    let _silent =
        silent.map(|address| Scripted::start(&hosts.server, port_53(address), says_nothing).unwrap());
    let forger = Forger::new(&hosts.server).unwrap();
    let client_of = |family: &Family, server| Asker::of(&hosts.client, family.client, server).unwrap();
    let mut netmon = watch(
        &hosts.client,
        &["--interface=to-server", "--threshold=unanswered_wait=1s"],
    );
    for family in &FAMILIES {
        ask_well(&client_of(family, family.server), 3);
        ask_well(&client_of(family, second(family)), 3);
    }

    netmon.process().suspend().unwrap();
    let stopped = Instant::now();
    let mut asked = 3;
    scope(|scope| {
        scope.spawn(|| forger.flood(&lies(), FLOOD, FLOOD_TIME).unwrap());
        for (family, silent) in FAMILIES.iter().zip(silent) {
            ask_in_vain(&hosts.client, family.client, silent);
        }
        while stopped.elapsed() < FULL {
            for family in &FAMILIES {
                ask_well(&client_of(family, family.server), 1);
            }
            asked += 1;
            sleep(Duration::from_millis(200));
        }
        dies.stop().unwrap();
        for family in &FAMILIES {
            ask_refused(&client_of(family, second(family)), 2);
        }
    });
    netmon.process().signal(Signal::SIGCONT).unwrap();
    let is_loss = |event: &netmon_testkit::lab::Event| {
        event.name() == "warning" && event.value["warning"] == "events_lost"
    };
    netmon
        .wait_for("a warning of lost events", PATIENCE, is_loss)
        .unwrap();

    // The controls: the next error, and a silence after the gap. That takes as long as a wrong report would.
    for (family, silent) in FAMILIES.iter().zip(silent) {
        ask_refused(&client_of(family, second(family)), 1);
        ask_in_vain(&hosts.client, family.client, silent);
    }
    for (family, silent_server) in FAMILIES.iter().zip(silent) {
        refusal(family.client, second(family)).opened(&netmon);
        let incident = silence(family.client, silent_server).opened(&netmon);
        assert_eq!(incident["queries"], 6, "those after the gap: {incident:#}");
    }
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    for server in FAMILIES.iter().map(second).chain(silent) {
        assert_eq!(events_of(&netmon, "incident_opened", server).len(), 1);
    }
    let end = netmon.stop().unwrap();
    assert_sums(&end);
    assert!(
        end.value["totals"]["events_lost"].as_u64() > Some(0),
        "{:#}",
        end.value["totals"]
    );
    for (family, silent) in FAMILIES.iter().zip(silent) {
        for (server, queries, answers, errors) in [
            (family.server, asked, asked, 0),
            (second(family), 6, 3, 3),
            (silent, 12, 0, 0),
        ] {
            let counts = destination(&end, server);
            assert_eq!(counts["dns_queries"], queries, "{counts:#}");
            assert_eq!(counts["dns_responses"], answers, "{counts:#}");
            assert_eq!(counts["dns_unreachable"]["port"], errors, "{counts:#}");
        }
    }
}
