//! ICMP and ICMPv6 headers. What an error quotes is stacked on it.

use super::{Announced, Layer, checksum};

/// An ICMP or ICMPv6 header.
pub struct IcmpHeader {
    protocol: u8,
    kind: u8,
    code: u8,
    rest: [u8; 4],
}

/// A message of ICMP.
pub const fn icmp(kind: u8, code: u8) -> IcmpHeader {
    IcmpHeader {
        protocol: 1,
        kind,
        code,
        rest: [0; 4],
    }
}

/// A message of ICMPv6.
pub const fn icmpv6(kind: u8, code: u8) -> IcmpHeader {
    IcmpHeader {
        protocol: 58,
        kind,
        code,
        rest: [0; 4],
    }
}

/// Destination unreachable, with this code.
pub const fn unreachable(code: u8) -> IcmpHeader {
    icmp(3, code)
}

/// Destination unreachable of ICMPv6, with this code.
pub const fn unreachable_v6(code: u8) -> IcmpHeader {
    icmpv6(1, code)
}

impl IcmpHeader {
    /// With these last four bytes of the header.
    #[must_use]
    pub const fn rest(mut self, rest: [u8; 4]) -> Self {
        self.rest = rest;
        self
    }
}

impl Layer for IcmpHeader {
    fn announced(&self) -> Announced {
        Announced::protocol(self.protocol)
    }

    fn write(&self, _next: Announced, inner: &[u8]) -> Vec<u8> {
        let message =
            |checksum: [u8; 2]| [&[self.kind, self.code][..], &checksum, &self.rest, inner].concat();
        // Only ICMP's covers nothing but the message.
        let checksum = if self.protocol == 1 {
            checksum(&message([0, 0]))
        } else {
            [0, 0]
        };
        message(checksum)
    }
}
