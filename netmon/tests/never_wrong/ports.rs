//! Two DNS ports on one address: each is a service of its own, and what becomes of one says nothing about the other.

use std::net::SocketAddr;

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    Asker, DnsServer, FAMILIES, Forger, SERVER_V4, SERVER_V6, Scripted, TYPE_A, query, two_hosts,
};

use crate::support::assert_adds_up;
use crate::support::doors::{BothDoors, incidents_of};
use crate::support::incident::{assert_errors, events_of, refusal, silence};
use crate::trouble::{
    add_second, ask_in_vain, ask_refused, ask_well, assert_exact, port_53, says_nothing, second,
};

const BOTH: [&str; 4] = ["--port", "53", "--port", "5353"];
const OTHER: u16 = 5353;

#[test]
#[ignore = "needs root: network namespaces, TC and raw sockets"]
fn one_query_to_another_port_takes_nothing_from_port_53() {
    let hosts = two_hosts().unwrap();
    hosts.server.limit_no_errors().unwrap();
    add_second(&hosts.server, "to-client");
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let _silent = FAMILIES
        .map(|family| Scripted::start(&hosts.server, port_53(second(&family)), says_nothing).unwrap());
    let forger = Forger::new(&hosts.server).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["to-server"], &BOTH);
    let to = |family: &netmon_testkit::lab::Family, port| {
        let from = SocketAddr::new(family.client, 0);
        Asker::new(&hosts.client, from, SocketAddr::new(family.server, port)).unwrap()
    };
    for family in &FAMILIES {
        // A forged error about the other port, and one query to it, which its host refuses.
        let quoted = query_packet(
            SocketAddr::new(family.client, 19_999),
            SocketAddr::new(family.server, OTHER),
            &query(7, "forged.test", TYPE_A),
        );
        let code = if family.client.is_ipv6() { 4 } else { 3 };
        let error = unreachable(family.server, family.client, code, &quoted);
        forger.send(&error, family.client).unwrap();
        ask_well(&to(family, 53), 3);
        ask_refused(&to(family, OTHER), 1);
        ask_well(&to(family, 53), 10);
        // The control: a server that is silent, as port 53 would seem to be.
        ask_in_vain(&hosts.client, family.client, second(family));
    }
    for family in &FAMILIES {
        silence(family.client, second(family)).opened(&netmon);
        let opened = events_of(&netmon, "incident_opened", family.server);
        let [opened] = opened.as_slice() else {
            panic!("{opened:#?}")
        };
        assert_eq!(opened.incident()["port"], OTHER, "{opened:#?}");
        assert_eq!(opened.incident()["kind"], "unreachable", "{opened:#?}");
    }

    // The control: port 53 fails too.
    server.stop().unwrap();
    for family in &FAMILIES {
        ask_refused(&to(family, 53), 2);
        let of_53 = netmon
            .wait_for("an incident of port 53", crate::support::PATIENCE, |event| {
                let incident = event.incident();
                event.name() == "incident_opened"
                    && incident["server"] == family.server.to_string()
                    && incident["port"] == 53
            })
            .unwrap();
        let expected = refusal(family.client, family.server);
        assert_eq!(of_53.incident()["kind"], expected.kind);
        assert_eq!(of_53.incident()["severity"], "down");
    }
    let stopped = netmon.stop().unwrap();
    let incidents = incidents_of(&netmon);
    for incident in incidents
        .iter()
        .filter(|incident| incident["kind"] == "unreachable")
    {
        let count = if incident["port"] == OTHER { 1 } else { 2 };
        if incident["port"] == OTHER {
            // The forged error came before it began, and quotes no query.
            assert_eq!(incident["verified"], 1, "{incident:#}");
        } else {
            assert_errors(incident, "port", count);
        }
        assert_exact(incident, count, 0);
    }
    assert_adds_up(&stopped);
}
