//! A forwarder on this host, real dnsmasq and real unbound, whose server is down: its own incident is because of that one. The control:
//! a forwarder whose answers are lost while its server is well.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use netmon_testkit::lab::{
    DnsServer, Event, Forwarder, Hook, Namespace, Process, Rules, SERVER_V4, Unbound, kdig, two_hosts,
};
use serde_json::Value;

use crate::support::doors::{BothDoors, incidents_of};
use crate::support::{NETMON, PATIENCE};

const DNSMASQ: [u8; 4] = [127, 0, 0, 53];
const UNBOUND: [u8; 4] = [127, 0, 0, 54];
const BROKEN: [u8; 4] = [127, 0, 0, 55];

/// How long a client waits.
const WAIT: Duration = Duration::from_secs(2);

/// Asks each of the stubs for names in many domains; none answers well.
fn ask(client: &Namespace, stubs: &[IpAddr], round: usize) {
    std::thread::scope(|scope| {
        for stub in stubs {
            for number in 0..4 {
                let name = format!("a.r{round}n{number}x{}.com", stub.to_string().replace('.', "-"));
                scope.spawn(move || {
                    let reply = kdig(client, *stub, &name, WAIT).unwrap();
                    assert!(!reply.is_answer(), "{stub}: {reply:?}");
                });
            }
        }
    });
}

fn unbound_asks(server: IpAddr) -> String {
    format!("    infra-host-ttl: 0\nforward-zone:\n    name: \".\"\n    forward-addr: {server}\n")
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_forwarder_whose_server_is_down_is_explained_and_one_that_is_broken_itself_is_not() {
    let [dnsmasq, unbound, broken] = [DNSMASQ, UNBOUND, BROKEN].map(IpAddr::from);
    let second: IpAddr = [203, 0, 113, 3].into();
    let hosts = two_hosts().unwrap();
    hosts.server.add_address(second, "to-client").unwrap();
    let mut down = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let _well = DnsServer::new(&hosts.server, &[second]).unwrap();
    let forwarder = Forwarder::start(&hosts.client, dnsmasq, &[SERVER_V4]).unwrap();
    let resolver = Unbound::start(&hosts.client, &[unbound], &unbound_asks(SERVER_V4), &[]).unwrap();
    let _broken = Forwarder::start(&hosts.client, broken, &[second]).unwrap();
    let mut netmon = BothDoors::open(&hosts.client, &["lo", "to-server"], &[]);
    let people = people(&hosts.client);
    for stub in [dnsmasq, unbound, broken] {
        let reply = kdig(&hosts.client, stub, "well.com", WAIT).unwrap();
        assert!(reply.is_answer(), "{stub}: {reply:?}");
    }
    // Queries to a server that answered within the last second are not reported one by one.
    std::thread::sleep(Duration::from_millis(1_100));
    down.stop().unwrap();
    let lost = format!("ip saddr {broken} udp sport 53 drop");
    let _lost = Rules::new(&hosts.client, Hook::Output, &[&lost]).unwrap();
    for round in 0..6 {
        ask(&hosts.client, &[dnsmasq, unbound, broken], round);
    }
    let about = |server: IpAddr| move |event: &Event| event.incident()["server"] == server.to_string();
    let root = netmon.wait_for("the server", PATIENCE, about(SERVER_V4)).unwrap();
    let root = root.incident()["id"].clone();
    for stub in [dnsmasq, unbound] {
        let is_explained = |event: &Event| about(stub)(event) && event.incident()["because_of"] == root;
        netmon
            .wait_for(&format!("{stub} explained"), PATIENCE, is_explained)
            .unwrap();
    }
    netmon
        .wait_for("the broken one", PATIENCE, about(broken))
        .unwrap();
    // They ask again and again.
    drop((forwarder, resolver));
    std::thread::sleep(Duration::from_secs(6));
    let of = |server: IpAddr| -> Vec<Value> {
        let all = incidents_of(&netmon).into_iter();
        all.filter(|incident| incident["server"] == server.to_string())
            .collect()
    };
    for server in [SERVER_V4, broken] {
        assert!(
            of(server).iter().all(|incident| incident["because_of"].is_null()),
            "{:#?}",
            of(server)
        );
    }
    assert!(of(second).is_empty());
    // Both are named: the stub's clients, and the stubs as those who ask their server.
    let ask = |server: IpAddr| -> BTreeSet<String> {
        let all = of(server).into_iter();
        let all = all.flat_map(|incident| incident["askers"].as_array().unwrap().clone());
        all.map(|asker| asker["process"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(ask(SERVER_V4), ["dnsmasq", "unbound"].map(str::to_owned).into());
    for stub in [dnsmasq, unbound] {
        assert_eq!(ask(stub), ["kdig".to_owned()].into());
    }
    // People hear of the server and of the broken one.
    let lines: Vec<String> = people.lines().into_iter().map(|line| line.text).collect();
    let hear_of = |server: IpAddr| {
        lines
            .iter()
            .any(|line| line.contains(&format!("DOWN  {server} udp")))
    };
    assert!(hear_of(SERVER_V4) && hear_of(broken), "{lines:#?}");
    assert!(!hear_of(dnsmasq) && !hear_of(unbound), "{lines:#?}");
    netmon.stop().unwrap();
}

/// Netmon for people on a host.
fn people(host: &Namespace) -> Process {
    let mut command = std::process::Command::new(NETMON);
    command
        .args([
            "run",
            "--interface",
            "lo",
            "--interface",
            "to-server",
            "--config",
            "/dev/null",
        ])
        .env_remove("RUST_LOG");
    let netmon = host.spawn(&mut command).unwrap();
    netmon
        .wait_for("sign that it is attached", PATIENCE, |line| {
            line.text.contains("to-server")
        })
        .unwrap();
    netmon
}
