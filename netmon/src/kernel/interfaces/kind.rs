//! What a device is, by what netmon does with it: what lies below it, and what its packets begin with.

use netlink_packet_route::link::{InfoKind, LinkFlags, LinkLayerType, LinkMessage};

/// Kinds of devices, by where their packets are seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The loopback interface.
    Loopback,
    /// One end of a virtual Ethernet pair.
    Veth,
    /// Another device that lies on no other: a network card, a tap, a PPP link.
    Lowest,
    /// A device that lies on others, whose packets are seen there; with the word for it.
    Stacked(&'static str),
    /// A device whose packets travel inside other packets: nobody sees them below.
    Tunnel,
}

/// What a device's packets begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// An Ethernet header.
    Ethernet,
    /// The IP header.
    Ip,
    /// A header that netmon cannot read live.
    Other,
}

impl Kind {
    /// The kind of the device that the kernel calls so.
    pub(super) fn of(link: &LinkMessage, device: Option<&InfoKind>) -> Self {
        if link.header.flags.contains(LinkFlags::Loopback) {
            return Self::Loopback;
        }
        match device {
            Some(InfoKind::Veth) => Self::Veth,
            Some(InfoKind::Bridge) => Self::Stacked("bridge"),
            Some(InfoKind::Bond) => Self::Stacked("bond"),
            Some(InfoKind::Team) => Self::Stacked("team"),
            Some(InfoKind::Vlan) => Self::Stacked("VLAN device"),
            Some(InfoKind::MacVlan | InfoKind::MacVtap) => Self::Stacked("macvlan device"),
            Some(InfoKind::IpVlan | InfoKind::IpVtap) => Self::Stacked("ipvlan device"),
            Some(InfoKind::Vrf) => Self::Stacked("VRF"),
            Some(InfoKind::MacSec) => Self::Stacked("MACsec device"),
            Some(
                InfoKind::Vxlan
                | InfoKind::Geneve
                | InfoKind::GreTap
                | InfoKind::GreTap6
                | InfoKind::ErSpan
                | InfoKind::Ip6ErSpan,
            ) => Self::Tunnel,
            // A modem, and the channels of one.
            Some(InfoKind::Wwan | InfoKind::RmNet) => Self::Lowest,
            device => match link.header.link_layer_type {
                LinkLayerType::Tunnel
                | LinkLayerType::Tunnel6
                | LinkLayerType::Sit
                | LinkLayerType::Ipgre
                | LinkLayerType::Ip6gre => Self::Tunnel,
                // Made by software: WireGuard, `tun`, and whatever comes after them. A modem is of no such kind.
                LinkLayerType::None if device.is_some() => Self::Tunnel,
                _ => Self::Lowest,
            },
        }
    }
}

impl Link {
    /// What the packets of this device begin with.
    pub(super) const fn of(link: &LinkMessage) -> Self {
        match link.header.link_layer_type {
            LinkLayerType::Ether | LinkLayerType::Loopback => Self::Ethernet,
            LinkLayerType::None
            | LinkLayerType::Rawip
            | LinkLayerType::Ppp
            | LinkLayerType::Tunnel
            | LinkLayerType::Tunnel6
            | LinkLayerType::Sit
            | LinkLayerType::Ipgre
            | LinkLayerType::Ip6gre => Self::Ip,
            _ => Self::Other,
        }
    }

    /// Whether netmon can read such packets live.
    pub const fn is_known(self) -> bool {
        matches!(self, Self::Ethernet | Self::Ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(layer: LinkLayerType) -> LinkMessage {
        let mut link = LinkMessage::default();
        link.header.link_layer_type = layer;
        link
    }

    #[test]
    fn a_device_is_known_by_its_kind_and_its_link_type() {
        use Kind::{Lowest, Tunnel};
        use Link::{Ethernet, Ip, Other};
        let ppp = InfoKind::Other("ppp".to_owned());
        let ovpn = InfoKind::Other("ovpn".to_owned());
        let cases = [
            ("a card", LinkLayerType::Ether, None, Lowest, Ethernet),
            (
                "a tap",
                LinkLayerType::Ether,
                Some(InfoKind::Tun),
                Lowest,
                Ethernet,
            ),
            (
                "a VXLAN",
                LinkLayerType::Ether,
                Some(InfoKind::Vxlan),
                Tunnel,
                Ethernet,
            ),
            ("a tun", LinkLayerType::None, Some(InfoKind::Tun), Tunnel, Ip),
            (
                "WireGuard",
                LinkLayerType::None,
                Some(InfoKind::Wireguard),
                Tunnel,
                Ip,
            ),
            ("a VPN to come", LinkLayerType::None, Some(ovpn), Tunnel, Ip),
            ("ipip", LinkLayerType::Tunnel, Some(InfoKind::IpIp), Tunnel, Ip),
            ("sit", LinkLayerType::Sit, Some(InfoKind::SitTun), Tunnel, Ip),
            ("GRE", LinkLayerType::Ipgre, Some(InfoKind::GreTun), Tunnel, Ip),
            ("PPP", LinkLayerType::Ppp, Some(ppp), Lowest, Ip),
            ("a modem", LinkLayerType::None, None, Lowest, Ip),
            (
                "a modem of WWAN",
                LinkLayerType::None,
                Some(InfoKind::Wwan),
                Lowest,
                Ip,
            ),
            ("InfiniBand", LinkLayerType::Infiniband, None, Lowest, Other),
        ];
        for (case, layer, device, kind, begins) in cases {
            let link = link(layer);
            let found = (Kind::of(&link, device.as_ref()), Link::of(&link));
            assert_eq!(found, (kind, begins), "{case}");
        }
    }
}
