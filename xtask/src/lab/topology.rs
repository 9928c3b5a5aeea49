//! The networks that the tests play in. Client and server have the addresses of the textbook incident, and
//! in both networks the same ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::Result;

use super::{namespace::Namespace, veth::VethPair};

/// The client of the textbook incident.
pub const CLIENT_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 51, 100, 15));
/// The server of the textbook incident.
pub const SERVER_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 2));
/// The same client over IPv6.
pub const CLIENT_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 15));
/// The same server over IPv6.
pub const SERVER_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 2));

const ROUTER_TO_CLIENT: [&str; 2] = ["192.51.100.1", "2001:db8:1::1"];
const ROUTER_TO_SERVER: [&str; 2] = ["203.0.113.1", "2001:db8:2::1"];

/// A client and a server on one cable, each the default route of the other.
#[derive(Debug)]
pub struct TwoHosts {
    /// The host that asks; its interface is `to-server`.
    pub client: Namespace,
    /// The host that answers; its interface is `to-client`.
    pub server: Namespace,
}

/// A client and a server with a router between them.
#[derive(Debug)]
pub struct Routed {
    /// The host that asks; its interface is `to-router`.
    pub client: Namespace,
    /// The host that forwards; its interfaces are `to-client` and `to-server`.
    pub router: Namespace,
    /// The host that answers; its interface is `to-router`.
    pub server: Namespace,
}

/// Client and server, cabled and ready.
pub fn two_hosts() -> Result<TwoHosts> {
    let hosts = TwoHosts {
        client: Namespace::new("client")?,
        server: Namespace::new("server")?,
    };
    let ends = [(&hosts.client, "to-server"), (&hosts.server, "to-client")];
    let pair = VethPair::new(ends[0], ends[1])?;
    pair.address(prefixed(CLIENT_V4), prefixed(SERVER_V4))?;
    pair.address(prefixed(CLIENT_V6), prefixed(SERVER_V6))?;
    for (host, interface) in ends {
        host.ip(&format!("route add default dev {interface}"))?;
        host.ip(&format!("-6 route add default dev {interface}"))?;
    }
    Ok(hosts)
}

/// Client, router and server, cabled and ready.
pub fn with_router() -> Result<Routed> {
    let hosts = Routed {
        client: Namespace::new("client")?,
        router: Namespace::new("router")?,
        server: Namespace::new("server")?,
    };
    hosts.router.set("net/ipv4/ip_forward", "1")?;
    hosts.router.set("net/ipv6/conf/all/forwarding", "1")?;
    for (host, toward, addresses, routers) in [
        (
            &hosts.client,
            "to-client",
            [CLIENT_V4, CLIENT_V6],
            ROUTER_TO_CLIENT,
        ),
        (
            &hosts.server,
            "to-server",
            [SERVER_V4, SERVER_V6],
            ROUTER_TO_SERVER,
        ),
    ] {
        let pair = VethPair::new((host, "to-router"), (&hosts.router, toward))?;
        for (address, router) in addresses.into_iter().zip(routers) {
            pair.address(prefixed(address), format!("{router}/{}", prefix_length(address)))?;
            let family = if address.is_ipv6() { "-6" } else { "-4" };
            host.ip(&format!("{family} route add default via {router}"))?;
        }
    }
    Ok(hosts)
}

fn prefixed(address: IpAddr) -> String {
    format!("{address}/{}", prefix_length(address))
}

fn prefix_length(address: IpAddr) -> u8 {
    if address.is_ipv6() { 64 } else { 24 }
}
