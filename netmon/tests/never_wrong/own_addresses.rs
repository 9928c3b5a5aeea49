//! Addresses that are another host's, although they look like this host's own: the link-local one that a router has too, on another
//! link, and that of the other end of a point-to-point link.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use netmon_testkit::lab::icmp::query_packet;
use netmon_testkit::lab::{
    Asker, CLIENT_V6, FrameSocket, Namespace, SERVER_V6, Scripted, TYPE_A, cable, query, two_hosts,
};

use crate::foreign_frames::card;
use crate::link_local::opened;
use crate::support::incident::{refusal, silence};
use crate::support::{assert_adds_up, destination, watch};
use crate::trouble::{
    NAMES, answers, ask_in_vain, ask_refused, ask_well, asker_by, assert_exact, assert_nothing_of, port_53,
    port_53_by, says_nothing, send_all,
};

/// What many a router calls itself on its links.
const SAME: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);
const SILENT: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x54);

/// A host that is such a router for the guests on a bridge of its own, and has one on another link.
#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_link_local_address_that_this_host_has_on_another_link_is_its_routers_here() {
    let [host, router, guest] = ["host", "router", "guest"].map(|label| Namespace::new(label).unwrap());
    cable((&host, "to-router"), (&router, "to-host")).unwrap();
    cable((&host, "port"), (&guest, "to-host")).unwrap();
    host.ip("link add lan type bridge stp_state 0 mcast_snooping 0")
        .unwrap();
    host.ip("link set lan up").unwrap();
    host.ip("link set port master lan").unwrap();
    for (namespace, address, interface) in [
        (&host, SAME, "lan"),
        (&router, SAME, "to-host"),
        (&router, SILENT, "to-host"),
    ] {
        namespace
            .ip(&format!("address add {address}/64 dev {interface} nodad"))
            .unwrap();
    }
    router.limit_no_errors().unwrap();
    let at = |address| port_53_by(&router, "to-host", address);
    let serves = Scripted::start(&router, at(SAME), answers).unwrap();
    let _silent = Scripted::start(&router, at(SILENT), says_nothing).unwrap();
    let mut netmon = watch(&host, &["--interface=to-router", "--interface=port"]);

    let asker = asker_by(&host, "to-router", SAME);
    ask_well(&asker, 6);
    // The controls: a guest that sends with the host's address, and a server that is really silent, by which time the
    // router would be too.
    let socket = FrameSocket::open(&guest, "to-host", false).unwrap();
    let client = SocketAddr::new(SAME.into(), 40_000);
    for (id, name) in (1..).zip(NAMES) {
        let packet = query_packet(client, port_53(SILENT.into()), &query(id, name, TYPE_A));
        let from = [0x02, 0, 0, 0, 0, 0x77];
        let frame = [&card(&host, "lan")[..], &from, &[0x86, 0xdd], packet.as_slice()].concat();
        socket.send(&frame).unwrap();
    }
    send_all(&asker_by(&host, "to-router", SILENT));
    let silence = opened(&netmon, SILENT, "unanswered", "to-router");
    assert_exact(&silence, NAMES.len() as u64, 0);
    assert_nothing_of(&netmon, [SAME.into()]);

    drop(serves);
    ask_refused(&asker, 2);
    opened(&netmon, SAME, "unreachable", "to-router");
    let stopped = netmon.stop().unwrap();
    assert_eq!(stopped.value["totals"]["not_ours"], NAMES.len());
    let counts = destination(&stopped, SAME.into());
    assert_eq!(counts["dns_responses"], 6, "{counts:#}");
    assert_eq!(counts["dns_unreachable"]["port"], 2, "{counts:#}");
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_other_end_of_a_point_to_point_link_is_no_address_of_this_host() {
    let hosts = two_hosts().unwrap();
    let [near, far]: [IpAddr; 2] = ["fd00::1", "fd00::2"].map(|address| address.parse().unwrap());
    for (host, interface, own, peer) in [
        (&hosts.client, "to-server", near, far),
        (&hosts.server, "to-client", far, near),
    ] {
        host.ip(&format!("-6 address add {own} peer {peer} dev {interface} nodad"))
            .unwrap();
        host.await_address(own).unwrap();
    }
    hosts.server.limit_no_errors().unwrap();
    let serves = Scripted::start(&hosts.server, port_53(far), answers).unwrap();
    let _silent = Scripted::start(&hosts.server, port_53(SERVER_V6), says_nothing).unwrap();
    let mut netmon = watch(&hosts.client, &["--interface", "to-server"]);

    let asker = Asker::of(&hosts.client, near, far).unwrap();
    ask_well(&asker, 6);
    // The control: a server that is really silent, by which time the other one would be too.
    ask_in_vain(&hosts.client, CLIENT_V6, SERVER_V6);
    let incident = silence(CLIENT_V6, SERVER_V6).opened(&netmon);
    assert_exact(&incident, NAMES.len() as u64, 0);
    assert_nothing_of(&netmon, [far]);

    drop(serves);
    ask_refused(&asker, 2);
    refusal(near, far).opened(&netmon);
    let stopped = netmon.stop().unwrap();
    assert_eq!(stopped.value["totals"]["not_ours"], 0);
    assert_eq!(destination(&stopped, far)["dns_responses"], 6);
    assert_adds_up(&stopped);
}
