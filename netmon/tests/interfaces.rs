//! Interfaces come and go while netmon runs: what is watched follows, and no count and no incident is lost.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod support;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, SystemTime};

use nix::sys::signal::Signal;
use support::{
    SOON, ask_answered, ask_refused, assert_adds_up, assert_counts, assert_nothing_attached, destination,
    start,
};
use xtask::lab::{
    CLIENT_V4, CLIENT_V6, DnsServer, Event, Namespace, Netmon, SERVER_V4, SERVER_V6, TwoHosts, cable,
    two_hosts,
};

/// How long an interface may be there before it is watched.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Long enough for news to be told that should not be.
const A_WHILE: Duration = Duration::from_millis(600);

fn warnings(netmon: &Netmon) -> Vec<(String, String)> {
    let told = netmon.events_named("warning").unwrap();
    told.iter()
        .map(|event| (word(event, "warning"), word(event, "message")))
        .collect()
}

fn words(netmon: &Netmon) -> Vec<String> {
    warnings(netmon).into_iter().map(|(warning, _)| warning).collect()
}

fn word(event: &Event, name: &str) -> String {
    event.value[name].as_str().unwrap_or_default().to_owned()
}

/// Waits for a warning about an interface, and gives back when it came.
fn await_warning(netmon: &Netmon, warning: &str, interface: &str) -> SystemTime {
    let what = format!("{warning} {interface}");
    let event = netmon.wait_for(&what, SOON, |event| {
        word(event, "warning") == warning && word(event, "message").starts_with(&format!("{interface} "))
    });
    event.unwrap().at
}

fn client_addresses(hosts: &TwoHosts) {
    for (family, client, server) in [("-4", CLIENT_V4, SERVER_V4), ("-6", CLIENT_V6, SERVER_V6)] {
        hosts.client.add_address(client, "to-server").unwrap();
        hosts.server.add_address(server, "to-client").unwrap();
        hosts
            .client
            .ip(&format!("{family} route replace default dev to-server"))
            .unwrap();
        hosts
            .server
            .ip(&format!("{family} route replace default dev to-client"))
            .unwrap();
    }
}

#[test]
#[ignore = "needs root: network namespaces, XDP and TC"]
fn a_deleted_interface_that_is_made_again_is_watched_again_and_nothing_is_forgotten() {
    for arguments in [
        &["--interface", "to-server", "--hook", "xdp-native"][..],
        &["--interface", "to-server"],
        &[],
        &["--all-interfaces"],
    ] {
        let hosts = two_hosts().unwrap();
        let mut netmon = start(&hosts.client, arguments);
        ask_refused(&hosts.client, SERVER_V4, 2);
        let opened = netmon.wait_event("incident_opened", SOON).unwrap();

        hosts.client.ip("link delete to-server").unwrap();
        await_warning(&netmon, "interface_gone", "to-server");
        std::thread::sleep(A_WHILE);
        cable((&hosts.client, "to-server"), (&hosts.server, "to-client")).unwrap();
        let made = SystemTime::now();
        client_addresses(&hosts);
        let attached = await_warning(&netmon, "interface_attached", "to-server");
        let took = attached.duration_since(made).unwrap_or_default();
        println!("{arguments:?}: attached after {took:?}");
        assert!(took < AT_ONCE, "{arguments:?}: attached after {took:?}");

        ask_refused(&hosts.client, SERVER_V4, 2);
        // It is still the same incident.
        let same = netmon.wait_for("update with all errors", SOON, |event| {
            event.name() == "incident_updated" && event.incident()["errors"]["port"] == 4
        });
        assert_eq!(same.unwrap().incident()["id"], opened.incident()["id"]);
        let stopped = netmon.stop().unwrap();
        assert_eq!(
            words(&netmon),
            ["interface_gone", "interface_attached"],
            "{arguments:?}"
        );
        assert_counts(&stopped, SERVER_V4, 4, 0, 4);
        assert_adds_up(&stopped);
        assert_eq!(
            netmon.events_named("incident_opened").unwrap().len(),
            1,
            "{arguments:?}"
        );
        assert_nothing_attached(&hosts.client);
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_interface_that_is_replaced_within_a_moment_is_told_of_once() {
    let hosts = two_hosts().unwrap();
    let mut netmon = start(&hosts.client, &["--interface", "to-server"]);
    hosts.client.ip("link delete to-server").unwrap();
    cable((&hosts.client, "to-server"), (&hosts.server, "to-client")).unwrap();
    client_addresses(&hosts);
    await_warning(&netmon, "interface_attached", "to-server");
    ask_refused(&hosts.client, SERVER_V4, 1);
    std::thread::sleep(A_WHILE);
    let stopped = netmon.stop().unwrap();
    assert_counts(&stopped, SERVER_V4, 1, 0, 1);
    let told = warnings(&netmon);
    // Where the machine was busy between the two they are two events.
    let expected: &[&str] = if told.len() == 1 {
        assert!(told[0].1.contains("was deleted and is there again"), "{told:?}");
        &["interface_attached"]
    } else {
        &["interface_gone", "interface_attached"]
    };
    assert_eq!(words(&netmon), expected);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_interface_whose_index_is_used_again_is_attached_to_anew() {
    let hosts = two_hosts().unwrap();
    let server = hosts.server.name().to_owned();
    let make = || {
        hosts
            .client
            .ip(&format!(
                "link add again index 77 type veth peer name other netns {server}"
            ))
            .unwrap();
        hosts.client.ip("link set again up").unwrap();
        hosts.server.ip("link set other up").unwrap();
        hosts
            .client
            .add_address("192.0.2.1".parse().unwrap(), "again")
            .unwrap();
        hosts
            .server
            .add_address("192.0.2.2".parse().unwrap(), "other")
            .unwrap();
    };
    make();
    let mut netmon = start(&hosts.client, &["--interface", "again"]);
    let address: IpAddr = "192.0.2.2".parse().unwrap();
    ask_refused(&hosts.client, address, 1);
    hosts.client.ip("link delete again").unwrap();
    make();
    await_warning(&netmon, "interface_attached", "again");
    ask_refused(&hosts.client, address, 1);
    let stopped = netmon.stop().unwrap();
    assert_counts(&stopped, address, 2, 0, 2);
}

#[test]
#[ignore = "needs root: network namespaces, XDP and TC"]
fn an_interface_that_goes_down_and_up_or_gets_another_name_is_watched_all_the_time() {
    for arguments in [
        &["--interface", "to-server"][..],
        &["--hook", "xdp-native"],
        &["--all-interfaces"],
    ] {
        let hosts = two_hosts().unwrap();
        let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
        let mut netmon = start(&hosts.client, arguments);
        ask_answered(&hosts.client, SERVER_V4, 1);
        // It takes its routes with it: no default route is left.
        hosts.client.ip("link set to-server down").unwrap();
        std::thread::sleep(A_WHILE);
        hosts.client.ip("link set to-server up").unwrap();
        hosts.client.ip("-4 route replace default dev to-server").unwrap();
        ask_answered(&hosts.client, SERVER_V4, 1);
        std::thread::sleep(A_WHILE);
        assert_eq!(words(&netmon), [""; 0], "{arguments:?}");

        hosts.client.ip("link set to-server name wan0").unwrap();
        await_warning(&netmon, "interface_renamed", "to-server");
        ask_answered(&hosts.client, SERVER_V4, 1);
        std::thread::sleep(A_WHILE);
        let stopped = netmon.stop().unwrap();
        assert_counts(&stopped, SERVER_V4, 3, 3, 0);
        assert_adds_up(&stopped);
        assert_eq!(words(&netmon), ["interface_renamed"], "{arguments:?}");
        assert_nothing_attached(&hosts.client);
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn all_interfaces_are_those_that_appear_later_too_except_excluded_ones() {
    let hosts = two_hosts().unwrap();
    let arguments = ["--all-interfaces", "--exclude", "lo", "--exclude", "guest*"];
    let mut netmon = start(&hosts.client, &arguments);
    assert_eq!(netmon.started().value["left_out"][0]["name"], "lo");
    for (name, other) in [("guest0", "g"), ("extra", "e")] {
        hosts
            .client
            .ip(&format!(
                "link add {name} type veth peer name {other} netns {}",
                hosts.server.name()
            ))
            .unwrap();
    }
    let made = SystemTime::now();
    let attached = await_warning(&netmon, "interface_attached", "extra");
    let took = attached.duration_since(made).unwrap_or_default();
    assert!(took < AT_ONCE, "attached after {took:?}");
    // An excluded name lets go, another one is watched.
    hosts.client.ip("link set extra name guest1").unwrap();
    await_warning(&netmon, "interface_left", "extra");
    hosts.client.ip("link set guest0 name extra").unwrap();
    std::thread::sleep(A_WHILE);
    netmon.stop().unwrap();
    assert_eq!(
        words(&netmon),
        ["interface_attached", "interface_left", "interface_attached"]
    );
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn the_default_route_is_followed() {
    let hosts = two_hosts().unwrap();
    let other: IpAddr = Ipv4Addr::new(192, 0, 2, 2).into();
    cable((&hosts.client, "uplink"), (&hosts.server, "downlink")).unwrap();
    hosts
        .client
        .add_address("192.0.2.1".parse().unwrap(), "uplink")
        .unwrap();
    hosts.server.add_address(other, "downlink").unwrap();
    let mut netmon = start(&hosts.client, &[]);
    ask_refused(&hosts.client, SERVER_V4, 1);
    hosts.client.ip("-6 route delete default").unwrap();
    let moved = SystemTime::now();
    hosts.client.ip("route replace default dev uplink").unwrap();
    let attached = await_warning(&netmon, "interface_attached", "uplink");
    let took = attached.duration_since(moved).unwrap_or_default();
    assert!(took < AT_ONCE, "attached after {took:?}");
    ask_refused(&hosts.client, other, 1);
    std::thread::sleep(A_WHILE);
    let stopped = netmon.stop().unwrap();
    assert_eq!(words(&netmon), ["interface_left", "interface_attached"]);
    for address in [SERVER_V4, other] {
        assert_counts(&stopped, address, 1, 0, 1);
    }
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_address_that_the_host_gets_later_is_its_own() {
    let hosts = two_hosts().unwrap();
    let new: IpAddr = Ipv4Addr::new(192, 51, 100, 77).into();
    hosts.server.ip("route add 192.51.100.77 dev to-client").unwrap();
    let mut netmon = start(&hosts.client, &["--interface", "to-server"]);
    hosts.client.add_address(new, "to-server").unwrap();
    std::thread::sleep(A_WHILE);
    // A scanner asks this host, which serves no DNS.
    ask_refused(&hosts.server, new, 2);
    let stopped = netmon.stop().unwrap();
    assert_eq!(
        stopped.value["totals"]["not_served"], 2,
        "{:#}",
        stopped.value["totals"]
    );
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 0);
    assert_eq!(destination(&stopped, new)["dns_unreachable"]["port"], 2);
}

#[test]
#[ignore = "needs root: network namespaces, XDP and TC"]
fn a_foreign_xdp_program_is_passed_by_and_named() {
    for foreign in ["xdp-native", "xdp-generic"] {
        let hosts = two_hosts().unwrap();
        // A tap has native XDP, and `auto` would take it.
        for name in ["tap0", "tap1"] {
            hosts.client.ip(&format!("tuntap add {name} mode tap")).unwrap();
        }
        let mut other = start(&hosts.client, &["--hook", foreign, "--interface", "tap0"]);
        let mut netmon = start(&hosts.client, &["--interface", "tap0", "--interface", "tap1"]);
        assert_eq!(netmon.interface("tap1")["ingress"], "xdp-native");
        let told = netmon.interface("tap0");
        let why = told["why"].as_str().unwrap();
        assert_eq!(told["ingress"], "tc", "{told}");
        assert!(
            why.contains("another program (id ") && why.contains("does not replace it"),
            "{told}"
        );
        let links = hosts.client.ip("-details link show tap0").unwrap();
        assert_eq!(links.matches("prog/xdp").count(), 1, "it is still there: {links}");
        netmon.stop().unwrap();
        other.stop().unwrap();
        assert_nothing_attached(&hosts.client);
    }
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn an_interface_that_cannot_be_watched_is_told_once_and_tried_again_when_it_has_changed() {
    let hosts = two_hosts().unwrap();
    hosts.client.ip("tuntap add hidden mode tap").unwrap();
    let hook = ["--hook", "xdp-native"];
    let mut other = start(&hosts.client, &[&hook[..], &["--interface", "hidden"]].concat());
    let arguments = ["--all-interfaces", "--exclude", "hidden"];
    let mut netmon = start(&hosts.client, &[&hook[..], &arguments].concat());
    hosts.client.ip("link set hidden name seen").unwrap();
    await_warning(&netmon, "interface_not_attached", "seen");
    // News of other things do not repeat it.
    hosts.client.ip("link set lo mtu 60000").unwrap();
    std::thread::sleep(A_WHILE);
    other.stop().unwrap();
    hosts.client.ip("link set seen name free").unwrap();
    await_warning(&netmon, "interface_attached", "free");
    netmon.stop().unwrap();
    assert_eq!(words(&netmon), ["interface_not_attached", "interface_attached"]);
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_storm_of_new_interfaces_keeps_nothing_waiting() {
    const PAIRS: usize = 30;
    let hosts = two_hosts().unwrap();
    let mut netmon = start(&hosts.client, &["--all-interfaces"]);
    let commands: Vec<String> = (0..PAIRS)
        .map(|n| format!("link add storm{n} type veth peer name mrots{n}"))
        .collect();
    let batch = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(batch.path(), commands.join("\n")).unwrap();
    run_batch(&hosts.client, batch.path());
    // While they are attached to, one by one, errors are noticed as ever.
    let made = SystemTime::now();
    ask_refused(&hosts.client, SERVER_V4, 1);
    let opened = netmon.wait_event("incident_opened", SOON).unwrap();
    let noticed = opened.at.duration_since(made).unwrap();
    let all_attached = || words(&netmon).len() == 2 * PAIRS;
    while !all_attached() {
        assert!(made.elapsed().unwrap() < 10 * AT_ONCE, "{:?}", words(&netmon));
        std::thread::sleep(Duration::from_millis(20));
    }
    println!(
        "noticed after {noticed:?}, all attached after {:?}",
        made.elapsed()
    );
    assert!(noticed < Duration::from_millis(500), "{noticed:?}");
    let stopped = netmon.stop().unwrap();
    assert_counts(&stopped, SERVER_V4, 1, 0, 1);
    assert!(words(&netmon).iter().all(|word| word == "interface_attached"));
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn announcements_that_got_lost_lose_nothing() {
    const NOISE: usize = 300;
    let hosts = two_hosts().unwrap();
    let arguments = ["--all-interfaces", "--exclude", "noise*", "--log-level", "debug"];
    let mut netmon = start(&hosts.client, &arguments);
    // It does not read while it stands still, and the kernel keeps about 200 KiB for it.
    netmon.process().signal(Signal::SIGSTOP).unwrap();
    let noise = (0..NOISE).map(|n| format!("link add noise{n} type veth peer name noisy{n}"));
    let last = [
        "link delete to-server".to_owned(),
        "link add late type veth peer name noisy".to_owned(),
    ];
    let batch = tempfile::NamedTempFile::new().unwrap();
    let commands: Vec<String> = noise
        .chain(last)
        .map(|command| command.replace("noisy", "noise-"))
        .collect();
    std::fs::write(batch.path(), commands.join("\n")).unwrap();
    run_batch(&hosts.client, batch.path());
    netmon.process().signal(Signal::SIGCONT).unwrap();
    await_warning(&netmon, "interface_attached", "late");
    netmon.stop().unwrap();
    assert_eq!(words(&netmon), ["interface_gone", "interface_attached"]);
    let transcript = netmon.process().transcript();
    assert!(transcript.contains("No buffer space available"), "none got lost");
    assert_nothing_attached(&hosts.client);
}

fn run_batch(host: &Namespace, file: &std::path::Path) {
    host.exec(std::process::Command::new("ip").arg("-batch").arg(file))
        .unwrap();
}
