//! An outage between two hosts with network cards whose drivers are the kernel's own. Only guests of `cargo xtask kernels` have such
//! cards.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::process::Command;

use netmon_testkit::lab::{
    CLIENT_V4, CLIENT_V6, Cards, DnsServer, SERVER_V4, SERVER_V6, show_in_sys, with_own_mounts,
};
use serde_json::Value;
use support::incident::{assert_errors, assert_flow, refusal};
use support::kernel::lacks_xdp;
use support::{NETMON, ask_answered, ask_refused, assert_adds_up, assert_counts, start};

/// What `netmon doctor` finds of an interface.
fn diagnosis(interface: &str) -> String {
    let doctor = Command::new(NETMON).args(["doctor", "--format", "json"]).output();
    let document: Value = serde_json::from_slice(&doctor.unwrap().stdout).unwrap();
    let mut all = document["checks"].as_array().unwrap().iter();
    let of_interface = all.find(|finding| finding["check"] == interface);
    of_interface.unwrap()["finding"].as_str().unwrap().to_owned()
}

/// Plays the outage, seen from both hosts, over IPv4 and IPv6; and insists that the doctor said before which hook it would be.
fn outage(kind: &str, has_xdp: bool) {
    let cards = Cards::of(kind).unwrap();
    let said = diagnosis(&cards.names[0]);
    println!("{kind}: {said}");
    let hosts = cards.two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let mut watching = [(&hosts.client, "to-server"), (&hosts.server, "to-client")].map(|(host, name)| {
        let netmon = start(host, &["--interface", name]);
        (netmon, name)
    });
    for (netmon, name) in &watching {
        let told = netmon.interface(name);
        let at_xdp = has_xdp && !lacks_xdp();
        let hook = if at_xdp { "xdp-native" } else { "tc" };
        assert_eq!(told["ingress"], hook, "{told}");
        assert_eq!(told["exact"], true, "{told}");
        let word = if at_xdp { "native XDP" } else { "TC" };
        assert!(said.contains(word), "{said}");
        // A kernel before 6.3 does not say what a driver has, but a virtio card's features do.
        let is_sure = !said.contains("this kernel does not say");
        assert!(is_sure || kind == "e1000" || at_xdp, "{said}");
        if is_sure && !at_xdp {
            assert!(said.contains("would take TC"), "{said}");
        }
    }
    for (client, address) in [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)] {
        ask_answered(&hosts.client, address, 2);
        server.stop().unwrap();
        ask_refused(&hosts.client, address, 3);
        let outage = refusal(client, address);
        let opened = watching.each_ref().map(|(netmon, _)| outage.opened(netmon));
        server.start().unwrap();
        ask_answered(&hosts.client, address, 2);
        for ((netmon, _), opened) in watching.iter().zip(opened) {
            let closed = outage.closed(netmon, &opened, "answered");
            assert_errors(&closed, "port", 3);
            assert_flow(&closed, 3, 0);
        }
    }
    for (netmon, _) in &mut watching {
        let stopped = netmon.stop().unwrap();
        for address in [SERVER_V4, SERVER_V6] {
            assert_counts(&stopped, address, 7, 4, 3);
        }
        assert_adds_up(&stopped);
        assert!(netmon.events_named("warning").unwrap().is_empty());
    }
}

#[test]
#[ignore = "needs root, and a guest with cards"]
fn a_virtio_card_with_one_queue() {
    outage("virtio", true);
}

#[test]
#[ignore = "needs root, and a guest with cards"]
fn a_virtio_card_with_several_queues() {
    outage("virtio-queues", true);
}

#[test]
#[ignore = "needs root, and a guest with cards"]
fn a_virtio_card_without_offloads() {
    outage("virtio-bare", true);
}

#[test]
#[ignore = "needs root, and a guest with cards"]
fn a_virtio_card_whose_offloads_stay_on() {
    outage("virtio-fixed", false);
}

/// Where it can read the card's features, netmon does not try.
#[test]
#[ignore = "needs root, and a guest with cards"]
fn a_virtio_card_whose_offloads_stay_on_is_not_tried_at_xdp() {
    with_own_mounts(|| {
        let hosts = Cards::of("virtio-fixed").unwrap().two_hosts().unwrap();
        show_in_sys(&hosts.client).unwrap();
        let netmon = start(&hosts.client, &["--interface", "to-server"]);
        let told = netmon.interface("to-server");
        assert_eq!(told["ingress"], "tc", "{told}");
        let why = told["why"].as_str().unwrap();
        assert!(lacks_xdp() || why.contains("no ctrl_guest_offloads"), "{why}");
    })
    .unwrap();
}

#[test]
#[ignore = "needs root, and a guest with cards"]
fn an_e1000_card() {
    outage("e1000", false);
}
