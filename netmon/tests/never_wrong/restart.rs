//! An incident that outlives the monitor: the server is repaired while nobody watches, and its first answer closes it.

use std::net::IpAddr;
use std::process::Command;

use netmon_testkit::lab::{
    Asker, DnsServer, FAMILIES, Hook, Namespace, Netmon, Rules, SERVER_V4, SERVER_V6, eventually, with_router,
};
use serde_json::Value;

use crate::support::incident::{Expected, events_of, refusal, silence};
use crate::support::{NETMON, PATIENCE, assert_adds_up, watch};
use crate::trouble::{add_second, ask_in_vain, ask_refused, ask_well, second};

/// An address of the server's host that stays dead.
const STAYS_DEAD: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 4));

fn start(host: &Namespace, history: &str) -> Netmon {
    watch(host, &["--history", history])
}

/// Waits until so many open incidents are in the history.
#[track_caller]
fn wait_until_kept(history: &str, incidents: usize) {
    let kept = || {
        let mut command = Command::new(NETMON);
        command.args(["incidents", "--open", "--format", "json", "--history", history]);
        let output = command.output().unwrap();
        let list: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        list["incidents"].as_array().map_or(0, Vec::len)
    };
    let what = format!("{incidents} incidents in the history");
    eventually(&what, kept, |kept| *kept == incidents);
}

/// The two outages: the first server refuses, the second is silent.
fn outages() -> Vec<Expected<'static>> {
    let both = |family: &netmon_testkit::lab::Family| {
        [
            refusal(family.client, family.server),
            silence(family.client, second(family)),
        ]
    };
    FAMILIES.iter().flat_map(both).collect()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn incidents_that_were_open_when_netmon_ended_close_when_the_servers_answer_the_next_one() {
    let folder = tempfile::tempdir().unwrap();
    let history = folder.path().join("history.db");
    let history = history.to_str().unwrap();
    let hosts = with_router().unwrap();
    hosts.server.limit_no_errors().unwrap();
    add_second(&hosts.server, "to-router");
    hosts.server.add_address(STAYS_DEAD, "to-router").unwrap();
    let mut refusing = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let _silent = DnsServer::new(&hosts.server, &FAMILIES.each_ref().map(second)).unwrap();
    let rules = FAMILIES.each_ref().map(|family| {
        let protocol = if family.server.is_ipv6() { "ip6" } else { "ip" };
        format!("{protocol} daddr {} udp dport 53 drop", second(family))
    });
    let rules = Rules::new(
        &hosts.router,
        Hook::Forward,
        &rules.each_ref().map(String::as_str),
    )
    .unwrap();
    refusing.stop().unwrap();

    let client = |family: usize, server| Asker::of(&hosts.client, FAMILIES[family].client, server).unwrap();
    let stays_dead = client(0, STAYS_DEAD);
    let netmon = start(&hosts.client, history);
    ask_refused(&stays_dead, 1);
    for (index, family) in FAMILIES.iter().enumerate() {
        ask_refused(&client(index, family.server), 3);
        ask_in_vain(&hosts.client, family.client, second(family));
    }
    let dead = refusal(FAMILIES[0].client, STAYS_DEAD).opened(&netmon);
    let opened: Vec<Value> = outages()
        .iter()
        .map(|expected| expected.opened(&netmon))
        .collect();
    // Once all are on disk. The guard sends SIGKILL.
    wait_until_kept(history, 1 + opened.len());
    drop(netmon);

    refusing.start().unwrap();
    drop(rules);
    let mut netmon = start(&hosts.client, history);
    for (index, family) in FAMILIES.iter().enumerate() {
        ask_well(&client(index, family.server), 2);
        ask_well(&client(index, second(family)), 2);
    }
    ask_refused(&stays_dead, 1);
    for (expected, opened) in outages().iter().zip(&opened) {
        let closed = netmon
            .wait_for(&format!("end for {}", expected.server), PATIENCE, |event| {
                event.name() == "incident_closed" && event.incident()["id"] == opened["id"]
            })
            .unwrap();
        let closed = closed.incident();
        assert_eq!(closed["closed_because"], "answered", "{closed:#}");
    }
    // The control: what is not repaired goes on, with its next error.
    assert!(events_of(&netmon, "incident_closed", STAYS_DEAD).is_empty());
    let goes_on = events_of(&netmon, "incident_updated", STAYS_DEAD);
    let goes_on = goes_on.last().unwrap().incident();
    assert_eq!(goes_on["id"], dead["id"], "{goes_on:#}");
    assert_eq!(goes_on["errors"]["port"], 2, "{goes_on:#}");
    assert!(netmon.events_named("incident_opened").unwrap().is_empty());
    assert_adds_up(&netmon.stop().unwrap());
}
