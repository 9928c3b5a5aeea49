//! The stub that most hosts have, the real systemd-resolved, whose server dies: its files say which resolvers this host has, and its
//! own incident is because of its server's. The control: a systemd-resolved whose answers are lost while its server is well.

use std::net::IpAddr;
use std::time::Duration;

use netmon_testkit::lab::{
    DnsServer, Event, Hook, Namespace, Resolved, Rules, SERVER_V4, TwoHosts, kdig, two_hosts, with_own_mounts,
};
use serde_json::{Value, json};

use crate::support::PATIENCE;
use crate::support::doors::{BothDoors, incidents_of};

const STUB: [u8; 4] = [127, 0, 0, 53];

/// How long a client waits.
const WAIT: Duration = Duration::from_secs(2);

/// How many names are asked for at once.
const NAMES: usize = 4;

/// Asks the stub for names in many domains; none is answered well.
fn ask(client: &Namespace, round: usize) {
    std::thread::scope(|scope| {
        for number in 0..NAMES {
            scope.spawn(move || {
                let name = format!("a.r{round}n{number}.com");
                let reply = kdig(client, STUB.into(), &name, WAIT).unwrap();
                assert!(!reply.is_answer(), "{name}: {reply:?}");
            });
        }
    });
}

fn about(server: IpAddr) -> impl Fn(&Event) -> bool {
    move |event| event.incident()["server"] == server.to_string()
}

/// A host with systemd-resolved and netmon, and its server, which answers well.
fn scene(hosts: &TwoHosts) -> (Resolved, DnsServer<'_>, BothDoors<'_>) {
    let server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let resolved = Resolved::start(&hosts.client, &[SERVER_V4]).unwrap();
    let live = ["--resolv-conf", Resolved::STUB];
    let netmon = BothDoors::open_with(&hosts.client, &["lo", "to-server"], &[], &live);
    let reply = kdig(&hosts.client, STUB.into(), "well.com", WAIT).unwrap();
    assert!(reply.is_answer(), "{reply:?}");
    // Queries to a server that answered within the last second are not reported one by one.
    std::thread::sleep(Duration::from_millis(1_100));
    (resolved, server, netmon)
}

#[test]
#[ignore = "needs root: network namespaces, mounts and TC"]
fn systemd_resolved_whose_server_dies_is_explained_and_its_files_say_which_resolvers_there_are() {
    let hosts = two_hosts().unwrap();
    let dies = || {
        let (resolved, mut server, mut netmon) = scene(&hosts);
        let listed = |server: IpAddr, by: &str| json!({"server": server.to_string(), "interface": null, "position": 1, "of": 1, "by": by, "state": "unknown"});
        assert_eq!(
            netmon.started().value["resolvers"],
            json!([
                listed(STUB.into(), Resolved::STUB),
                listed(SERVER_V4, Resolved::SERVERS)
            ])
        );

        server.stop().unwrap();
        for round in 0..6 {
            ask(&hosts.client, round);
        }
        let root = netmon.wait_for("the server", PATIENCE, about(SERVER_V4)).unwrap();
        let root = root.incident()["id"].clone();
        let stub = IpAddr::from(STUB);
        let is_explained = |event: &Event| about(stub)(event) && event.incident()["because_of"] == root;
        netmon
            .wait_for("the stub explained", PATIENCE, is_explained)
            .unwrap();
        let resolved_pid = resolved.id();
        // It asks again and again.
        drop(resolved);
        std::thread::sleep(Duration::from_secs(6));
        let all = incidents_of(&netmon);
        let of = |server: IpAddr| -> &Value {
            let server = server.to_string();
            all.iter().find(|incident| incident["server"] == server).unwrap()
        };
        let which = |by: &str| json!({"configured": true, "position": 1, "of": 1, "by": by, "others": []});
        let (root, stub) = (of(SERVER_V4), of(stub));
        assert_eq!(root["kind"], "unreachable", "{root:#}");
        assert_eq!(root["causes"][0]["cause"], "service-down", "{root:#}");
        assert_eq!(root["because_of"], Value::Null, "{root:#}");
        assert_eq!(root["resolver"], which(Resolved::SERVERS), "{root:#}");
        assert_eq!(stub["because_of"], root["id"], "{stub:#}");
        assert_eq!(stub["resolver"], which(Resolved::STUB), "{stub:#}");
        // Both are named: the stub as the one that asks the server, and the stub's clients.
        for asker in root["askers"].as_array().unwrap() {
            assert_eq!(
                [&asker["process"], &asker["pid"]],
                [&json!("systemd-resolve"), &json!(resolved_pid)]
            );
        }
        for asker in stub["askers"].as_array().unwrap() {
            assert_eq!(asker["process"], "kdig");
        }
        assert!(!root["askers"].as_array().unwrap().is_empty(), "{root:#}");
        assert!(!stub["askers"].as_array().unwrap().is_empty(), "{stub:#}");
        netmon.stop().unwrap();
    };
    with_own_mounts(dies).unwrap();
}

#[test]
#[ignore = "needs root: network namespaces, mounts and TC"]
fn systemd_resolved_whose_answers_are_lost_while_its_server_is_well_is_not_explained() {
    const ROUNDS: usize = 4;
    let hosts = two_hosts().unwrap();
    let is_broken = || {
        let (resolved, _server, mut netmon) = scene(&hosts);
        let stub = IpAddr::from(STUB);
        let lost = format!("ip saddr {stub} udp sport 53 drop");
        let lost = Rules::new(&hosts.client, Hook::Output, &[&lost]).unwrap();
        for round in 0..ROUNDS {
            ask(&hosts.client, round);
        }
        // A name is noted 5 s after its query.
        let has_all = |event: &Event| {
            about(stub)(event) && event.incident()["names"].as_array().map(Vec::len) == Some(ROUNDS * NAMES)
        };
        netmon
            .wait_for("the stub and all names", PATIENCE, has_all)
            .unwrap();
        let all = incidents_of(&netmon);
        assert_eq!(all.len(), 1, "{all:#?}");
        assert_eq!(all[0]["server"], stub.to_string());
        assert_eq!(all[0]["because_of"], Value::Null, "{:#}", all[0]);
        drop((resolved, lost));
        netmon.stop().unwrap();
    };
    with_own_mounts(is_broken).unwrap();
}
