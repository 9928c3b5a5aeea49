//! A server behind a tunnel stops, and comes back. Both ends of the tunnel are watched, and the cable below as well, where
//! nobody may see any DNS.

use std::io::{ErrorKind, Read as _};
use std::net::{IpAddr, Shutdown, TcpStream};

use netmon_testkit::lab::{
    CLIENT_V4, CLIENT_V6, DnsServer, Namespace, Netmon, SERVER_V4, SERVER_V6, Tunnel, Tunnelled, is_guest,
};
use serde_json::json;

use crate::support::incident::{assert_errors, assert_no_incident, refusal};
use crate::support::kernel::tc_link;
use crate::support::{ask_answered, ask_refused, assert_adds_up, assert_counts, destination, watch};

const QUERIES: u32 = 3;

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_outage_behind_a_tun_device_is_reported_and_counted_exactly() {
    outage(Tunnel::Tun);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_outage_behind_a_vxlan_without_ethernet_headers_is_reported_and_counted_exactly() {
    outage(Tunnel::Vxlan);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_outage_behind_a_tunnel_of_ip_in_ip_is_reported_and_counted_exactly() {
    [Tunnel::Ipip, Tunnel::Sit, Tunnel::Ip6Tunnel]
        .into_iter()
        .for_each(outage);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_outage_behind_a_tunnel_of_gre_is_reported_and_counted_exactly() {
    [Tunnel::Gre, Tunnel::Ip6Gre].into_iter().for_each(outage);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_outage_behind_wireguard_is_reported_and_counted_exactly() {
    outage(Tunnel::WireGuard);
}

/// Not every kernel has every tunnel; those of `cargo xtask kernels` have all of these.
fn lay(tunnel: Tunnel) -> Option<Tunnelled> {
    match tunnel.lay() {
        Err(error) if !is_guest() && error.to_string().contains("Unknown device type") => {
            println!("{tunnel:?}: this kernel has none, nothing was tested");
            None
        }
        laid => Some(laid.unwrap()),
    }
}

fn outage(tunnel: Tunnel) {
    let Some(hosts) = lay(tunnel) else {
        return;
    };
    println!("{tunnel:?}");
    let Tunnelled { client, server, .. } = &hosts;
    let services = [(CLIENT_V4, SERVER_V4), (CLIENT_V6, SERVER_V6)];
    let services = services
        .into_iter()
        .filter(|(address, _)| tunnel.carries(*address));
    let services: Vec<(IpAddr, IpAddr)> = services.collect();
    let addresses: Vec<IpAddr> = services.iter().map(|(_, server)| *server).collect();
    let mut dns = DnsServer::new(server, &addresses).unwrap();

    let mut asking = watch(client, &["--interface=tunnel", "--interface=cable"]);
    let mut asked = watch(server, &["--interface=tunnel"]);
    for netmon in [&asking, &asked] {
        let told = netmon.interface("tunnel");
        assert_eq!(
            (&told["ingress"], &told["egress"]),
            (&json!("tc"), &json!(tc_link()))
        );
        assert_eq!(told["exact"], true, "{told}");
        let why = told["why"].as_str().unwrap();
        assert!(why.contains("no Ethernet header"), "{why}");
    }

    for address in &addresses {
        ask_answered(client, *address, QUERIES);
        assert!(connect(client, *address).is_ok());
    }
    // The control: as long as the server answers, nothing is reported.
    for netmon in [&asking, &asked] {
        assert_no_incident(netmon);
    }
    dns.stop().unwrap();
    for address in &addresses {
        ask_refused(client, *address, QUERIES);
        assert_eq!(connect(client, *address), Err(ErrorKind::ConnectionRefused));
    }
    let opened: Vec<_> = services
        .iter()
        .map(|(client, server)| {
            let expected = refusal(*client, *server);
            (expected, [&asking, &asked].map(|netmon| expected.opened(netmon)))
        })
        .collect();
    dns.start().unwrap();
    for address in &addresses {
        ask_answered(client, *address, 2);
    }
    for (expected, opened) in &opened {
        for (netmon, opened) in [&asking, &asked].into_iter().zip(opened) {
            let closed = expected.closed(netmon, opened, "answered");
            assert_errors(&closed, "port", QUERIES.into());
            assert_eq!(closed["queries"], QUERIES, "{closed:#}");
            assert_eq!(closed["answers"], 0, "{closed:#}");
        }
        let process = &expected.closed(&asking, &opened[0], "answered")["askers"][0]["process"];
        assert_eq!(process, "dig");
    }
    for netmon in [&mut asking, &mut asked] {
        counted(netmon, &addresses);
    }
}

/// What the device below sees are other packets, of which it is not known what they hold.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn on_the_cable_below_a_tunnel_there_is_no_dns() {
    let Tunnelled { client, server, .. } = &Tunnel::Vxlan.lay().unwrap();
    let _dns = DnsServer::new(server, &[SERVER_V4]).unwrap();
    let mut netmon = watch(client, &["--interface=cable"]);
    ask_answered(client, SERVER_V4, QUERIES);
    let stopped = netmon.stop().unwrap();
    let totals = &stopped.value["totals"];
    assert!(
        totals["other"].as_u64().unwrap() >= 2 * u64::from(QUERIES),
        "{totals}"
    );
    assert_eq!(totals["dns_queries"], 0, "{totals}");
    assert_eq!(stopped.value["destinations"], json!([]));
    assert_adds_up(&stopped);
}

/// Whether a server takes a connection. Closed on both sides: a server that stops in the middle of one would reset it.
fn connect(client: &Namespace, server: IpAddr) -> Result<(), ErrorKind> {
    let connected = client.enter(|| TcpStream::connect((server, 53))).unwrap();
    let mut stream = connected.map_err(|error| error.kind())?;
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_to_end(&mut Vec::new()).unwrap();
    Ok(())
}

/// Each packet once, although it passes the tunnel, and inside another packet the cable.
fn counted(netmon: &mut Netmon, servers: &[IpAddr]) {
    let stopped = netmon.stop().unwrap();
    let (answered, refused) = (u64::from(QUERIES) + 2, u64::from(QUERIES));
    for server in servers {
        assert_counts(&stopped, *server, answered + refused, answered, refused);
        let counts = destination(&stopped, *server);
        assert_eq!(counts["tcp"]["tcp_connects"], 2, "{counts:#}");
        assert_eq!(counts["tcp"]["tcp_resets"], 1, "{counts:#}");
        assert_eq!(counts["latency_us"]["count"], answered, "{counts:#}");
    }
    assert_eq!(stopped.value["totals"]["not_ours"], 0);
    assert_adds_up(&stopped);
}
