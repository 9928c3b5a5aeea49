//! What the kernel says of its network, read at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;

use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourFlags, NeighbourMessage, NeighbourState};
use netlink_packet_route::route::{RouteAttribute, RouteMessage, RouteType};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};

use super::super::error::KernelError;
use super::netlink::{Message, dump};
use super::{Interface, Mac};

/// What the kernel says of its network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The interfaces, by index.
    pub interfaces: BTreeMap<u32, Interface>,
    /// Interfaces that cannot be named, by index: their names are not UTF-8.
    pub unnamed: BTreeSet<u32>,
    /// Those that default routes lead to.
    pub default_routes: BTreeSet<u32>,
    /// This host's own addresses, and at which interfaces it has them.
    pub addresses: BTreeSet<(u32, IpAddr)>,
    /// Hardware addresses that interfaces listen to besides their own, for devices that are stacked on them, in this or
    /// another namespace.
    pub listens_to: ListensTo,
}

/// Hardware addresses, each with the interface that listens to it.
pub type ListensTo = BTreeSet<(u32, Mac)>;

impl Inventory {
    /// Asks the kernel, on a thread of its own: a list of routes may be long.
    pub async fn read() -> Result<Self, KernelError> {
        elsewhere(Self::read_here).await
    }

    /// Asks for the hardware addresses alone, on a thread of its own.
    pub async fn read_listens_to() -> Result<ListensTo, KernelError> {
        elsewhere(|| listens_to().map_err(|error| KernelError::netlink("hardware addresses", &error))).await
    }

    /// Asks the kernel on this thread, for the network namespace that it is in.
    pub fn read_here() -> Result<Self, KernelError> {
        let mut inventory = Self::default();
        inventory
            .read_links()
            .map_err(|error| KernelError::netlink("interfaces", &error))?;
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            inventory
                .read_default_routes(family)
                .map_err(|error| KernelError::netlink("routes", &error))?;
        }
        inventory
            .read_addresses()
            .map_err(|error| KernelError::netlink("addresses", &error))?;
        inventory.listens_to =
            listens_to().map_err(|error| KernelError::netlink("hardware addresses", &error))?;
        Ok(inventory)
    }

    fn read_links(&mut self) -> io::Result<()> {
        let mut request = LinkMessage::default();
        // Without counters, which nobody here reads.
        request
            .attributes
            .push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
        dump(RouteNetlinkMessage::GetLink(request), |message| {
            match message.parse() {
                Some(RouteNetlinkMessage::NewLink(link)) => {
                    if let Some(interface) = Interface::of(&link) {
                        self.interfaces.insert(interface.index, interface);
                    }
                }
                None if message.kind == NEW_LINK => self.unnamed.extend(message.word(LINK_INDEX)),
                _ => {}
            }
        })
    }

    fn read_default_routes(&mut self, family: AddressFamily) -> io::Result<()> {
        let mut request = RouteMessage::default();
        request.header.address_family = family;
        dump(RouteNetlinkMessage::GetRoute(request), |message| {
            if is_default_route(&message)
                && let Some(RouteNetlinkMessage::NewRoute(route)) = message.parse()
            {
                self.default_routes.extend(leads_to(&route));
            }
        })
    }

    fn read_addresses(&mut self) -> io::Result<()> {
        dump(
            RouteNetlinkMessage::GetAddress(AddressMessage::default()),
            |message| {
                if let Some(RouteNetlinkMessage::NewAddress(address)) = message.parse() {
                    let own = own_address(&address.attributes);
                    self.addresses.extend(own.map(|ip| (address.header.index, ip)));
                }
            },
        )
    }
}

/// Does what may take its time on a thread that may wait for the kernel.
async fn elsewhere<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, KernelError> + Send + 'static,
) -> Result<T, KernelError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(KernelError::Netlink {
            what: "interfaces",
            reason: error.to_string(),
        })
    })
}

/// The list that `bridge fdb` shows: for an interface that is no bridge's, what its device lets through.
fn listens_to() -> io::Result<ListensTo> {
    let mut listens_to = ListensTo::new();
    let mut request = NeighbourMessage::default();
    request.header.family = AddressFamily::Bridge;
    dump(RouteNetlinkMessage::GetNeighbour(request), |message| {
        if let Some(RouteNetlinkMessage::NewNeighbour(neighbour)) = message.parse() {
            listens_to.extend(listened_to(&neighbour));
        }
    })?;
    Ok(listens_to)
}

/// A hardware address of the device's own list (`ndo_dflt_fdb_dump` in `net/core/rtnetlink.c`). What a bridge has learned changes
/// all the time, and frames for many are anybody's.
fn listened_to(neighbour: &NeighbourMessage) -> Option<(u32, Mac)> {
    const GROUP: u8 = 1;
    let header = &neighbour.header;
    let is_own = header.flags.contains(NeighbourFlags::Own) && header.state == NeighbourState::Permanent;
    let mac = neighbour.attributes.iter().find_map(|attribute| match attribute {
        NeighbourAttribute::LinkLayerAddress(bytes) => Mac::try_from(bytes.as_slice()).ok(),
        _ => None,
    });
    let mac = mac.filter(|[first, ..]| is_own && first & GROUP == 0)?;
    Some((header.ifindex, mac))
}

/// This host's own address, in a message about one. Where there is a peer, `Address` is the peer's and `Local` the own one; an IPv6
/// address without a peer stands in `Address` alone (`inet6_fill_ifaddr` in `net/ipv6/addrconf.c`).
fn own_address(attributes: &[AddressAttribute]) -> Option<IpAddr> {
    let local = attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Local(ip) => Some(*ip),
        _ => None,
    });
    let address = attributes.iter().find_map(|attribute| match attribute {
        AddressAttribute::Address(ip @ IpAddr::V6(_)) => Some(*ip),
        _ => None,
    });
    local.or(address)
}

/// `RTM_NEWLINK` in `include/uapi/linux/rtnetlink.h`.
const NEW_LINK: u16 = 16;
/// Of `ifi_index` in `struct ifinfomsg`.
const LINK_INDEX: usize = 4;

/// Whether a message about a route is about a default route, by its `struct rtmsg` alone.
pub(super) fn is_default_route(message: &Message<'_>) -> bool {
    const DESTINATION_LENGTH: usize = 1;
    message.payload.get(DESTINATION_LENGTH) == Some(&0)
}

/// The interfaces that a default route leads to.
fn leads_to(route: &RouteMessage) -> Vec<u32> {
    let mut interfaces = Vec::new();
    if route.header.kind != RouteType::Unicast {
        return interfaces;
    }
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Oif(index) => interfaces.push(*index),
            RouteAttribute::MultiPath(hops) => interfaces.extend(hops.iter().map(|hop| hop.interface_index)),
            _ => {}
        }
    }
    interfaces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_with_a_peer_only_the_local_one_is_this_hosts() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let address = |text: &str| AddressAttribute::Address(ip(text));
        let local = |text: &str| AddressAttribute::Local(ip(text));
        let label = AddressAttribute::Label("eth0".to_owned());
        let cases = [
            (
                "IPv4",
                vec![address("192.0.2.1"), local("192.0.2.1")],
                Some("192.0.2.1"),
            ),
            (
                "IPv4 with a peer",
                vec![address("192.0.2.2"), local("192.0.2.1")],
                Some("192.0.2.1"),
            ),
            ("IPv6", vec![address("fd00::1")], Some("fd00::1")),
            (
                "IPv6 with a peer",
                vec![address("fd00::2"), local("fd00::1")],
                Some("fd00::1"),
            ),
            (
                "the other way round",
                vec![local("fd00::1"), address("fd00::2")],
                Some("fd00::1"),
            ),
            ("a peer alone", vec![address("192.0.2.2")], None),
            ("neither", vec![label], None),
        ];
        for (case, attributes, own) in cases {
            assert_eq!(own_address(&attributes), own.map(ip), "{case}");
        }
    }

    #[test]
    fn an_interface_listens_to_what_its_device_lets_through_for_one_and_not_to_what_a_bridge_has_learned() {
        let mac = [2, 0, 0, 0, 0, 7];
        let many = [0x33, 0x33, 0xff, 0, 0, 1];
        let neighbour = |flags, state, bytes: &[u8]| {
            let mut neighbour = NeighbourMessage::default();
            neighbour.header.ifindex = 3;
            neighbour.header.flags = flags;
            neighbour.header.state = state;
            neighbour.attributes = vec![NeighbourAttribute::LinkLayerAddress(bytes.to_vec())];
            neighbour
        };
        let (own, controller) = (NeighbourFlags::Own, NeighbourFlags::Controller);
        let permanent = NeighbourState::Permanent;
        let cases = [
            ("a device's", own, permanent, &mac[..], Some((3, mac))),
            ("a device's, for many", own, permanent, &many[..], None),
            (
                "a bridge's own",
                controller,
                NeighbourState::Permanent,
                &mac[..],
                None,
            ),
            (
                "learned by a bridge",
                controller,
                NeighbourState::Reachable,
                &mac[..],
                None,
            ),
            (
                "learned by a device",
                own,
                NeighbourState::Reachable,
                &mac[..],
                None,
            ),
            (
                "of another kind of link",
                own,
                NeighbourState::Permanent,
                &[7; 20][..],
                None,
            ),
        ];
        for (case, flags, state, bytes, expected) in cases {
            assert_eq!(listened_to(&neighbour(flags, state, bytes)), expected, "{case}");
        }
    }
}
