//! What IPv4 and IPv6 have in common once their headers are read.

use super::Bytes;
use crate::address::Address;

/// Where an address stands in a packet.
///
/// Places instead of values: the kernel has 512 bytes of stack, an error needs four addresses, and most
/// packets need none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressAt {
    offset: usize,
    family: Family,
}

/// An IP version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl AddressAt {
    /// A place for where there is none yet.
    pub const NOWHERE: Self = HeaderAt::NOWHERE.source();

    /// The address; `None` if the packet is not the one that the place was found in.
    #[inline(always)]
    pub fn read<B: Bytes>(self, bytes: &B) -> Option<Address> {
        let offset = bytes.forget(self.offset);
        match self.family {
            Family::V4 => bytes.read(offset).map(Address::v4),
            Family::V6 => bytes.read(offset).map(Address::v6),
        }
    }
}

/// Where an IP header stands in a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderAt {
    /// In bytes from the start of the frame.
    pub offset: usize,
    /// Its version.
    pub family: Family,
}

impl HeaderAt {
    /// A place for where there is none yet.
    pub const NOWHERE: Self = Self {
        offset: 0,
        family: Family::V4,
    };

    /// Who sent the packet.
    #[inline(always)]
    pub const fn source(self) -> AddressAt {
        let offset = match self.family {
            Family::V4 => self.offset + 12,
            Family::V6 => self.offset + 8,
        };
        AddressAt {
            offset,
            family: self.family,
        }
    }

    /// Whom it is for: the address in the header, also where a source route goes on from there.
    #[inline(always)]
    pub const fn destination(self) -> AddressAt {
        let offset = match self.family {
            Family::V4 => self.offset + 16,
            Family::V6 => self.offset + 24,
        };
        AddressAt {
            offset,
            family: self.family,
        }
    }
}

/// What an IP packet carries: its protocol number (IPv4) or next header (IPv6).
///
/// The number itself, not an enum of what netmon tells apart: it would be matched twice for each packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protocol(pub u8);

impl Protocol {
    /// TCP, in both families.
    pub const TCP: Self = Self(6);
    /// UDP, in both families.
    pub const UDP: Self = Self(17);
    /// ICMP, in IPv4 only.
    pub const ICMPV4: Self = Self(1);
    /// ICMPv6, in IPv6 only.
    pub const ICMPV6: Self = Self(58);
}

/// An IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ip {
    /// Where its header is.
    pub header: HeaderAt,
    /// What it carries.
    pub protocol: Protocol,
    /// Where that starts.
    pub payload: usize,
    /// Where the packet declares to end. Beyond is padding; the frame may end before
    /// ([`Bytes::clamp`](super::Bytes::clamp)).
    pub end: usize,
    /// Whether this is a fragment other than the first, whose payload starts with no header.
    pub later_fragment: bool,
}
