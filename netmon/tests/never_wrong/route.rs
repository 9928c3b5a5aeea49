//! This host's route to one server changes, and its answers come back by a way that netmon does not see: what was answered
//! before says nothing any more. Routes to others that change say nothing about a server that dies.

use std::net::IpAddr;

use netmon_testkit::lab::{
    Asker, CLIENT_V4, CLIENT_V6, DnsServer, Hook, Namespace, Routed, Rules, SERVER_V4, SERVER_V6, cable,
    with_router,
};

use crate::support::incident::silence;
use crate::support::{PATIENCE, assert_adds_up, destination, start};
use crate::trouble::{NAMES, SECOND, ask_in_vain, ask_well, assert_exact, assert_nothing_of, warnings};

const BEFORE: u16 = 2;
const AFTER: u16 = 30;

/// A router with a second cable to the server, which nobody watches, and one from the server straight to the client.
fn two_ways() -> Routed {
    let hosts = with_router().unwrap();
    for host in [&hosts.client, &hosts.router, &hosts.server] {
        for scope in ["all", "default"] {
            host.set(&format!("net/ipv4/conf/{scope}/rp_filter"), "0")
                .unwrap();
        }
    }
    cable((&hosts.router, "other-way"), (&hosts.server, "other-way")).unwrap();
    cable((&hosts.client, "way-back"), (&hosts.server, "way-back")).unwrap();
    hosts
}

fn ask(host: &Namespace, client: IpAddr, server: IpAddr, queries: u16) {
    ask_well(&Asker::of(host, client, server).unwrap(), queries);
}

/// What the router is told, so that one server moves; and what takes that back.
type Move<'a> = (&'a [&'a str], &'a [&'a str]);

fn moves(host: &Namespace, commands: &[&str]) {
    for command in commands {
        host.ip(command).unwrap();
    }
}

fn answers_by_another_way_are_no_silence((away, back): Move<'_>) {
    let hosts = two_ways();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut netmon = start(
        &hosts.router,
        &["--interface", "to-client", "--interface", "to-server"],
    );
    // For as long as the kernel looks whether anybody else has its new addresses, routes change.
    std::thread::sleep(3 * SECOND);
    ask(&hosts.client, CLIENT_V4, SERVER_V4, BEFORE);
    ask(&hosts.client, CLIENT_V6, SERVER_V6, BEFORE);
    // netmon has read of all answers by which way they came.
    netmon
        .wait_for("the answers of both servers", PATIENCE, |event| {
            event.value["totals"]["dns_responses"] == 2 * BEFORE
        })
        .unwrap();
    moves(&hosts.router, away);
    let way_back = format!("route add {CLIENT_V4}/32 dev way-back");
    moves(&hosts.server, &[&way_back]);
    // It is nothing to the other server that some route of its family changes too.
    moves(&hosts.router, &["-6 route add 2001:db8:9::/64 dev other-way"]);
    // Of a server that has just answered, queries are only counted.
    std::thread::sleep(2 * SECOND);
    ask(&hosts.client, CLIENT_V4, SERVER_V4, AFTER);

    // The control: the other server dies.
    let _drop_all = Rules::new(
        &hosts.server,
        Hook::Input,
        &["meta nfproto ipv6 udp dport 53 drop"],
    )
    .unwrap();
    ask_in_vain(&hosts.client, CLIENT_V6, SERVER_V6);
    let incident = silence(CLIENT_V6, SERVER_V6).opened(&netmon);
    assert_exact(&incident, NAMES.len() as u64, 0);
    let is_told = |state: &'static str| {
        netmon
            .wait_for(&format!("one_direction, {state}"), PATIENCE, |event| {
                event.value["warning"] == "one_direction" && event.value["state"] == state
            })
            .unwrap()
    };
    let told = is_told("started").value["message"].to_string();
    assert!(
        told.contains(&SERVER_V4.to_string()) && told.contains("other-way"),
        "{told}"
    );
    assert_nothing_of(&netmon, [SERVER_V4]);

    // All is as it was.
    moves(
        &hosts.server,
        &[&format!("route delete {CLIENT_V4}/32 dev way-back")],
    );
    moves(&hosts.router, back);
    ask(&hosts.client, CLIENT_V4, SERVER_V4, BEFORE);
    is_told("over");
    assert_nothing_of(&netmon, [SERVER_V4]);
    assert_eq!(warnings(&netmon, "one_direction").len(), 2);
    let stopped = netmon.stop().unwrap();
    let counts = destination(&stopped, SERVER_V4);
    assert_eq!(counts["dns_queries"], 2 * BEFORE + AFTER, "{counts:#}");
    assert_eq!(counts["dns_responses"], 2 * BEFORE, "{counts:#}");
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_more_specific_route_moves_one_server_and_its_answers_by_another_way_are_no_silence() {
    answers_by_another_way_are_no_silence((
        &["route add 203.0.113.2/32 dev other-way"],
        &["route delete 203.0.113.2/32 dev other-way"],
    ));
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_policy_route_moves_one_server_and_its_answers_by_another_way_are_no_silence() {
    answers_by_another_way_are_no_silence((
        &[
            "route add default dev other-way table 100",
            "rule add from 192.51.100.15 to 203.0.113.2 lookup 100",
        ],
        &["rule delete from 192.51.100.15 to 203.0.113.2 lookup 100"],
    ));
}
