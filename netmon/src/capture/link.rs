//! Link headers of captures: what they announce, and where it starts.
//!
//! Each gives what [`ethernet::parse`] gives, so that one classifier serves all. Tags are read behind all of
//! them by one rule.

use netmon_common::wire::ethernet::{self, Payload};
use netmon_common::wire::{Bytes, Captured, Header, Plain, Unreadable};

use super::frame::LinkType;

/// Length of the header of Linux cooked captures, version 1.
const COOKED_V1_LEN: usize = 16;
/// Where its EtherType is.
const COOKED_V1_PROTOCOL: usize = 14;
/// Length of the header of Linux cooked captures, version 2, which starts with the EtherType.
const COOKED_V2_LEN: usize = 20;
/// Length of the address family before packets of BSD's loopback interfaces.
const FAMILY_LEN: usize = 4;

/// `AF_INET`, everywhere.
const FAMILY_IPV4: u32 = 2;
/// `AF_INET6` of Linux, Windows, NetBSD and OpenBSD, FreeBSD, Darwin.
const FAMILIES_IPV6: [u32; 5] = [10, 23, 24, 28, 30];

/// What the link header of a frame announces.
pub fn payload(link: LinkType, frame: &Captured<'_>) -> Result<Payload, Unreadable> {
    match link {
        LinkType::Ethernet => ethernet::parse(frame, 0),
        LinkType::LinuxCookedV1 => {
            let header: [u8; COOKED_V1_LEN] = read(frame)?;
            let [.., high, low] = header;
            const { assert!(COOKED_V1_PROTOCOL + 2 == COOKED_V1_LEN) };
            ethernet::parse_tags(frame, u16::from_be_bytes([high, low]), COOKED_V1_LEN, 0)
        }
        LinkType::LinuxCookedV2 => {
            let header: [u8; COOKED_V2_LEN] = read(frame)?;
            let [high, low, ..] = header;
            ethernet::parse_tags(frame, u16::from_be_bytes([high, low]), COOKED_V2_LEN, 0)
        }
        LinkType::RawIp => {
            let [version_and_more]: [u8; 1] = read(frame)?;
            Ok(match version_and_more >> 4 {
                4 => Payload::Ipv4(0),
                6 => Payload::Ipv6(0),
                _ => Payload::NotIp,
            })
        }
        LinkType::RawIpv4 => Ok(Payload::Ipv4(0)),
        LinkType::RawIpv6 => Ok(Payload::Ipv6(0)),
        LinkType::BsdLoopback => {
            let family: [u8; FAMILY_LEN] = read(frame)?;
            Ok(family_payload(family))
        }
        LinkType::Unknown(_) => Ok(Payload::NotIp),
    }
}

/// Families are small numbers, so that of the two byte orders the smaller reading is the one meant.
fn family_payload(family: [u8; FAMILY_LEN]) -> Payload {
    let family = u32::from_le_bytes(family).min(u32::from_be_bytes(family));
    if family == FAMILY_IPV4 {
        Payload::Ipv4(FAMILY_LEN)
    } else if FAMILIES_IPV6.contains(&family) {
        Payload::Ipv6(FAMILY_LEN)
    } else {
        Payload::NotIp
    }
}

/// The link header, which stands at the start of the frame.
fn read<T: Plain>(frame: &Captured<'_>) -> Result<T, Unreadable> {
    if size_of::<T>() > frame.wire_len() {
        return Err(Unreadable::short(Header::Link));
    }
    frame.read(0).ok_or(Unreadable::cut(Header::Link))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header of Linux cooked captures, version 1.
    fn cooked_v1(protocol: u16) -> Vec<u8> {
        let mut header = vec![0, 4, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0];
        header.extend(protocol.to_be_bytes());
        header
    }

    fn cooked_v2(protocol: u16) -> Vec<u8> {
        let mut header = protocol.to_be_bytes().to_vec();
        header.extend([0, 0, 0, 0, 0, 3, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0]);
        header
    }

    fn tagged(mut header: Vec<u8>, ether_type: u16) -> Vec<u8> {
        header.extend([0, 7]);
        header.extend(ether_type.to_be_bytes());
        header
    }

    #[test]
    fn each_link_header_announces_what_follows() {
        use LinkType::{
            BsdLoopback, Ethernet, LinuxCookedV1, LinuxCookedV2, RawIp, RawIpv4, RawIpv6, Unknown,
        };
        use Payload::{Ipv4, Ipv6, NotIp};
        let ethernet = |ether_type: [u8; 2]| [&[0; 12][..], &ether_type].concat();
        let cases: Vec<(&str, LinkType, Vec<u8>, Payload)> = vec![
            ("Ethernet", Ethernet, ethernet([8, 0]), Ipv4(14)),
            ("cooked v1, IPv4", LinuxCookedV1, cooked_v1(0x0800), Ipv4(16)),
            ("cooked v1, IPv6", LinuxCookedV1, cooked_v1(0x86dd), Ipv6(16)),
            ("cooked v1, ARP", LinuxCookedV1, cooked_v1(0x0806), NotIp),
            (
                "cooked v1, a tag",
                LinuxCookedV1,
                tagged(cooked_v1(0x8100), 0x0800),
                Ipv4(20),
            ),
            (
                "cooked v1, two tags",
                LinuxCookedV1,
                tagged(tagged(cooked_v1(0x88a8), 0x8100), 0x86dd),
                Ipv6(24),
            ),
            (
                "cooked v1, three tags",
                LinuxCookedV1,
                tagged(tagged(cooked_v1(0x88a8), 0x8100), 0x8100),
                NotIp,
            ),
            ("cooked v2, IPv4", LinuxCookedV2, cooked_v2(0x0800), Ipv4(20)),
            ("cooked v2, IPv6", LinuxCookedV2, cooked_v2(0x86dd), Ipv6(20)),
            (
                "cooked v2, a tag",
                LinuxCookedV2,
                tagged(cooked_v2(0x8100), 0x0800),
                Ipv4(24),
            ),
            ("raw, version 4", RawIp, vec![0x45], Ipv4(0)),
            ("raw, version 6", RawIp, vec![0x60], Ipv6(0)),
            ("raw, version 5", RawIp, vec![0x50], NotIp),
            ("raw IPv4", RawIpv4, vec![], Ipv4(0)),
            ("raw IPv6", RawIpv6, vec![], Ipv6(0)),
            (
                "loopback, IPv4, little-endian",
                BsdLoopback,
                vec![2, 0, 0, 0],
                Ipv4(4),
            ),
            (
                "loopback, IPv4, big-endian",
                BsdLoopback,
                vec![0, 0, 0, 2],
                Ipv4(4),
            ),
            (
                "loopback, OpenBSD's IPv6",
                BsdLoopback,
                vec![0, 0, 0, 24],
                Ipv6(4),
            ),
            ("loopback, Darwin's IPv6", BsdLoopback, vec![30, 0, 0, 0], Ipv6(4)),
            ("loopback, AppleTalk", BsdLoopback, vec![16, 0, 0, 0], NotIp),
            ("a link type that is not read", Unknown(105), vec![8, 0], NotIp),
        ];
        for (case, link, bytes, expected) in cases {
            assert_eq!(payload(link, &Captured::whole(&bytes)), Ok(expected), "{case}");
        }
    }

    #[test]
    fn a_link_header_that_is_not_whole_is_short_or_cut() {
        let cases = [
            ("cooked v1", LinkType::LinuxCookedV1, 16),
            ("cooked v2", LinkType::LinuxCookedV2, 20),
            ("raw", LinkType::RawIp, 1),
            ("loopback", LinkType::BsdLoopback, 4),
        ];
        for (case, link, header_len) in cases {
            let bytes = vec![0; header_len - 1];
            let short = payload(link, &Captured::whole(&bytes));
            assert_eq!(short, Err(Unreadable::short(Header::Link)), "{case}");
            let cut = payload(link, &Captured::new(&bytes, header_len));
            assert_eq!(cut, Err(Unreadable::cut(Header::Link)), "{case}");
        }
        let tag = cooked_v1(0x8100);
        let short = payload(LinkType::LinuxCookedV1, &Captured::whole(&tag));
        assert_eq!(short, Err(Unreadable::short(Header::Vlan)));
    }
}
