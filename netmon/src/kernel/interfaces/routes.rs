//! By which way this host reaches an address: asked of the kernel when it matters. A router may have a million routes, which
//! come and go all the time, and none of them is kept here.

use std::io;
use std::net::IpAddr;

use netlink_packet_core::NLM_F_ACK;
use netlink_packet_route::route::{RouteAddress, RouteAttribute, RouteMessage, RouteType, RouteVia};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netmon_common::Address;

use super::netlink::request;

/// A way that packets take from here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    kind: RouteType,
    interface: Option<u32>,
    gateway: Option<RouteAddress>,
    via: Option<RouteVia>,
}

/// The way of a client's packets to a server; `None` where there is none. `is_own` says whether the client is this host: else
/// they come from where this host's packets to the client go.
pub fn route(client: Address, server: Address, is_own: bool) -> Option<Route> {
    let (client, server) = (client.ip(), server.ip());
    let found = if is_own {
        ask(server, Some(client), None)
    } else {
        let from = ask(client, None, None).ok().flatten()?.interface;
        ask(server, Some(client), from)
    };
    found.ok().flatten()
}

/// As `ip route get SERVER from CLIENT iif INTERFACE` does.
fn ask(to: IpAddr, from: Option<IpAddr>, enters_by: Option<u32>) -> io::Result<Option<Route>> {
    let (family, bits) = match to {
        IpAddr::V4(_) => (AddressFamily::Inet, 32),
        IpAddr::V6(_) => (AddressFamily::Inet6, 128),
    };
    let mut question = RouteMessage::default();
    question.header.address_family = family;
    question.header.destination_prefix_length = bits;
    question.attributes.push(RouteAttribute::Destination(address(to)));
    if let Some(from) = from {
        question.header.source_prefix_length = bits;
        question.attributes.push(RouteAttribute::Source(address(from)));
    }
    question.attributes.extend(enters_by.map(RouteAttribute::Iif));
    let mut route = None;
    request(RouteNetlinkMessage::GetRoute(question), NLM_F_ACK, |message| {
        if let Some(RouteNetlinkMessage::NewRoute(found)) = message.parse() {
            route = Some(Route::of(&found));
        }
    })?;
    Ok(route)
}

fn address(ip: IpAddr) -> RouteAddress {
    match ip {
        IpAddr::V4(ip) => RouteAddress::Inet(ip),
        IpAddr::V6(ip) => RouteAddress::Inet6(ip),
    }
}

impl Route {
    fn of(message: &RouteMessage) -> Self {
        let mut route = Self {
            kind: message.header.kind,
            interface: None,
            gateway: None,
            via: None,
        };
        for attribute in &message.attributes {
            match attribute {
                RouteAttribute::Oif(index) => route.interface = Some(*index),
                RouteAttribute::Gateway(gateway) => route.gateway = Some(gateway.clone()),
                RouteAttribute::Via(via) => route.via = Some(via.clone()),
                _ => {}
            }
        }
        route
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_host_reaches_itself_by_its_loopback_interface() {
        for itself in [Address::v4([127, 0, 0, 1]), Address::v4([127, 0, 0, 53])] {
            let route = route(Address::v4([127, 0, 0, 1]), itself, true).unwrap();
            assert_eq!((route.kind, route.interface), (RouteType::Local, Some(1)));
        }
    }
}
