//! What the kernel says of its network, read at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;

use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use netlink_packet_route::neighbour::{NeighbourAttribute, NeighbourMessage};
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
    /// This host's own addresses.
    pub addresses: BTreeSet<IpAddr>,
    /// Hardware addresses that interfaces listen to besides their own, for devices that are stacked on them, in this or
    /// another namespace.
    pub listens_to: BTreeSet<(u32, Mac)>,
}

impl Inventory {
    /// Asks the kernel, on a thread of its own: a list of routes may be long.
    pub async fn read() -> Result<Self, KernelError> {
        tokio::task::spawn_blocking(Self::read_here)
            .await
            .unwrap_or_else(|error| {
                Err(KernelError::Netlink {
                    what: "interfaces",
                    reason: error.to_string(),
                })
            })
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
        inventory
            .read_listened_to()
            .map_err(|error| KernelError::netlink("hardware addresses", &error))?;
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

    /// The list that `bridge fdb` shows: for an interface that is no bridge's, what its device lets through.
    fn read_listened_to(&mut self) -> io::Result<()> {
        let mut request = NeighbourMessage::default();
        request.header.family = AddressFamily::Bridge;
        dump(RouteNetlinkMessage::GetNeighbour(request), |message| {
            if let Some(RouteNetlinkMessage::NewNeighbour(neighbour)) = message.parse() {
                let index = neighbour.header.ifindex;
                self.listens_to.extend(
                    neighbour
                        .attributes
                        .iter()
                        .filter_map(|attribute| match attribute {
                            NeighbourAttribute::LinkLayerAddress(bytes) => {
                                Some((index, Mac::try_from(bytes.as_slice()).ok()?))
                            }
                            _ => None,
                        }),
                );
            }
        })
    }

    fn read_addresses(&mut self) -> io::Result<()> {
        dump(
            RouteNetlinkMessage::GetAddress(AddressMessage::default()),
            |message| {
                if let Some(RouteNetlinkMessage::NewAddress(address)) = message.parse() {
                    self.addresses.extend(address.attributes.iter().filter_map(
                        |attribute| match attribute {
                            // On a point-to-point interface an IPv4 `Address` is the other end's.
                            AddressAttribute::Local(ip) | AddressAttribute::Address(ip @ IpAddr::V6(_)) => {
                                Some(*ip)
                            }
                            _ => None,
                        },
                    ));
                }
            },
        )
    }
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
