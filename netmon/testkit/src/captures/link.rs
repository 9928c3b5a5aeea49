//! Link headers of captures.

/// What captures put in front of an IP packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// Ethernet II.
    Ethernet,
    /// Linux cooked, version 1: 16 bytes that end with an EtherType.
    CookedV1,
    /// Linux cooked, version 2: 20 bytes that start with an EtherType.
    CookedV2,
    /// Nothing.
    RawIp,
    /// Nothing, and the packet is IPv4.
    RawIpv4,
    /// Nothing, and the packet is IPv6.
    RawIpv6,
    /// The family as a number in the byte order of a little-endian host.
    LoopbackLittle,
    /// The same of a big-endian host.
    LoopbackBig,
    /// The family in network order, as OpenBSD has it.
    LoopbackOpenBsd,
}

impl Link {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Ethernet,
        Self::CookedV1,
        Self::CookedV2,
        Self::RawIp,
        Self::RawIpv4,
        Self::RawIpv6,
        Self::LoopbackLittle,
        Self::LoopbackBig,
        Self::LoopbackOpenBsd,
    ];

    /// Its number in capture files (<https://www.tcpdump.org/linktypes.html>).
    pub const fn number(self) -> u16 {
        match self {
            Self::LoopbackLittle | Self::LoopbackBig => 0,
            Self::Ethernet => 1,
            Self::RawIp => 101,
            Self::LoopbackOpenBsd => 108,
            Self::CookedV1 => 113,
            Self::RawIpv4 => 228,
            Self::RawIpv6 => 229,
            Self::CookedV2 => 276,
        }
    }

    /// Whether packets of this IP version can stand behind it.
    pub const fn carries(self, is_ipv6: bool) -> bool {
        match self {
            Self::RawIpv4 => !is_ipv6,
            Self::RawIpv6 => is_ipv6,
            _ => true,
        }
    }

    /// An IP packet with the header in front.
    pub fn wrap(self, packet: &[u8]) -> Vec<u8> {
        let is_ipv6 = packet.first().is_some_and(|first| first >> 4 == 6);
        let ether_type: [u8; 2] = if is_ipv6 { [0x86, 0xdd] } else { [0x08, 0x00] };
        // AF_INET6 of FreeBSD, and AF_INET of everybody.
        let family: u32 = if is_ipv6 { 28 } else { 2 };
        let header = match self {
            Self::Ethernet => [&[2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1][..], &ether_type].concat(),
            Self::CookedV1 => [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &ether_type].concat(),
            Self::CookedV2 => {
                let rest = [0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
                [&ether_type[..], &rest].concat()
            }
            Self::RawIp | Self::RawIpv4 | Self::RawIpv6 => Vec::new(),
            Self::LoopbackLittle => family.to_le_bytes().to_vec(),
            Self::LoopbackBig | Self::LoopbackOpenBsd => family.to_be_bytes().to_vec(),
        };
        [&header, packet].concat()
    }
}
