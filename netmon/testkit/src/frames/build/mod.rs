//! Builds frames header by header, and can lie about every length.
//!
//! Headers are stacked with `/`, as in Scapy, the outermost first:
//!
//! ```
//! use netmon_testkit::frames::build::prelude::*;
//!
//! let frame = frame() / vlan(5) / ipv4(CLIENT, SERVER).options(8) / udp(40_000, 53) / query("a.test");
//! assert_eq!(frame.bytes().len(), 14 + 4 + 28 + 8 + 24);
//! ```
//!
//! Each header announces the one behind it and declares its true length, unless told otherwise by a method
//! named after the field. Only the checksums of IPv4 and ICMPv4 are filled in: those of UDP, TCP and ICMPv6
//! cover a pseudo-header too, netmon verifies none, and offloading leaves them unset on what a host sends.
//!
//! This refuses to know what netmon makes of a frame.

mod dns;
mod ethernet;
mod icmp;
mod ipv4;
mod ipv6;
mod tcp;
mod udp;

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Div;

/// All that frames are made of.
pub mod prelude {
    pub use super::dns::{DnsMessage, MessageLength, message_length, query, response};
    pub use super::ethernet::{EthernetHeader, VlanTag, ethernet, frame, service_vlan, vlan, vlan_of_type};
    pub use super::icmp::{IcmpHeader, icmp, icmpv6, unreachable, unreachable_v6};
    pub use super::ipv4::{Ipv4Header, ipv4};
    pub use super::ipv6::{
        Extension, Ipv6Header, authentication, destination_options, fragment, hop_by_hop, ipv6, routing,
    };
    pub use super::tcp::{TcpHeader, tcp};
    pub use super::udp::{UdpHeader, udp};
    pub use super::{
        Announced, CLIENT, CLIENT_V6, Layer, ROUTER, ROUTER_V6, Raw, SERVER, SERVER_V6, Stack, packet, raw,
    };
}

/// A client (RFC 5737).
pub const CLIENT: Ipv4Addr = Ipv4Addr::new(198, 51, 100, 15);
/// A DNS server.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 2);
/// A router between the two.
pub const ROUTER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 254);
/// The client, IPv6 (RFC 3849).
pub const CLIENT_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x15);
/// The DNS server, IPv6.
pub const SERVER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0x53, 0, 0, 0, 0, 2);
/// The router, IPv6.
pub const ROUTER_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0xfe);

/// What a header is to the one in front of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// In an Ethernet header or a VLAN tag.
    pub ether_type: u16,
    /// In an IPv4 header, an IPv6 header or an IPv6 extension header.
    pub protocol: u8,
}

impl Announced {
    /// What bytes without a protocol are announced as: the numbers for experiments (IEEE 802 section 9.2.4,
    /// RFC 3692 section 2.1).
    pub const EXPERIMENT: Self = Self {
        ether_type: 0x88b5,
        protocol: 253,
    };

    /// What an IP protocol is announced as, by its number.
    pub const fn protocol(protocol: u8) -> Self {
        Self {
            protocol,
            ..Self::EXPERIMENT
        }
    }
}

/// A header, or a payload.
pub trait Layer {
    /// What the header in front of it announces.
    fn announced(&self) -> Announced;

    /// Its bytes and those behind it. `next` is what the header behind it is, `inner` are the bytes from there
    /// to the end.
    fn write(&self, next: Announced, inner: &[u8]) -> Vec<u8>;
}

/// Headers on top of each other.
#[derive(Default)]
pub struct Stack {
    layers: Vec<Box<dyn Layer>>,
    padding: usize,
    cut: Option<usize>,
}

/// A stack that starts with an IP header, as a quoted packet does.
pub fn packet() -> Stack {
    Stack::default()
}

impl<L: Layer + 'static> Div<L> for Stack {
    type Output = Self;

    fn div(mut self, layer: L) -> Self {
        self.layers.push(Box::new(layer));
        self
    }
}

impl Stack {
    /// With `count` bytes behind all that the headers declare. They are not zeros, so that reading them shows.
    #[must_use]
    pub const fn padding(mut self, count: usize) -> Self {
        self.padding = count;
        self
    }

    /// Without what is behind the first `count` bytes. The headers still declare it.
    #[must_use]
    pub const fn cut_to(mut self, count: usize) -> Self {
        self.cut = Some(count);
        self
    }

    /// The bytes.
    pub fn bytes(&self) -> Vec<u8> {
        self.write(Announced::EXPERIMENT, &[])
    }
}

impl From<Stack> for Vec<u8> {
    fn from(stack: Stack) -> Self {
        stack.bytes()
    }
}

/// A byte of padding.
const PADDING: u8 = 0xaa;

/// A stack in a stack: the packet that an error quotes, or that a tunnel carries.
impl Layer for Stack {
    fn announced(&self) -> Announced {
        self.layers
            .first()
            .map_or(Announced::EXPERIMENT, |layer| layer.announced())
    }

    fn write(&self, mut next: Announced, inner: &[u8]) -> Vec<u8> {
        let mut bytes = inner.to_vec();
        for layer in self.layers.iter().rev() {
            bytes = layer.write(next, &bytes);
            next = layer.announced();
        }
        bytes.resize(bytes.len() + self.padding, PADDING);
        bytes.truncate(self.cut.unwrap_or(usize::MAX));
        bytes
    }
}

/// Bytes without a meaning.
pub struct Raw {
    announced: Announced,
    bytes: Vec<u8>,
}

/// These bytes.
pub fn raw(bytes: impl Into<Vec<u8>>) -> Raw {
    Raw {
        announced: Announced::EXPERIMENT,
        bytes: bytes.into(),
    }
}

impl Raw {
    /// Announced as this.
    #[must_use]
    pub const fn as_ether_type(mut self, ether_type: u16) -> Self {
        self.announced.ether_type = ether_type;
        self
    }

    /// Announced as this.
    #[must_use]
    pub const fn as_protocol(mut self, protocol: u8) -> Self {
        self.announced.protocol = protocol;
        self
    }
}

impl Layer for Raw {
    fn announced(&self) -> Announced {
        self.announced
    }

    fn write(&self, _next: Announced, inner: &[u8]) -> Vec<u8> {
        [&self.bytes, inner].concat()
    }
}

/// A length as its 16-bit field holds it; one that does not fit becomes 0, as with segmentation offload.
fn field(length: usize) -> u16 {
    u16::try_from(length).unwrap_or(0)
}

/// The Internet checksum (RFC 1071) of a header whose own checksum field is still 0.
fn checksum(header: &[u8]) -> [u8; 2] {
    let words = header.chunks(2).map(|pair| match *pair {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(u16::from_be_bytes([high, 0])),
        _ => 0,
    });
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!field(sum as usize)).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_a_well_known_header() {
        // Of 192.168.0.1 to 192.168.0.199, UDP, as in Wikipedia's article on the IPv4 header checksum.
        let header = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0, 0, 0xc0, 0xa8, 0x00, 0x01, 0xc0,
            0xa8, 0x00, 0xc7,
        ];
        assert_eq!(checksum(&header), [0xb8, 0x61]);
    }
}
