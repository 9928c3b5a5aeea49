//! Link headers of captures: what they announce, and where it starts.
//!
//! Each gives what [`ethernet::parse`] gives, so that one classifier serves all. Tags are read behind all of
//! them by one rule.

use netmon_common::wire::ethernet::{self, Payload};
use netmon_common::wire::{Bytes, Captured, Header, Plain, Unreadable};

use super::frame::LinkType;

/// Length of the header of Linux cooked captures, version 1, which ends with the EtherType.
const COOKED_V1_LEN: usize = 16;
/// Length of the header of Linux cooked captures, version 2, which starts with the EtherType.
const COOKED_V2_LEN: usize = 20;
/// Kinds of devices whose packets have no EtherType, whatever stands in its place: frame relay, radiotap,
/// netlink (<https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL.html>).
const WITHOUT_ETHER_TYPE: [u16; 3] = [770, 803, 824];
/// Length of the address family before packets of BSD's loopback interfaces.
const FAMILY_LEN: usize = 4;

/// `AF_INET`, everywhere.
const FAMILY_IPV4: u32 = 2;
/// `AF_INET6` of NetBSD and OpenBSD, of FreeBSD, of Darwin. The numbers that Linux and Windows have for it mean
/// other things on a BSD, and are not written (<https://www.tcpdump.org/linktypes/LINKTYPE_NULL.html>).
const FAMILIES_IPV6: [u32; 3] = [24, 28, 30];

/// What stands for everything that is not IP: an EtherType for experiments (IEEE 802 section 9.2.4).
const NOT_IP: u16 = 0x88b5;

/// A link header, as an Ethernet header would say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct LinkHeader {
    /// What follows it.
    ether_type: u16,
    /// Its length, tags behind it excluded.
    len: usize,
}

/// What the link header of a frame announces.
#[inline]
pub fn payload(link: LinkType, frame: &Captured<'_>) -> Result<Payload, Unreadable> {
    if link == LinkType::Ethernet {
        return ethernet::parse(frame, 0);
    }
    let LinkHeader { ether_type, len } = header(link, frame)?;
    ethernet::parse_tags(frame, ether_type, len, 0)
}

/// The same frame behind an Ethernet header, in `buffer` unless it has one already. `None` where its link header
/// is not whole.
pub fn as_ethernet<'a>(link: LinkType, frame: &Captured<'a>, buffer: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let LinkHeader { ether_type, len } = header(link, frame).ok()?;
    if link == LinkType::Ethernet {
        return Some(frame.bytes());
    }
    buffer.clear();
    buffer.extend([0; ethernet::HEADER_LEN - 2]);
    buffer.extend(ether_type.to_be_bytes());
    buffer.extend(frame.bytes().get(len..)?);
    Some(buffer)
}

fn header(link: LinkType, frame: &Captured<'_>) -> Result<LinkHeader, Unreadable> {
    let (ether_type, len) = match link {
        LinkType::Ethernet => {
            let header: [u8; ethernet::HEADER_LEN] = read(frame)?;
            let [.., high, low] = header;
            (u16::from_be_bytes([high, low]), ethernet::HEADER_LEN)
        }
        LinkType::LinuxCookedV1 => {
            let header: [u8; COOKED_V1_LEN] = read(frame)?;
            let [_, _, kind_high, kind_low, .., high, low] = header;
            (
                cooked_ether_type([kind_high, kind_low], [high, low]),
                COOKED_V1_LEN,
            )
        }
        LinkType::LinuxCookedV2 => {
            let header: [u8; COOKED_V2_LEN] = read(frame)?;
            let [high, low, _, _, _, _, _, _, kind_high, kind_low, ..] = header;
            (
                cooked_ether_type([kind_high, kind_low], [high, low]),
                COOKED_V2_LEN,
            )
        }
        LinkType::RawIp => {
            let [version_and_more]: [u8; 1] = read(frame)?;
            let ether_type = match version_and_more >> 4 {
                4 => ethernet::IPV4,
                6 => ethernet::IPV6,
                _ => NOT_IP,
            };
            (ether_type, 0)
        }
        LinkType::RawIpv4 => (ethernet::IPV4, 0),
        LinkType::RawIpv6 => (ethernet::IPV6, 0),
        LinkType::BsdLoopback => {
            let family: [u8; FAMILY_LEN] = read(frame)?;
            (ether_type_of(family), FAMILY_LEN)
        }
        LinkType::Unknown(_) => (NOT_IP, 0),
    };
    Ok(LinkHeader { ether_type, len })
}

/// Whether a cooked header says that the frame was for another host's network card (`PACKET_OTHERHOST`, packet(7)).
pub fn is_for_another_host(link: LinkType, frame: &Captured<'_>) -> bool {
    const OTHER_HOST: u8 = 3;
    let kind = match link {
        LinkType::LinuxCookedV1 => read::<[u8; COOKED_V1_LEN]>(frame).map(|[high, low, ..]| [high, low]),
        LinkType::LinuxCookedV2 => read::<[u8; COOKED_V2_LEN]>(frame).map(|header| [0, header[10]]),
        _ => return false,
    };
    kind == Ok([0, OTHER_HOST])
}

/// Whether a frame was seen at a loopback interface, where a host talks to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loopback {
    /// Its header says so: Linux gives such frames no link addresses.
    Yes,
    /// BSD and macOS give the frames of tunnels the same header, which others send as well: only loopback addresses say so.
    ByAddresses,
    /// No.
    No,
}

impl Loopback {
    /// As the link header says.
    pub fn of(link: LinkType, frame: &[u8]) -> Self {
        /// `ARPHRD_LOOPBACK`.
        const LOOPBACK: [u8; 2] = 772_u16.to_be_bytes();
        let is_loopback = match (link, frame) {
            (LinkType::BsdLoopback, _) => return Self::ByAddresses,
            (LinkType::Ethernet, frame) => frame.starts_with(&[0; 12]),
            (LinkType::LinuxCookedV1, [_, _, high, low, ..])
            | (LinkType::LinuxCookedV2, [_, _, _, _, _, _, _, _, high, low, ..]) => [*high, *low] == LOOPBACK,
            _ => false,
        };
        if is_loopback { Self::Yes } else { Self::No }
    }
}

/// The number of the interface that a cooked header says.
pub fn interface(link: LinkType, frame: &[u8]) -> Option<u32> {
    match (link, frame) {
        (LinkType::LinuxCookedV2, [_, _, _, _, a, b, c, d, ..]) => Some(u32::from_be_bytes([*a, *b, *c, *d])),
        _ => None,
    }
}

/// Whether a capture of this kind may be of several interfaces, and does not say at which of them each packet was seen.
pub const fn hides_interface(link: LinkType) -> bool {
    matches!(link, LinkType::LinuxCookedV1)
}

/// The EtherType in a cooked header, if a device of this kind has one there.
fn cooked_ether_type(device: [u8; 2], ether_type: [u8; 2]) -> u16 {
    if WITHOUT_ETHER_TYPE.contains(&u16::from_be_bytes(device)) {
        NOT_IP
    } else {
        u16::from_be_bytes(ether_type)
    }
}

/// Families are small numbers, so that of the two byte orders the smaller reading is the one meant.
fn ether_type_of(family: [u8; FAMILY_LEN]) -> u16 {
    let family = u32::from_le_bytes(family).min(u32::from_be_bytes(family));
    if family == FAMILY_IPV4 {
        ethernet::IPV4
    } else if FAMILIES_IPV6.contains(&family) {
        ethernet::IPV6
    } else {
        NOT_IP
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

    /// With the kind of device at `offset`.
    fn from_device(kind: u16, mut header: Vec<u8>, offset: usize) -> Vec<u8> {
        header[offset..offset + 2].copy_from_slice(&kind.to_be_bytes());
        header
    }

    fn tagged(mut header: Vec<u8>, ether_type: u16) -> Vec<u8> {
        header.extend([0, 7]);
        header.extend(ether_type.to_be_bytes());
        header
    }

    #[test]
    fn a_cooked_header_says_whether_a_frame_was_for_another_host() {
        use LinkType::{Ethernet, LinuxCookedV1, LinuxCookedV2};
        let marked = |mut header: Vec<u8>, offset: usize, kind: u8| {
            header[offset] = kind;
            header
        };
        // For this host, for all, for some, for another one, from this one.
        for kind in 0..=4 {
            for (link, header) in [
                (LinuxCookedV1, marked(cooked_v1(0x0800), 1, kind)),
                (LinuxCookedV2, marked(cooked_v2(0x0800), 10, kind)),
            ] {
                let frame = Captured::whole(&header);
                assert_eq!(is_for_another_host(link, &frame), kind == 3, "{link:?} {kind}");
                assert!(!is_for_another_host(Ethernet, &frame));
            }
        }
        assert!(!is_for_another_host(LinuxCookedV1, &Captured::whole(&[0, 3])));
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
            (
                "cooked v1, from a tunnel of GRE, whose types are the same",
                LinuxCookedV1,
                from_device(778, cooked_v1(0x86dd), 2),
                Ipv6(16),
            ),
            (
                "cooked v1, netlink",
                LinuxCookedV1,
                from_device(824, cooked_v1(0x0800), 2),
                NotIp,
            ),
            (
                "cooked v2, radiotap",
                LinuxCookedV2,
                from_device(803, cooked_v2(0x0800), 8),
                NotIp,
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
            ("loopback, IPX", BsdLoopback, vec![23, 0, 0, 0], NotIp),
            ("loopback, AppleTalk", BsdLoopback, vec![16, 0, 0, 0], NotIp),
            ("a link type that is not read", Unknown(105), vec![8, 0], NotIp),
        ];
        let mut buffer = Vec::new();
        for (case, link, mut bytes, expected) in cases {
            bytes.extend([0x60, 7, 8, 9]);
            let frame = Captured::whole(&bytes);
            assert_eq!(payload(link, &frame), Ok(expected), "{case}");
            let packet = |at: usize, bytes: &[u8]| bytes[at..].to_vec();
            let framed = Captured::whole(as_ethernet(link, &frame, &mut buffer).unwrap());
            match (expected, payload(Ethernet, &framed).unwrap()) {
                (Ipv4(at), Ipv4(framed_at)) | (Ipv6(at), Ipv6(framed_at)) => {
                    assert_eq!(packet(at, &bytes), packet(framed_at, framed.bytes()), "{case}");
                }
                (NotIp, NotIp) => assert!(framed.bytes().ends_with(&[0x60, 7, 8, 9]), "{case}"),
                (_, other) => panic!("{case}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_link_header_that_is_not_whole_is_short_or_cut() {
        let mut buffer = Vec::new();
        let cases = [
            ("Ethernet", LinkType::Ethernet, 14),
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
            let framed =
                as_ethernet(link, &Captured::new(&bytes, header_len), &mut buffer).map(<[u8]>::to_vec);
            assert_eq!(framed, None, "{case}");
        }
        let tag = cooked_v1(0x8100);
        let short = payload(LinkType::LinuxCookedV1, &Captured::whole(&tag));
        assert_eq!(short, Err(Unreadable::short(Header::Vlan)));
    }
}
