//! The second witness of an error: that the kernel handed it to the socket that asked. The controls: a forwarded client's errors,
//! a socket that gets no errors, and a forged error that quotes a real query of a socket that is gone.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    Event, FAMILIES, Family, Forger, Namespace, Netmon, SERVER_V4, SERVER_V6, TYPE_A, query, switched,
    two_hosts, with_router,
};
use serde_json::{Value, json};

use crate::support::{PATIENCE, ask_refused, watch};

const ID: u16 = 7;

const BOTH: [&str; 4] = ["--interface", "to-server", "--interface", "lo"];

/// The first report of the server's incident that has so many verified errors.
#[track_caller]
fn with_errors(netmon: &Netmon, server: IpAddr, verified: u64) -> Value {
    let about = |event: &Event| {
        event.name().starts_with("incident_")
            && event.incident()["server"] == server.to_string()
            && event.incident()["verified"] == verified
    };
    let what = format!("{verified} verified errors of {server}");
    netmon
        .wait_for(&what, PATIENCE, about)
        .unwrap()
        .incident()
        .clone()
}

#[test]
#[ignore = "needs root: network namespaces, control groups and TC"]
fn the_errors_of_a_real_client_are_accepted_each_by_its_socket() {
    let hosts = two_hosts().unwrap();
    let netmon = watch(&hosts.client, &BOTH);
    let blind = watch(&hosts.client, &[&BOTH[..], &["--no-askers"]].concat());
    let local: IpAddr = [127, 0, 0, 53].into();
    for server in [SERVER_V4, SERVER_V6, local] {
        ask_refused(&hosts.client, server, 1);
        assert_eq!(with_errors(&netmon, server, 1)["accepted"], 1, "{server}");
        assert_eq!(
            with_errors(&blind, server, 1)["accepted"],
            Value::Null,
            "{server}"
        );
    }
    ask_refused(&hosts.client, SERVER_V4, 4);
    let all = |event: &Event| {
        event.name() == "incident_updated"
            && event.incident()["accepted"] == 5
            && event.incident()["verified"] == 5
    };
    let last = netmon.wait_for("all five", PATIENCE, all).unwrap();
    let evidence = last.incident()["causes"][0]["evidence"].as_str().unwrap();
    assert!(!evidence.contains("handed"), "{evidence}");
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn of_errors_that_a_router_forwards_nobody_knows_who_gets_them() {
    let hosts = with_router().unwrap();
    let netmon = watch(
        &hosts.router,
        &["--interface", "to-client", "--interface", "to-server"],
    );
    for family in &FAMILIES {
        ask_refused(&hosts.client, family.server, 1);
        let incident = with_errors(&netmon, family.server, 1);
        assert_eq!(incident["accepted"], Value::Null, "{incident:#}");
        assert_eq!(incident["askers"], json!([]), "{incident:#}");
    }
}

/// What becomes of the socket that asks.
#[derive(Clone, Copy, Debug)]
enum Socket {
    Waits,
    IsGone,
    /// It waits, and the kernel hands such a one no error.
    IsNotConnected,
}

/// Asks a silent server, and then has an error forged that quotes the query.
fn forge(client: &Namespace, forger: &Forger, family: &Family, server: IpAddr, socket: Socket) {
    const PORT_UNREACHABLE: [u8; 2] = [3, 4];
    let asks = client
        .enter(|| UdpSocket::bind((family.client, 0)))
        .unwrap()
        .unwrap();
    let (from, to) = (asks.local_addr().unwrap(), SocketAddr::new(server, 53));
    let message = query(ID, "forged.test", TYPE_A);
    if matches!(socket, Socket::IsNotConnected) {
        asks.send_to(&message, to).unwrap();
    } else {
        asks.connect(to).unwrap();
        asks.send(&message).unwrap();
    }
    let waits = (!matches!(socket, Socket::IsGone)).then_some(asks);
    let code = PORT_UNREACHABLE[usize::from(server.is_ipv6())];
    let error = unreachable(server, family.client, code, &query_packet(from, to, &message));
    forger.send(&error, family.client).unwrap();
    // The kernel hands it on before it returns to user space.
    if let (Some(waits), Socket::Waits) = (&waits, socket) {
        waits.set_read_timeout(Some(PATIENCE)).unwrap();
        assert!(waits.recv(&mut [0; 512]).is_err());
    }
    drop(waits);
}

#[test]
#[ignore = "needs root: network namespaces, control groups, TC and raw sockets"]
fn a_forged_error_that_quotes_a_query_is_not_accepted_once_its_socket_is_gone() {
    let hosts = switched().unwrap();
    let forger = Forger::new(&hosts.server).unwrap();
    let netmon = watch(&hosts.client, &[]);
    let cases = [
        (Socket::IsGone, json!(0)),
        (Socket::Waits, json!(1)),
        (Socket::IsNotConnected, Value::Null),
    ];
    for family in &FAMILIES {
        for ((socket, accepted), last) in cases.iter().zip(10..) {
            // An address of its own for each, which nobody else asks, with a server that hears and is silent.
            let server = another(family.server, last);
            hosts.server.add_address(server, "to-client").unwrap();
            let _silent = hosts
                .server
                .enter(|| UdpSocket::bind((server, 53)))
                .unwrap()
                .unwrap();
            forge(&hosts.client, &forger, family, server, *socket);
            let incident = with_errors(&netmon, server, 1);
            assert_eq!(incident["accepted"], *accepted, "{socket:?}: {incident:#}");
            let evidence = incident["causes"][0]["evidence"].as_str().unwrap();
            assert_eq!(
                evidence.contains("the kernel handed none of them"),
                *accepted == json!(0),
                "{socket:?}: {evidence}"
            );
        }
    }
}

/// The same address with another last number.
fn another(address: IpAddr, last: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let [first, second, third, _] = address.octets();
            [first, second, third, last].into()
        }
        IpAddr::V6(address) => {
            let mut octets = address.octets();
            octets[15] = last;
            octets.into()
        }
    }
}
