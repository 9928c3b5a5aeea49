//! Ethernet II headers and VLAN tags.

use super::{Announced, Layer, Stack, packet};

const CUSTOMER: u16 = 0x8100;
const SERVICE: u16 = 0x88a8;

/// An Ethernet header.
pub struct EthernetHeader {
    destination: [u8; 6],
    ether_type: Option<u16>,
}

/// An Ethernet frame, to be stacked on.
pub fn frame() -> Stack {
    packet() / ethernet()
}

/// An Ethernet header of its own, where it shall not announce the truth.
pub const fn ethernet() -> EthernetHeader {
    EthernetHeader {
        destination: [0x02, 0, 0, 0, 0, 0x02],
        ether_type: None,
    }
}

impl EthernetHeader {
    /// To this address.
    #[must_use]
    pub const fn to(mut self, destination: [u8; 6]) -> Self {
        self.destination = destination;
        self
    }

    /// Announces this, whatever follows.
    #[must_use]
    pub const fn ether_type(mut self, ether_type: u16) -> Self {
        self.ether_type = Some(ether_type);
        self
    }
}

impl Layer for EthernetHeader {
    fn announced(&self) -> Announced {
        Announced::EXPERIMENT
    }

    fn write(&self, next: Announced, inner: &[u8]) -> Vec<u8> {
        let ether_type = self.ether_type.unwrap_or(next.ether_type);
        [
            &self.destination[..],
            &[0x02, 0, 0, 0, 0, 0x01],
            &ether_type.to_be_bytes(),
            inner,
        ]
        .concat()
    }
}

/// A VLAN tag.
pub struct VlanTag {
    kind: u16,
    id: u16,
    ether_type: Option<u16>,
}

/// A customer tag, 802.1Q.
pub const fn vlan(id: u16) -> VlanTag {
    vlan_of_type(CUSTOMER, id)
}

/// A service tag, 802.1ad.
pub const fn service_vlan(id: u16) -> VlanTag {
    vlan_of_type(SERVICE, id)
}

/// A tag with an `EtherType` of some vendor.
pub const fn vlan_of_type(kind: u16, id: u16) -> VlanTag {
    VlanTag {
        kind,
        id,
        ether_type: None,
    }
}

impl VlanTag {
    /// Announces this, whatever follows.
    #[must_use]
    pub const fn ether_type(mut self, ether_type: u16) -> Self {
        self.ether_type = Some(ether_type);
        self
    }
}

impl Layer for VlanTag {
    fn announced(&self) -> Announced {
        Announced {
            ether_type: self.kind,
            ..Announced::EXPERIMENT
        }
    }

    fn write(&self, next: Announced, inner: &[u8]) -> Vec<u8> {
        let ether_type = self.ether_type.unwrap_or(next.ether_type);
        [&self.id.to_be_bytes()[..], &ether_type.to_be_bytes(), inner].concat()
    }
}
