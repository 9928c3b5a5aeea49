//! An IP address as it stands in map keys: 16 bytes, IPv4 mapped into IPv6.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An IPv4 or IPv6 address in network order; IPv4 as `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2).
///
/// Kept as words whose bytes in memory are in network order: the kernel then moves, hashes and compares
/// words, not bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
#[repr(C)]
pub struct Address([u32; 4]);

const _: () = assert!(size_of::<Address>() == 16 && align_of::<Address>() == 4);

impl Address {
    /// The unspecified address, `::`.
    pub const UNSPECIFIED: Self = Self([0; 4]);

    /// An IPv4 address, mapped.
    #[inline(always)]
    pub const fn v4(octets: [u8; 4]) -> Self {
        Self([0, 0, 0xffff_u32.to_be(), u32::from_ne_bytes(octets)])
    }

    /// An IPv6 address, as four words of four bytes.
    #[inline(always)]
    pub const fn v6(words: [[u8; 4]; 4]) -> Self {
        let [a, b, c, d] = words;
        Self([
            u32::from_ne_bytes(a),
            u32::from_ne_bytes(b),
            u32::from_ne_bytes(c),
            u32::from_ne_bytes(d),
        ])
    }

    /// From 16 bytes, network order.
    pub const fn from_octets(octets: [u8; 16]) -> Self {
        Self::from_bits(u128::from_be_bytes(octets))
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "each word is one quarter of the bits"
    )]
    const fn from_bits(bits: u128) -> Self {
        let (a, b, c, d) = (
            (bits >> 96) as u32,
            (bits >> 64) as u32,
            (bits >> 32) as u32,
            bits as u32,
        );
        Self([a.to_be(), b.to_be(), c.to_be(), d.to_be()])
    }

    const fn to_bits(self) -> u128 {
        let [a, b, c, d] = self.0;
        (u32::from_be(a) as u128) << 96
            | (u32::from_be(b) as u128) << 64
            | (u32::from_be(c) as u128) << 32
            | u32::from_be(d) as u128
    }

    /// The 16 bytes, network order.
    pub const fn octets(self) -> [u8; 16] {
        self.to_bits().to_be_bytes()
    }

    /// The 16 bytes as four words, as they lie in memory: for hashing.
    #[inline(always)]
    pub const fn parts(self) -> [u32; 4] {
        self.0
    }

    /// Whether it means a host on one link only, so that it is another one on each interface: `fe80::/10` (RFC 4291 section
    /// 2.5.6).
    #[inline(always)]
    pub const fn is_link_local(self) -> bool {
        let [first, ..] = self.0;
        first & 0xffc0_0000_u32.to_be() == 0xfe80_0000_u32.to_be()
    }

    /// The address as a key that tells links apart: a link-local one with the number of its link in bytes that are zero in each of
    /// them (RFC 4291 section 2.5.6), every other one as it is. With the number 0 it is the address itself.
    #[inline(always)]
    #[must_use]
    pub const fn on_link(self, link: u32) -> Self {
        if !self.is_link_local() {
            return self;
        }
        let [a, b, c, d] = self.0;
        Self([a, b ^ link.to_be(), c, d])
    }

    /// Whether it means this host itself: 127.0.0.0/8 or `::1`.
    #[inline(always)]
    pub const fn is_loopback(self) -> bool {
        let [a, b, c, d] = self.0;
        let is_v6 = d == 1_u32.to_be() && c == 0;
        let is_v4 = d & 0xff00_0000_u32.to_be() == 0x7f00_0000_u32.to_be() && c == 0xffff_u32.to_be();
        a == 0 && b == 0 && (is_v6 || is_v4)
    }

    /// A hash of which the top bits are best: neighbouring addresses spread widely. It has no secret, so that anybody can
    /// find addresses that share it: for what then costs time only, or one answer more or less.
    #[inline(always)]
    pub fn spread(self) -> u64 {
        // 2^64 divided by the golden ratio, odd.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let [a, b, c, d] = self.0.map(u64::from);
        ((a ^ d) << 32 | (b ^ c)).wrapping_mul(SPREAD)
    }

    /// The address as the standard library has it: a mapped one becomes IPv4.
    pub fn ip(self) -> IpAddr {
        Ipv6Addr::from_bits(self.to_bits()).to_canonical()
    }

    /// Whether nobody can answer from this address: multicast, IPv4 limited broadcast or unspecified.
    ///
    /// A subnet's directed broadcast address cannot be told apart without its mask.
    pub fn is_never_a_server(self) -> bool {
        match self.ip() {
            IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast() || v4.is_unspecified(),
            IpAddr::V6(v6) => v6.is_multicast() || v6.is_unspecified(),
        }
    }
}

impl From<IpAddr> for Address {
    fn from(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(v4) => v4.into(),
            IpAddr::V6(v6) => Self::from_bits(v6.to_bits()),
        }
    }
}

impl From<Ipv4Addr> for Address {
    fn from(v4: Ipv4Addr) -> Self {
        Self::v4(v4.octets())
    }
}

impl PartialOrd for Address {
    fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Address {
    fn cmp(&self, other: &Self) -> core::cmp::Ordering {
        self.to_bits().cmp(&other.to_bits())
    }
}

impl core::fmt::Debug for Address {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.ip().fmt(f)
    }
}

impl core::fmt::Display for Address {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.ip().fmt(f)
    }
}

/// As text in canonical form.
#[cfg(feature = "user")]
impl serde::Serialize for Address {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "user")]
impl<'de> serde::Deserialize<'de> for Address {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IpAddr::deserialize(deserializer).map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    /// Addresses in a row, and what they are.
    type Network = (&'static str, fn(u32) -> Address);

    /// Networks as people number them.
    fn neighbours() -> [Network; 9] {
        [
            ("hosts of an IPv4 network", |n| {
                Address::v4((0x0a00_0000 + n).to_be_bytes())
            }),
            ("every fourth", |n| {
                Address::v4((0x0a00_0000 + 4 * n).to_be_bytes())
            }),
            ("one of each /24", |n| {
                Address::v4((0x0a00_0001 + (n << 8)).to_be_bytes())
            }),
            ("one of each /16", |n| {
                Address::v4((0x0a00_0001 + (n << 16)).to_be_bytes())
            }),
            ("host as network", |n| {
                Address::v4((0x0a00_0000 + 257 * n).to_be_bytes())
            }),
            ("hosts of an IPv6 network", |n| network(0, [0; 4], n)),
            ("one of each IPv6 network", |n| network(n, [0; 4], 1)),
            ("IPv6 host as network", |n| network(n, [0; 4], n)),
            ("hosts by their MAC addresses", |n| {
                network(7, [2, 0, 0, 0xff], 0xfe00_0000 + n)
            }),
        ]
    }

    fn network(subnet: u32, interface: [u8; 4], host: u32) -> Address {
        Address::v6([
            [0x20, 1, 0xd, 0xb8],
            subnet.to_be_bytes(),
            interface,
            host.to_be_bytes(),
        ])
    }

    #[test]
    fn neighbouring_addresses_spread_at_least_nearly_as_well_as_chance() {
        for (case, address) in neighbours() {
            let distinct = |bits: u32, count: u32| {
                let spread = (0..count).map(|n| address(n).spread() >> (u64::BITS - bits));
                spread.collect::<std::collections::BTreeSet<_>>().len()
            };
            // Thrown at random, 64 fill 40 of 64 places; and 64 of 65,536, with one in 30 throws not all.
            assert!(distinct(6, 64) >= 34, "{case}: {} of 64 bits", distinct(6, 64));
            assert!(distinct(16, 64) == 64, "{case}: {} of 16 bits", distinct(16, 64));
            // Two in three of what chance gives where it is worst: networks, numbered in a row.
            assert!(distinct(16, 256) >= 170, "{case}: {} of 256", distinct(16, 256));
        }
    }

    fn parsed(text: &str) -> Address {
        text.parse::<IpAddr>().map_or(Address::UNSPECIFIED, Address::from)
    }

    #[test]
    fn only_a_link_local_address_is_another_one_on_each_link() {
        let cases = [
            ("a router", "fe80::1", "fe80:0:102:304::1"),
            (
                "the last of its hosts",
                "fe80::ffff:ffff:ffff:ffff",
                "fe80:0:102:304:ffff:ffff:ffff:ffff",
            ),
            ("the end of fe80::/10", "febf::1", "febf:0:102:304::1"),
            ("beyond it", "fec0::1", "fec0::1"),
            ("an address of one site", "fd00::1", "fd00::1"),
            ("a global one", "2001:db8::1", "2001:db8::1"),
            ("many on a link", "ff02::fb", "ff02::fb"),
            ("IPv4", "192.0.2.1", "192.0.2.1"),
            ("IPv4 of one link", "169.254.0.1", "169.254.0.1"),
        ];
        for (case, address, on_link) in cases {
            let address = parsed(address);
            assert_eq!(address.on_link(0x0102_0304), parsed(on_link), "{case}");
            assert_eq!(address.on_link(0), address, "{case}");
            let differs = address.on_link(2) != address.on_link(3);
            assert_eq!(differs, address.is_link_local(), "{case}");
        }
    }

    #[test]
    fn a_mapped_address_is_shown_as_ipv4() {
        assert_eq!(Address::v4([203, 0, 113, 2]).to_string(), "203.0.113.2");
    }

    #[test]
    fn an_ipv6_address_is_shown_in_canonical_form() {
        let address: Address = "2001:DB8:0:0::1"
            .parse::<IpAddr>()
            .map_or(Address::UNSPECIFIED, Address::from);
        assert_eq!(address.to_string(), "2001:db8::1");
    }
}
