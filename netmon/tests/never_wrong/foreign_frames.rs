//! Frames that are none of this host's business: those for another host's card, which a switch floods, and those that come
//! in with the host's own address as their source. They are counted as `not_ours`, and never judged. And those that look
//! like them, for a container with a card of its own on this host's.

use std::net::{IpAddr, SocketAddr};
use std::thread::sleep;

use netmon_testkit::frames::build::prelude::{ipv4, packet, raw, tcp};
use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    Asker, CLIENT_V4, FAMILIES, FrameSocket, Namespace, Netmon, SERVER_V4, SERVER_V6, Scripted, TYPE_A,
    TwoHosts, cable, eventually, query, two_hosts,
};

use crate::support::incident::silence;
use crate::support::{PATIENCE, assert_adds_up, destination, start, watch};
use crate::trouble::{
    NAMES, SECOND, add_second, answers, ask_in_vain, ask_well, assert_exact, assert_nothing_of, port_53,
    says_nothing, second,
};

/// Another host's card.
const ELSEWHERE: [u8; 6] = [0x02, 0, 0, 0, 0, 0x99];

/// A conversation of others: who asks, a server that is silent, and one that refuses.
const ASKS: &str = "198.51.100.7";
const SILENT: &str = "198.51.100.53";
const REFUSES: &str = "198.51.100.54";

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The address of an interface's card.
pub fn card(host: &Namespace, interface: &str) -> [u8; 6] {
    let link = host.ip(&format!("-oneline link show {interface}")).unwrap();
    let mut words = link.split_whitespace().skip_while(|word| *word != "link/ether");
    let digits = words.nth(1).unwrap().split(':');
    let bytes: Vec<u8> = digits.map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
    bytes.try_into().unwrap()
}

/// A frame with an IPv4 packet for that card.
fn frame(to: [u8; 6], packet: &[u8]) -> Vec<u8> {
    let from = [0x02, 0, 0, 0, 0, 0x77];
    [&to[..], &from, &[0x08, 0x00], packet].concat()
}

fn asks(from: IpAddr, server: IpAddr) -> Vec<Vec<u8>> {
    let client = SocketAddr::new(from, 40_000);
    let packet = |(id, name)| query_packet(client, port_53(server), &query(id, name, TYPE_A));
    (1..).zip(NAMES).map(packet).collect()
}

/// All of the others' conversation.
fn conversation(to: [u8; 6]) -> Vec<Vec<u8>> {
    let refused = asks(address(ASKS), address(REFUSES));
    let errors: Vec<Vec<u8>> = refused
        .iter()
        .map(|quoted| unreachable(address(REFUSES), address(ASKS), 3, quoted))
        .collect();
    let silent = asks(address(ASKS), address(SILENT));
    [silent, refused, errors]
        .concat()
        .iter()
        .map(|packet| frame(to, packet))
        .collect()
}

/// The control beside each: a server that is really silent, by which time the others' would be too.
fn wait_for_the_control(hosts: &TwoHosts, netmon: &Netmon) {
    for family in &FAMILIES {
        ask_in_vain(&hosts.client, family.client, family.server);
    }
    for family in &FAMILIES {
        let incident = silence(family.client, family.server).opened(netmon);
        assert_exact(&incident, NAMES.len() as u64, 0);
    }
}

fn send(hosts: &TwoHosts, frames: &[Vec<u8>]) {
    let socket = FrameSocket::open(&hosts.server, "to-client", false).unwrap();
    for frame in frames {
        socket.send(frame).unwrap();
    }
}

fn silent_servers(hosts: &TwoHosts) -> [Scripted; 2] {
    [SERVER_V4, SERVER_V6]
        .map(|server| Scripted::start(&hosts.server, port_53(server), says_nothing).unwrap())
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn frames_for_another_hosts_card_are_not_ours() {
    let hosts = two_hosts().unwrap();
    let _servers = silent_servers(&hosts);
    let mut netmon = watch(&hosts.client, &["--interface", "to-server"]);
    let frames = conversation(ELSEWHERE);
    send(&hosts, &frames);
    wait_for_the_control(&hosts, &netmon);
    assert_nothing_of(&netmon, [address(SILENT), address(REFUSES)]);
    let stopped = netmon.stop().unwrap();
    let totals = &stopped.value["totals"];
    assert_eq!(totals["not_ours"], frames.len(), "{totals:#}");
    assert_eq!(totals["dns_queries"], 2 * NAMES.len(), "{totals:#}");
    assert_eq!(totals["icmp_unreachable"], 0, "{totals:#}");
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_same_frames_are_judged_at_a_mirror_port() {
    let hosts = two_hosts().unwrap();
    let _servers = silent_servers(&hosts);
    let mirror = ["--interface", "to-server", "--mirror", "to-server"];
    let mut netmon = watch(&hosts.client, &mirror);
    assert_judged(&hosts, &mut netmon);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_mirror_port_that_gets_another_name_stays_one() {
    let hosts = two_hosts().unwrap();
    let _servers = silent_servers(&hosts);
    let mirror = ["--interface", "to-server", "--mirror", "to-server"];
    let mut netmon = watch(&hosts.client, &mirror);
    for (before, now) in [("to-server", "tap-in"), ("tap-in", "tap-out")] {
        hosts.client.ip(&format!("link set {before} name {now}")).unwrap();
        netmon
            .wait_for(now, PATIENCE, |event| {
                event.value["warning"] == "interface_renamed"
                    && event.value["message"].as_str().unwrap().contains(now)
            })
            .unwrap();
    }
    assert_judged(&hosts, &mut netmon);
}

/// Insists that the conversation of others is judged, each packet of it.
fn assert_judged(hosts: &TwoHosts, netmon: &mut Netmon) {
    send(hosts, &conversation(ELSEWHERE));
    wait_for_the_control(hosts, netmon);
    for (server, kind) in [(SILENT, "unanswered"), (REFUSES, "unreachable")] {
        let opened = netmon
            .wait_for(server, PATIENCE, |event| {
                event.name() == "incident_opened" && event.incident()["server"] == server
            })
            .unwrap();
        assert_eq!(opened.incident()["kind"], kind, "{opened:#?}");
        assert_exact(opened.incident(), NAMES.len() as u64, 0);
    }
    let stopped = netmon.stop().unwrap();
    assert_eq!(stopped.value["totals"]["not_ours"], 0);
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn frames_that_come_in_with_the_hosts_own_address_as_their_source_are_not_ours() {
    let hosts = two_hosts().unwrap();
    let _servers = silent_servers(&hosts);
    let mut netmon = watch(&hosts.client, &["--interface", "to-server"]);
    let to = card(&hosts.client, "to-server");
    let looped = asks(CLIENT_V4, address(SILENT));
    // What a server of this host would send over TCP: it would take connections, and answer queries.
    let (IpAddr::V4(own), IpAddr::V4(other)) = (CLIENT_V4, address(ASKS)) else {
        panic!("{ASKS} is IPv4");
    };
    let of_server = |header, says: &[u8]| (packet() / ipv4(own, other) / header / raw(says)).bytes();
    let taken = of_server(tcp(53, 40_000).syn().ack(), &[]);
    let data = of_server(tcp(53, 40_000).psh().ack(), b"payload of a server");
    let packets = [looped, vec![taken, data]].concat();
    let frames: Vec<Vec<u8>> = packets.iter().map(|packet| frame(to, packet)).collect();
    send(&hosts, &frames);
    wait_for_the_control(&hosts, &netmon);
    assert_nothing_of(&netmon, [address(SILENT)]);
    let stopped = netmon.stop().unwrap();
    let totals = &stopped.value["totals"];
    assert_eq!(totals["not_ours"], frames.len(), "{totals:#}");
    assert_eq!(totals["dns_queries"], 2 * NAMES.len(), "{totals:#}");
    assert_adds_up(&stopped);
}

/// How many answers of a server were counted, at the last reading.
fn counted_answers(netmon: &Netmon, server: IpAddr) -> u64 {
    let snapshots = netmon.events_named("snapshot").unwrap();
    let last = snapshots.last().map(|last| destination(last, server));
    last.and_then(|counts| counts["dns_responses"].as_u64())
        .unwrap_or(0)
}

/// A container with a macvlan device on the host's card, which it brings up by itself: nobody tells the host of that, nor of the
/// hardware address that its card listens to from then on.
#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn answers_for_a_container_that_comes_up_on_this_hosts_card_are_soon_known_and_raise_no_alarm() {
    let [host, server, container] =
        ["host", "server", "container"].map(|label| Namespace::new(label).unwrap());
    cable((&host, "card"), (&server, "to-client")).unwrap();
    server.add_address(SERVER_V4, "to-client").unwrap();
    add_second(&server, "to-client");
    server.ip("route add default dev to-client").unwrap();
    let silent = second(&FAMILIES[0]);
    let _serves = Scripted::start(&server, port_53(SERVER_V4), answers).unwrap();
    let _silent = Scripted::start(&server, port_53(silent), says_nothing).unwrap();
    let mut netmon = start(&host, &["--interface", "card"]);
    host.ip(&format!(
        "link add link card name inside netns {} type macvlan mode bridge",
        container.name()
    ))
    .unwrap();
    // That was announced, and looked at.
    sleep(2 * SECOND);
    container.ip("link set inside up").unwrap();
    container.add_address(CLIENT_V4, "inside").unwrap();
    container.ip("route add default dev inside").unwrap();
    let asker = Asker::of(&container, CLIENT_V4, SERVER_V4).unwrap();
    ask_well(&asker, 6);
    let ask = || {
        ask_well(&asker, 1);
        counted_answers(&netmon, SERVER_V4)
    };
    let is_heard = |answers: &u64| *answers > 0;
    eventually("answer for the container that is counted", ask, is_heard);
    // What came before is not judged.
    sleep(SECOND);

    // The control: a server that is really silent, by which time the other one would be too.
    ask_in_vain(&container, CLIENT_V4, silent);
    let incident = silence(CLIENT_V4, silent).opened(&netmon);
    assert_exact(&incident, NAMES.len() as u64, 0);
    assert_nothing_of(&netmon, [SERVER_V4]);
    let stopped = netmon.stop().unwrap();
    let totals = &stopped.value["totals"];
    assert!(totals["not_ours"].as_u64().unwrap() > 0, "{totals:#}");
    assert_adds_up(&stopped);
}
