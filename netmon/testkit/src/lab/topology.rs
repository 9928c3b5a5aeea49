//! The networks that the tests play in. Client and server have the addresses of the textbook incident, and
//! in both networks the same ones.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use anyhow::Result;

use super::{namespace::Namespace, power::PoweredOff, switch::Switch, veth::cable};

/// The client of the textbook incident.
pub const CLIENT_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 51, 100, 15));
/// The server of the textbook incident.
pub const SERVER_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 2));
/// The same client over IPv6.
pub const CLIENT_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, 15));
/// The same server over IPv6.
pub const SERVER_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 2));

/// The router's addresses on the servers' side.
const ROUTER_TO_SERVER: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1)),
];

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
    cable((&hosts.client, "to-server"), (&hosts.server, "to-client"))?;
    on_link(&hosts.client, "to-server", [CLIENT_V4, CLIENT_V6])?;
    on_link(&hosts.server, "to-client", [SERVER_V4, SERVER_V6])?;
    Ok(hosts)
}

/// Client and server on a switch, cabled and ready.
pub fn switched() -> Result<Switched> {
    let hosts = Switched {
        client: Namespace::new("client")?,
        server: Namespace::new("server")?,
        switch: Switch::new()?,
    };
    hosts.plug(&hosts.client, "to-server", [CLIENT_V4, CLIENT_V6])?;
    hosts.plug(&hosts.server, "to-client", [SERVER_V4, SERVER_V6])?;
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
    cable((&hosts.client, "to-router"), (&hosts.router, "to-client"))?;
    hosts.switch.plug(&hosts.router, "to-server")?;
    hosts.switch.plug(&hosts.server, "to-router")?;
    for (family, on_servers_side) in FAMILIES.iter().zip(ROUTER_TO_SERVER) {
        for (host, address, toward, router) in [
            (&hosts.client, family.client, "to-client", family.router),
            (&hosts.server, family.server, "to-server", on_servers_side),
        ] {
            hosts.router.add_address(router, toward)?;
            host.add_address(address, "to-router")?;
            host.ip(&format!("{} route add default via {router}", flag(address)))?;
        }
    }
    Ok(hosts)
}

/// The same, with a router that forwards nothing and says nothing: the client's packets go there and no further.
pub fn with_silent_router() -> Result<Routed> {
    let hosts = with_router()?;
    hosts.router.set("net/ipv4/ip_forward", "0")?;
    Ok(hosts)
}

/// Gives a host its addresses, and its only link for all routes.
pub(super) fn on_link(host: &Namespace, interface: &str, addresses: [IpAddr; 2]) -> Result<()> {
    for address in addresses {
        host.add_address(address, interface)?;
        host.ip(&format!("{} route add default dev {interface}", flag(address)))?;
    }
    Ok(())
}

impl Switched {
    /// Puts one more host on the link, with an address of each family, and the link for all its routes.
    pub fn plug(&self, host: &Namespace, interface: &str, addresses: [IpAddr; 2]) -> Result<()> {
        self.switch.plug(host, interface)?;
        on_link(host, interface, addresses)
    }

    /// Powers the server's host off. The client forgets where it was: else it would go on to send there for
    /// some seconds, with nobody told.
    pub fn power_off(&self) -> Result<PoweredOff<'_>> {
        let back = FAMILIES.map(|family| (family.server, "dev to-client".to_owned()));
        let off = PoweredOff::new(&self.server, "to-client", back)?;
        self.client.ip("neighbour flush dev to-server")?;
        Ok(off)
    }
}

impl Routed {
    /// Powers the server's host off. The router forgets where it was, as [`Switched::power_off`] says.
    pub fn power_off(&self) -> Result<PoweredOff<'_>> {
        let [v4, v6] = ROUTER_TO_SERVER.map(|router| format!("via {router}"));
        let back = [(SERVER_V4, v4), (SERVER_V6, v6)];
        let off = PoweredOff::new(&self.server, "to-router", back)?;
        self.router.ip("neighbour flush dev to-server")?;
        Ok(off)
    }
}

fn flag(address: IpAddr) -> &'static str {
    if address.is_ipv6() { "-6" } else { "-4" }
}
