//! Which interfaces there are, and which of them are watched. Asked by netlink, which answers for the network
//! namespace of this process; `/sys` may show another one's.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use futures_util::TryStreamExt as _;
use rtnetlink::packet_route::address::AddressAttribute;
use rtnetlink::packet_route::link::{
    InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkLayerType, LinkMessage,
};
use rtnetlink::packet_route::route::{RouteAttribute, RouteMessage, RouteType};
use rtnetlink::{Handle, RouteMessageBuilder, new_connection};

use super::error::{KernelError, chain};

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// Its index.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// What kind of device it is.
    pub kind: Kind,
    /// The bridge, bond or team that it is a port of.
    pub master: Option<u32>,
    /// The device in this namespace that it lies on, if it is a VLAN or the like.
    pub lower: Option<u32>,
}

/// Kinds of devices, by what netmon does with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The loopback interface.
    Loopback,
    /// One end of a virtual Ethernet pair.
    Veth,
    /// Another device with Ethernet frames that lies on no other: a network card, a tap.
    Lowest,
    /// A device that lies on others, whose packets are seen there; with the word for it.
    Stacked(&'static str),
    /// A device whose packets have no Ethernet header; with the word for it.
    NotEthernet(&'static str),
}

/// What to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// The interfaces of the default routes, and `lo`.
    DefaultRoutes,
    /// Those with these names.
    Named(Vec<String>),
    /// All of the lowest, except those left out for a reason.
    All,
}

/// What is watched, and what is not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// To watch.
    pub watched: Vec<Interface>,
    /// Not watched, and why.
    pub left_out: Vec<(String, String)>,
    /// Indexes by which a packet may be known to have entered through a watched interface: those of the
    /// watched ones, and of devices that lie on nothing else.
    pub entered_by: BTreeSet<u32>,
}

/// What the kernel says of its network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inventory {
    /// The interfaces, by index.
    pub interfaces: BTreeMap<u32, Interface>,
    /// Those that default routes lead to.
    pub default_routes: BTreeSet<u32>,
    /// This host's own addresses.
    pub addresses: BTreeSet<IpAddr>,
}

impl Inventory {
    /// Asks the kernel.
    pub async fn read() -> Result<Self, KernelError> {
        let (connection, handle, _messages) =
            new_connection().map_err(|error| netlink("interfaces", &error))?;
        let connection = tokio::spawn(connection);
        let inventory = Self::ask(&handle).await;
        connection.abort();
        inventory
    }

    async fn ask(handle: &Handle) -> Result<Self, KernelError> {
        let mut inventory = Self::default();
        let mut links = handle.link().get().execute();
        while let Some(link) = links
            .try_next()
            .await
            .map_err(|error| netlink("interfaces", &error))?
        {
            if let Some(interface) = Interface::of(&link) {
                inventory.interfaces.insert(interface.index, interface);
            }
        }
        let v4 = RouteMessageBuilder::<Ipv4Addr>::new().build();
        let v6 = RouteMessageBuilder::<Ipv6Addr>::new().build();
        for request in [v4, v6] {
            let mut routes = handle.route().get(request).execute();
            while let Some(route) = routes
                .try_next()
                .await
                .map_err(|error| netlink("routes", &error))?
            {
                inventory.default_routes.extend(default_route(&route));
            }
        }
        let mut addresses = handle.address().get().execute();
        while let Some(address) = addresses
            .try_next()
            .await
            .map_err(|error| netlink("addresses", &error))?
        {
            inventory
                .addresses
                .extend(address.attributes.iter().filter_map(|attribute| match attribute {
                    // On a point-to-point interface an IPv4 `Address` is the other end's.
                    AddressAttribute::Local(ip) | AddressAttribute::Address(ip @ IpAddr::V6(_)) => Some(*ip),
                    _ => None,
                }));
        }
        Ok(inventory)
    }

    /// Chooses what to watch.
    pub fn choose(&self, selection: &Selection) -> Result<Choice, KernelError> {
        let mut choice = match selection {
            Selection::DefaultRoutes => self.choose_default(),
            Selection::Named(names) => self.choose_named(names)?,
            Selection::All => self.choose_all(),
        };
        if choice.watched.is_empty() {
            let why = match selection {
                Selection::DefaultRoutes => "there is neither a default route nor a loopback interface",
                Selection::Named(_) => "no interface is named",
                Selection::All => "there is no interface with Ethernet frames that lies on no other",
            };
            return Err(KernelError::NoInterface { why: why.to_owned() });
        }
        choice.entered_by = self.entered_by(&choice.watched);
        Ok(choice)
    }

    fn choose_default(&self) -> Choice {
        let mut choice = Choice::default();
        for interface in self.interfaces.values() {
            let is_default = self.default_routes.contains(&interface.index);
            match interface.kind {
                Kind::Loopback => choice.watched.push(interface.clone()),
                Kind::NotEthernet(word) if is_default => {
                    choice.left_out.push((interface.name.clone(), no_ethernet(word)));
                }
                _ if is_default => choice.watched.push(interface.clone()),
                _ => {}
            }
        }
        choice
    }

    fn choose_named(&self, names: &[String]) -> Result<Choice, KernelError> {
        let mut choice = Choice::default();
        for name in names {
            let Some(interface) = self.interfaces.values().find(|interface| interface.name == *name) else {
                let present: Vec<&str> = self
                    .interfaces
                    .values()
                    .map(|known| known.name.as_str())
                    .collect();
                return Err(KernelError::UnknownInterface {
                    name: name.clone(),
                    present: present.join(", "),
                });
            };
            if let Kind::NotEthernet(word) = interface.kind {
                return Err(KernelError::NoInterface {
                    why: format!("{name} {}", no_ethernet(word)),
                });
            }
            if !choice.watched.contains(interface) {
                choice.watched.push(interface.clone());
            }
        }
        Ok(choice)
    }

    fn choose_all(&self) -> Choice {
        let mut choice = Choice::default();
        for interface in self.interfaces.values() {
            match interface.kind {
                Kind::Loopback | Kind::Veth | Kind::Lowest => choice.watched.push(interface.clone()),
                Kind::Stacked(word) => choice.left_out.push((
                    interface.name.clone(),
                    format!(
                        "is a {word}: its packets are counted where they enter or leave the devices below"
                    ),
                )),
                Kind::NotEthernet(word) => choice.left_out.push((interface.name.clone(), no_ethernet(word))),
            }
        }
        choice
    }

    /// The indexes of what is watched and of what lies on it: a bridge counts as watched when all of its
    /// ports are, a VLAN device when the device below is.
    fn entered_by(&self, watched: &[Interface]) -> BTreeSet<u32> {
        let mut known: BTreeSet<u32> = watched.iter().map(|interface| interface.index).collect();
        // Each round adds one more storey; there are few.
        loop {
            let before = known.len();
            for interface in self.interfaces.values() {
                let ports: Vec<u32> = self
                    .interfaces
                    .values()
                    .filter(|port| port.master == Some(interface.index))
                    .map(|port| port.index)
                    .collect();
                let on_ports = !ports.is_empty() && ports.iter().all(|port| known.contains(port));
                let on_lower = matches!(interface.kind, Kind::Stacked(_))
                    && interface.lower.is_some_and(|lower| known.contains(&lower));
                if on_ports || on_lower {
                    known.insert(interface.index);
                }
            }
            if known.len() == before {
                return known;
            }
        }
    }
}

impl Interface {
    fn of(link: &LinkMessage) -> Option<Self> {
        let mut name = None;
        let mut master = None;
        let mut lower = None;
        let mut info: &[LinkInfo] = &[];
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::IfName(text) => name = Some(text.clone()),
                LinkAttribute::Controller(index) => master = Some(*index),
                LinkAttribute::Link(index) => lower = Some(*index),
                LinkAttribute::LinkInfo(entries) => info = entries,
                _ => {}
            }
        }
        Some(Self {
            index: link.header.index,
            name: name?,
            kind: kind(link, info),
            master,
            lower,
        })
    }
}

fn kind(link: &LinkMessage, info: &[LinkInfo]) -> Kind {
    if link.header.flags.contains(LinkFlags::Loopback) {
        return Kind::Loopback;
    }
    let kind = info.iter().find_map(|entry| match entry {
        LinkInfo::Kind(kind) => Some(kind),
        _ => None,
    });
    let stacked = match kind {
        Some(InfoKind::Veth) => return Kind::Veth,
        Some(InfoKind::Bridge) => Some("bridge"),
        Some(InfoKind::Bond) => Some("bond"),
        Some(InfoKind::Team) => Some("team"),
        Some(InfoKind::Vlan) => Some("VLAN device"),
        Some(InfoKind::MacVlan | InfoKind::MacVtap) => Some("macvlan device"),
        Some(InfoKind::IpVlan | InfoKind::IpVtap) => Some("ipvlan device"),
        Some(InfoKind::Vrf) => Some("VRF"),
        Some(InfoKind::MacSec) => Some("MACsec device"),
        Some(InfoKind::Vxlan | InfoKind::Geneve | InfoKind::GreTap | InfoKind::GreTap6) => Some("tunnel"),
        _ => None,
    };
    if link.header.link_layer_type != LinkLayerType::Ether {
        return Kind::NotEthernet(if matches!(kind, Some(InfoKind::Tun | InfoKind::Wireguard)) {
            "tunnel"
        } else {
            "device of another link type"
        });
    }
    stacked.map_or(Kind::Lowest, Kind::Stacked)
}

/// The interfaces that a route leads to, if it is a default route.
fn default_route(route: &RouteMessage) -> Vec<u32> {
    if route.header.destination_prefix_length != 0 || route.header.kind != RouteType::Unicast {
        return Vec::new();
    }
    let mut interfaces = Vec::new();
    for attribute in &route.attributes {
        match attribute {
            RouteAttribute::Oif(index) => interfaces.push(*index),
            RouteAttribute::MultiPath(hops) => interfaces.extend(hops.iter().map(|hop| hop.interface_index)),
            _ => {}
        }
    }
    interfaces
}

fn no_ethernet(word: &str) -> String {
    format!("is a {word} without Ethernet headers, which netmon cannot read live")
}

fn netlink(what: &'static str, error: &(dyn std::error::Error + 'static)) -> KernelError {
    KernelError::Netlink {
        what,
        reason: chain(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interface(index: u32, name: &str, kind: Kind, master: Option<u32>, lower: Option<u32>) -> Interface {
        Interface {
            index,
            name: name.to_owned(),
            kind,
            master,
            lower,
        }
    }

    /// `lo`, two cards in a bridge, a VLAN on a third card, a tunnel with the default route.
    fn inventory() -> Inventory {
        let interfaces = [
            interface(1, "lo", Kind::Loopback, None, None),
            interface(2, "eth0", Kind::Lowest, Some(4), None),
            interface(3, "eth1", Kind::Lowest, Some(4), None),
            interface(4, "br0", Kind::Stacked("bridge"), None, None),
            interface(5, "eth2", Kind::Lowest, None, None),
            interface(6, "eth2.5", Kind::Stacked("VLAN device"), None, Some(5)),
            interface(7, "wg0", Kind::NotEthernet("tunnel"), None, None),
        ];
        Inventory {
            interfaces: interfaces.into_iter().map(|one| (one.index, one)).collect(),
            default_routes: [5, 7].into(),
            addresses: BTreeSet::new(),
        }
    }

    fn names(choice: &Choice) -> Vec<&str> {
        choice.watched.iter().map(|one| one.name.as_str()).collect()
    }

    #[test]
    fn by_default_the_default_routes_and_lo_are_watched_and_a_tunnel_is_named_as_left_out() {
        let choice = inventory().choose(&Selection::DefaultRoutes).unwrap();
        assert_eq!(names(&choice), ["lo", "eth2"]);
        assert_eq!(choice.left_out.len(), 1);
        assert_eq!(choice.left_out[0].0, "wg0");
        assert_eq!(choice.entered_by, [1, 5, 6].into());
    }

    #[test]
    fn all_interfaces_are_the_lowest_ones_and_a_bridge_counts_as_watched_when_its_ports_are() {
        let choice = inventory().choose(&Selection::All).unwrap();
        assert_eq!(names(&choice), ["lo", "eth0", "eth1", "eth2"]);
        let left_out: Vec<&str> = choice.left_out.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(left_out, ["br0", "eth2.5", "wg0"]);
        assert_eq!(choice.entered_by, [1, 2, 3, 4, 5, 6].into());
    }

    #[test]
    fn a_bridge_of_which_one_port_is_watched_is_not() {
        let choice = inventory()
            .choose(&Selection::Named(vec!["eth0".to_owned()]))
            .unwrap();
        assert_eq!(choice.entered_by, [2].into());
    }

    #[test]
    fn a_name_that_is_not_there_is_refused_with_those_that_are() {
        let error = inventory()
            .choose(&Selection::Named(vec!["eth9".to_owned()]))
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "there is no interface eth9; there are: lo, eth0, eth1, br0, eth2, eth2.5, wg0"
        );
    }
}
