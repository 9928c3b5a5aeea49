//! The networks that the tests play in. Client and server have the addresses of the textbook incident, and
//! in both networks the same ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::Result;

use super::{namespace::Namespace, power::PoweredOff, switch::Switch, veth::VethPair};

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

/// A client and a server with a router between them. Between router and server is a switch.
#[derive(Debug)]
pub struct Routed {
    /// The host that asks; its interface is `to-router`.
    pub client: Namespace,
    /// The host that forwards; its interfaces are `to-client` and `to-server`.
    pub router: Namespace,
    /// The host that answers; its interface is `to-router`.
    pub server: Namespace,
    /// The link of the servers, for more of them.
    pub switch: Switch,
}

/// A client and a server on a switch, each the default route of the other.
#[derive(Debug)]
pub struct Switched {
    /// The host that asks; its interface is `to-server`.
    pub client: Namespace,
    /// The host that answers; its interface is `to-client`.
    pub server: Namespace,
    /// Their link, for more hosts.
    pub switch: Switch,
}

/// The addresses of one family in all networks, to play a scene in both.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// Whose queries fail.
    pub client: IpAddr,
    /// The router's address on the client's side, from which it sends its errors.
    pub router: IpAddr,
    /// Who is asked.
    pub server: IpAddr,
}

/// IPv4 and IPv6.
pub const FAMILIES: [Family; 2] = [
    Family {
        client: CLIENT_V4,
        router: IpAddr::V4(Ipv4Addr::new(192, 51, 100, 1)),
        server: SERVER_V4,
    },
    Family {
        client: CLIENT_V6,
        router: IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 1)),
        server: SERVER_V6,
    },
];

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

/// Client and server on a switch, cabled and ready.
pub fn switched() -> Result<Switched> {
    let hosts = Switched {
        client: Namespace::new("client")?,
        server: Namespace::new("server")?,
        switch: Switch::new()?,
    };
    for (host, interface, addresses) in [
        (&hosts.client, "to-server", [CLIENT_V4, CLIENT_V6]),
        (&hosts.server, "to-client", [SERVER_V4, SERVER_V6]),
    ] {
        hosts.switch.plug(host, interface)?;
        for address in addresses {
            host.ip(&format!("address add {} dev {interface}", prefixed(address)))?;
            host.ip(&format!("{} route add default dev {interface}", flag(address)))?;
        }
    }
    Ok(hosts)
}

/// Client, router and server, cabled and ready.
pub fn with_router() -> Result<Routed> {
    let hosts = Routed {
        client: Namespace::new("client")?,
        router: Namespace::new("router")?,
        server: Namespace::new("server")?,
        switch: Switch::new()?,
    };
    hosts.router.set("net/ipv4/ip_forward", "1")?;
    hosts.router.set("net/ipv6/conf/all/forwarding", "1")?;
    VethPair::new((&hosts.client, "to-router"), (&hosts.router, "to-client"))?;
    hosts.switch.plug(&hosts.router, "to-server")?;
    hosts.switch.plug(&hosts.server, "to-router")?;
    for (toward, addresses, routers) in [
        ("to-client", [CLIENT_V4, CLIENT_V6], ROUTER_TO_CLIENT),
        ("to-server", [SERVER_V4, SERVER_V6], ROUTER_TO_SERVER),
    ] {
        for (address, router) in addresses.into_iter().zip(routers) {
            let length = prefix_length(address);
            hosts
                .router
                .ip(&format!("address add {router}/{length} dev {toward}"))?;
            let host = if toward == "to-client" {
                &hosts.client
            } else {
                &hosts.server
            };
            host.ip(&format!("address add {} dev to-router", prefixed(address)))?;
            host.ip(&format!("{} route add default via {router}", flag(address)))?;
        }
    }
    Ok(hosts)
}

impl Routed {
    /// Powers the server's host off.
    pub fn power_off(&self) -> Result<PoweredOff<'_>> {
        let routes = ROUTER_TO_SERVER.map(|router| format!("via {router}"));
        PoweredOff::new(&self.server, "to-router", routes, (&self.router, "to-server"))
    }
}

impl Switched {
    /// Powers the server's host off.
    pub fn power_off(&self) -> Result<PoweredOff<'_>> {
        let routes = ["dev to-client"; 2].map(str::to_owned);
        PoweredOff::new(&self.server, "to-client", routes, (&self.client, "to-server"))
    }
}

fn prefixed(address: IpAddr) -> String {
    format!("{address}/{}", prefix_length(address))
}

fn prefix_length(address: IpAddr) -> u8 {
    if address.is_ipv6() { 64 } else { 24 }
}

fn flag(address: IpAddr) -> &'static str {
    if address.is_ipv6() { "-6" } else { "-4" }
}
