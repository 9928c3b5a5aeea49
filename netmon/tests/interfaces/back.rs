//! An interface that goes and comes back is watched again.

use std::net::IpAddr;

use netmon_testkit::lab::{DnsServer, SERVER_V4, cable, two_hosts};

use crate::support::{
    PATIENCE, ask_answered, ask_refused, assert_adds_up, assert_counts, assert_nothing_attached, start,
};
use crate::{A_WHILE, await_warning, client_addresses, warnings, words};

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
        let opened = netmon.wait_event("incident_opened", PATIENCE).unwrap();

        hosts.client.ip("link delete to-server").unwrap();
        await_warning(&netmon, "interface_gone", "to-server");
        std::thread::sleep(A_WHILE);
        cable((&hosts.client, "to-server"), (&hosts.server, "to-client")).unwrap();
        client_addresses(&hosts);
        await_warning(&netmon, "interface_attached", "to-server");

        ask_refused(&hosts.client, SERVER_V4, 2);
        // It is still the same incident.
        let same = netmon.wait_for("update with all errors", PATIENCE, |event| {
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
