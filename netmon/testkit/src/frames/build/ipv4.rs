//! IPv4 headers.

use std::net::Ipv4Addr;

use super::{Announced, Layer, checksum, field};

const HEADER_LEN: usize = 20;
const MORE_FRAGMENTS: u16 = 0x2000;

/// An IPv4 header.
pub struct Ipv4Header {
    source: Ipv4Addr,
    destination: Ipv4Addr,
    options: Vec<u8>,
    version: u8,
    ihl: Option<u8>,
    total_length: Option<u16>,
    flags_and_fragment_offset: u16,
    protocol: Option<u8>,
}

/// From one host to another, without options.
pub const fn ipv4(source: Ipv4Addr, destination: Ipv4Addr) -> Ipv4Header {
    Ipv4Header {
        source,
        destination,
        options: Vec::new(),
        version: 4,
        ihl: None,
        total_length: None,
        flags_and_fragment_offset: 0,
        protocol: None,
    }
}

impl Ipv4Header {
    /// With `count` bytes of options (a multiple of 4, at most 40): no-operations.
    #[must_use]
    pub fn options(mut self, count: usize) -> Self {
        self.options = vec![1; count];
        self
    }

    /// With a loose source route that goes on by `via` (RFC 791 section 3.1).
    #[must_use]
    pub fn source_route(mut self, via: Ipv4Addr) -> Self {
        self.options = [&[131, 7, 4][..], &via.octets(), &[0]].concat();
        self
    }

    /// Of this version, whatever it is.
    #[must_use]
    pub const fn version(mut self, version: u8) -> Self {
        self.version = version;
        self
    }

    /// Declares a header of `ihl` 32-bit words.
    #[must_use]
    pub const fn ihl(mut self, ihl: u8) -> Self {
        self.ihl = Some(ihl);
        self
    }

    /// Declares a packet of this length.
    #[must_use]
    pub const fn total_length(mut self, total_length: u16) -> Self {
        self.total_length = Some(total_length);
        self
    }

    /// Is the fragment that starts at `offset` bytes (a multiple of 8), with or without more to come.
    #[must_use]
    pub const fn fragment(mut self, offset: u16, more: bool) -> Self {
        self.flags_and_fragment_offset = offset / 8;
        if more {
            self.flags_and_fragment_offset |= MORE_FRAGMENTS;
        }
        self
    }

    /// With these flags: 4 reserved, 2 don't fragment, 1 more fragments.
    #[must_use]
    pub const fn flags(mut self, flags: u16) -> Self {
        self.flags_and_fragment_offset = flags << 13;
        self
    }

    /// Announces this, whatever follows.
    #[must_use]
    pub const fn protocol(mut self, protocol: u8) -> Self {
        self.protocol = Some(protocol);
        self
    }
}

impl Layer for Ipv4Header {
    fn announced(&self) -> Announced {
        // In IP: protocol 4, IP in IP (RFC 2003).
        Announced {
            ether_type: 0x0800,
            protocol: 4,
        }
    }

    fn write(&self, next: Announced, inner: &[u8]) -> Vec<u8> {
        let header_len = HEADER_LEN + self.options.len();
        let ihl = self
            .ihl
            .unwrap_or(u8::try_from(header_len / 4).unwrap_or(0) & 0x0f);
        let total_length = self.total_length.unwrap_or(field(header_len + inner.len()));
        let start = |checksum: [u8; 2]| {
            [
                &[self.version << 4 | ihl, 0][..],
                &total_length.to_be_bytes(),
                &[0x12, 0x34],
                &self.flags_and_fragment_offset.to_be_bytes(),
                &[64, self.protocol.unwrap_or(next.protocol)],
                &checksum,
                &self.source.octets(),
                &self.destination.octets(),
                &self.options,
            ]
            .concat()
        };
        let mut bytes = start(checksum(&start([0, 0])));
        bytes.extend(inner);
        bytes
    }
}
