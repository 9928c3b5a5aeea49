//! IPv6 headers and extension headers.

use std::net::Ipv6Addr;

use super::{Announced, Layer, field};

/// An IPv6 header.
pub struct Ipv6Header {
    source: Ipv6Addr,
    destination: Ipv6Addr,
    version: u8,
    payload_length: Option<u16>,
    next_header: Option<u8>,
}

/// From one host to another.
pub const fn ipv6(source: Ipv6Addr, destination: Ipv6Addr) -> Ipv6Header {
    Ipv6Header {
        source,
        destination,
        version: 6,
        payload_length: None,
        next_header: None,
    }
}

impl Ipv6Header {
    /// Of this version, whatever it is.
    #[must_use]
    pub const fn version(mut self, version: u8) -> Self {
        self.version = version;
        self
    }

    /// Declares that this many bytes follow the header.
    #[must_use]
    pub const fn payload_length(mut self, payload_length: u16) -> Self {
        self.payload_length = Some(payload_length);
        self
    }

    /// Announces this, whatever follows.
    #[must_use]
    pub const fn next_header(mut self, next_header: u8) -> Self {
        self.next_header = Some(next_header);
        self
    }
}

impl Layer for Ipv6Header {
    fn announced(&self) -> Announced {
        // In IP: protocol 41, IPv6 in IP (RFC 4213).
        Announced {
            ether_type: 0x86dd,
            protocol: 41,
        }
    }

    fn write(&self, next: Announced, inner: &[u8]) -> Vec<u8> {
        let payload_length = self.payload_length.unwrap_or(field(inner.len()));
        [
            &[self.version << 4, 0, 0, 0][..],
            &payload_length.to_be_bytes(),
            &[self.next_header.unwrap_or(next.protocol), 64],
            &self.source.octets(),
            &self.destination.octets(),
            inner,
        ]
        .concat()
    }
}

/// An extension header.
pub struct Extension {
    protocol: u8,
    /// Its second byte, most often its length.
    length: u8,
    next_header: Option<u8>,
    /// What follows the first two bytes.
    rest: Vec<u8>,
}

/// Hop-by-hop options, `count` times 8 bytes long (1 to 256).
pub fn hop_by_hop(count: usize) -> Extension {
    padded(0, count)
}

/// Destination options, `count` times 8 bytes long (1 to 256).
pub fn destination_options(count: usize) -> Extension {
    padded(60, count)
}

/// A header that holds nothing but options that pad (RFC 8200 section 4.2).
fn padded(protocol: u8, count: usize) -> Extension {
    Extension {
        protocol,
        length: count_beyond_first(count),
        next_header: None,
        rest: vec![0; count * 8 - 2],
    }
}

/// A segment routing header (RFC 8754) that goes on by `via`.
pub fn routing(via: &[Ipv6Addr]) -> Extension {
    let last = u8::try_from(via.len().saturating_sub(1)).unwrap_or(0);
    let mut rest = vec![4, last, last, 0, 0, 0];
    rest.extend(via.iter().flat_map(Ipv6Addr::octets));
    Extension {
        protocol: 43,
        length: count_beyond_first(1 + 2 * via.len()),
        next_header: None,
        rest,
    }
}

/// The fragment that starts at `offset` bytes (a multiple of 8), with or without more to come.
pub fn fragment(offset: u16, more: bool) -> Extension {
    let [high, low] = (offset | u16::from(more)).to_be_bytes();
    Extension {
        protocol: 44,
        length: 0,
        next_header: None,
        rest: vec![high, low, 0, 0, 0x12, 0x34],
    }
}

/// An authentication header (RFC 4302) with an integrity check value of `count` times 4 bytes.
pub fn authentication(count: u8) -> Extension {
    let mut rest = vec![0, 0, 0, 0, 0, 1, 0, 0, 0, 1];
    rest.resize(rest.len() + usize::from(count) * 4, 0x5a);
    Extension {
        protocol: 51,
        length: count.wrapping_add(1),
        next_header: None,
        rest,
    }
}

impl Extension {
    /// Declares this length, in the units of its kind.
    #[must_use]
    pub const fn length(mut self, length: u8) -> Self {
        self.length = length;
        self
    }

    /// Announces this, whatever follows.
    #[must_use]
    pub const fn next_header(mut self, next_header: u8) -> Self {
        self.next_header = Some(next_header);
        self
    }

    /// With the three reserved bits of a fragment header, and its reserved byte, set.
    #[must_use]
    pub fn reserved_bits(mut self) -> Self {
        self.length = 0xff;
        if let Some(low) = self.rest.get_mut(1) {
            *low |= 0b110;
        }
        self
    }
}

impl Layer for Extension {
    fn announced(&self) -> Announced {
        Announced::protocol(self.protocol)
    }

    fn write(&self, next: Announced, inner: &[u8]) -> Vec<u8> {
        let next_header = self.next_header.unwrap_or(next.protocol);
        [&[next_header, self.length][..], &self.rest, inner].concat()
    }
}

fn count_beyond_first(count: usize) -> u8 {
    u8::try_from(count - 1).unwrap_or(u8::MAX)
}
