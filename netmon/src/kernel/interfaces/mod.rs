//! Which interfaces there are, which of them are watched, and when that changes. Asked by netlink, which answers for
//! the network namespace of this process; `/sys` may show another one's.

mod changes;
mod driver;
mod inventory;
mod netlink;
mod selection;
mod xdp_features;

use netlink_packet_route::link::{
    InfoKind, LinkAttribute, LinkFlags, LinkInfo, LinkLayerType, LinkMessage, LinkXdp,
};

pub use changes::{Changes, News};
pub use driver::driver;
pub use inventory::Inventory;
pub use selection::{Choice, Selection};
pub use xdp_features::native_xdp;

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
    /// The id of the program at its XDP hook, whoever's it is.
    pub xdp: Option<u32>,
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

impl Interface {
    pub(super) fn of(link: &LinkMessage) -> Option<Self> {
        let mut name = None;
        let mut master = None;
        let mut lower = None;
        let mut xdp = None;
        let mut info: &[LinkInfo] = &[];
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::IfName(text) => name = Some(text.clone()),
                LinkAttribute::Controller(index) => master = Some(*index),
                LinkAttribute::Link(index) => lower = Some(*index),
                LinkAttribute::LinkInfo(entries) => info = entries,
                LinkAttribute::Xdp(entries) => xdp = entries.iter().find_map(program),
                _ => {}
            }
        }
        Some(Self {
            index: link.header.index,
            name: name?,
            kind: kind(link, info),
            master,
            lower,
            xdp,
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

/// A program at the XDP hook. The kernel tells one of them, or where there are several each by its mode.
fn program(entry: &LinkXdp) -> Option<u32> {
    match entry {
        LinkXdp::ProgId(id) | LinkXdp::DrvProgId(id) | LinkXdp::SkbProgId(id) | LinkXdp::HwProgId(id) => {
            Some(*id)
        }
        _ => None,
    }
    .filter(|id| *id != 0)
}
