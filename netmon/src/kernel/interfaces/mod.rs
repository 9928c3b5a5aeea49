//! Which interfaces there are, which of them are watched, and when that changes. Asked by netlink, which answers for
//! the network namespace of this process; `/sys` may show another one's.

mod changes;
mod driver;
mod frames;
mod inventory;
mod kind;
mod links;
mod netlink;
mod route_signs;
mod routes;
mod selection;
mod virtio;
mod xdp_features;

use std::io;

use netlink_packet_core::NLM_F_ACK;
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::{LinkAttribute, LinkExtentMask, LinkFlags, LinkInfo, LinkMessage, LinkXdp};

pub use changes::{Changes, LookAgain, News};
pub use driver::driver;
pub use frames::Frames;
pub use inventory::Inventory;
pub use kind::{Kind, Link};
pub use netlink::{ask, attribute, message, request, value};
pub use route_signs::RouteSigns;
pub use routes::{Route, route};
pub use selection::{Choice, Selection, why_unreadable};
pub use virtio::xdp_refusal;
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
    /// What its packets begin with.
    pub link: Link,
    /// Its hardware address, if it has one.
    pub mac: Option<Mac>,
    /// The bridge, bond or team that it is a port of.
    pub master: Option<u32>,
    /// The device in this namespace that it lies on, if it is a VLAN or the like. Not that of a tunnel: what passes there are
    /// other packets, with the tunnel's packets inside.
    pub lower: Option<u32>,
    /// The program at its XDP hook, whoever's it is.
    pub xdp: Option<AtXdp>,
    /// Whether packets can come by it now.
    pub is_up: bool,
}

/// A hardware address.
pub type Mac = [u8; 6];

/// A program at an XDP hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtXdp {
    /// Its id.
    pub id: u32,
    /// Whether it runs in the stack, behind the driver.
    pub generic: bool,
}

impl Interface {
    pub(super) fn of(link: &LinkMessage) -> Option<Self> {
        let mut name = None;
        let mut master = None;
        let mut lower = None;
        let mut lies_elsewhere = false;
        let mut mac = None;
        let mut xdp = None;
        let mut info: &[LinkInfo] = &[];
        for attribute in &link.attributes {
            match attribute {
                LinkAttribute::IfName(text) => name = Some(text.clone()),
                LinkAttribute::Controller(index) => master = Some(*index),
                LinkAttribute::Link(index) => lower = Some(*index),
                // The index is one of another namespace.
                LinkAttribute::LinkNetNsId(_) => lies_elsewhere = true,
                LinkAttribute::Address(bytes) => mac = Mac::try_from(bytes.as_slice()).ok(),
                LinkAttribute::LinkInfo(entries) => info = entries,
                LinkAttribute::Xdp(entries) => xdp = at_xdp(entries),
                _ => {}
            }
        }
        let device = info.iter().find_map(|entry| match entry {
            LinkInfo::Kind(kind) => Some(kind),
            _ => None,
        });
        let kind = Kind::of(link, device);
        Some(Self {
            index: link.header.index,
            name: name?,
            kind,
            link: Link::of(link),
            mac,
            master,
            lower: lower.filter(|_| kind != Kind::Tunnel && !lies_elsewhere),
            xdp,
            is_up: link.header.flags.contains(LinkFlags::Up | LinkFlags::LowerUp),
        })
    }
}

#[cfg(test)]
impl Interface {
    /// One with Ethernet frames that is up, and lies on no other.
    pub fn example(index: u32, name: &str, kind: Kind) -> Self {
        Self {
            index,
            name: name.to_owned(),
            kind,
            link: Link::Ethernet,
            mac: None,
            master: None,
            lower: None,
            xdp: None,
            is_up: true,
        }
    }
}

/// The program at the XDP hook of the interface with this index, as it is now.
pub fn xdp_at(index: u32) -> io::Result<Option<AtXdp>> {
    let mut wanted = LinkMessage::default();
    wanted.header.index = index;
    // Without counters, which nobody here reads.
    wanted
        .attributes
        .push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
    let mut found = None;
    request(RouteNetlinkMessage::GetLink(wanted), NLM_F_ACK, |answer| {
        if let Some(RouteNetlinkMessage::NewLink(link)) = answer.parse() {
            found = Interface::of(&link);
        }
    })?;
    found
        .map(|interface| interface.xdp)
        .ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The program at the XDP hook. Where there is one in hardware as well, it is that of the driver.
fn at_xdp(entries: &[LinkXdp]) -> Option<AtXdp> {
    let find = |pick: fn(&LinkXdp) -> Option<u32>| entries.iter().find_map(pick).filter(|id| *id != 0);
    let in_driver = find(|entry| match entry {
        LinkXdp::DrvProgId(id) | LinkXdp::HwProgId(id) => Some(*id),
        _ => None,
    });
    let in_stack = find(|entry| match entry {
        LinkXdp::SkbProgId(id) => Some(*id),
        _ => None,
    });
    let generic = in_driver.is_none() && in_stack.is_some();
    in_driver.or(in_stack).map(|id| AtXdp { id, generic })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_a_device_below_in_another_namespace_is_none_of_this_ones() {
        let mut link = LinkMessage::default();
        link.attributes.push(LinkAttribute::IfName("inside".to_owned()));
        link.attributes.push(LinkAttribute::Link(7));
        let lower = |link: &LinkMessage| Interface::of(link).unwrap().lower;
        assert_eq!(lower(&link), Some(7));
        link.attributes.push(LinkAttribute::LinkNetNsId(0));
        assert_eq!(lower(&link), None);
    }
}
