//! Packets that carry packets of others: netmon reads the outermost headers only, and says so where that leaves
//! something out.

use netmon_common::wire::Captured;
use netmon_common::wire::ethernet::Payload;

use super::frame::{Frame, LinkType};
use super::link;
use crate::model::{Warning, WarningKind};

/// The kinds of tunnels that are known, by what is seen of them.
const KINDS: [&str; 8] = [
    "PPPoE", "MPLS", "GRE", "IP in IP", "VXLAN", "Geneve", "GTP-U", "IPsec",
];

/// Packets of tunnels.
#[derive(Debug, Default)]
pub struct Tunnels([u64; KINDS.len()]);

impl Tunnels {
    /// Looks at a frame.
    #[inline]
    pub fn look(&mut self, frame: &Frame<'_>) {
        let bytes = Captured::new(frame.bytes, frame.wire_len);
        let kind = match link::payload(frame.link, &bytes) {
            Ok(Payload::Ipv4(offset)) => of_ipv4(frame.bytes, offset),
            Ok(Payload::Ipv6(offset)) => of_ipv6(frame.bytes, offset),
            Ok(Payload::NotIp) => of_link(frame),
            Err(_) => None,
        };
        if let Some(count) = kind.and_then(|kind| self.0.get_mut(kind)) {
            *count += 1;
        }
    }

    /// What to say of them.
    pub fn warning(&self) -> Option<Warning> {
        let count: u64 = self.0.iter().sum();
        if count == 0 {
            return None;
        }
        let kinds: Vec<String> = (KINDS.iter().zip(&self.0))
            .filter(|(_, count)| **count > 0)
            .map(|(kind, count)| format!("{kind}: {count}"))
            .collect();
        let packets = if count == 1 {
            "1 packet is a tunnel's"
        } else {
            &format!("{count} packets are tunnels'")
        };
        Some(Warning::new(
            WarningKind::Tunnel,
            format!(
                "{packets} ({}): what is inside is not looked at; capture on the tunnel's own interface",
                kinds.join(", ")
            ),
        ))
    }
}

fn of_link(frame: &Frame<'_>) -> Option<usize> {
    let at = match frame.link {
        LinkType::Ethernet => 12,
        LinkType::LinuxCookedV1 => 14,
        LinkType::LinuxCookedV2 => 0,
        _ => return None,
    };
    let ether_type = |at: usize| {
        let bytes: &[u8; 2] = frame.bytes.get(at..)?.first_chunk()?;
        Some(u16::from_be_bytes(*bytes))
    };
    // Tags stand behind the header, which in cooked captures of the second version goes on behind the type.
    let mut kind = ether_type(at)?;
    let mut next = if frame.link == LinkType::LinuxCookedV2 {
        20
    } else {
        at + 2
    };
    for _ in 0..2 {
        if matches!(kind, 0x8100 | 0x88a8) {
            kind = ether_type(next + 2)?;
            next += 4;
        }
    }
    match kind {
        0x8864 => Some(0),
        0x8847 | 0x8848 => Some(1),
        _ => None,
    }
}

fn of_ipv4(frame: &[u8], offset: usize) -> Option<usize> {
    let header: &[u8; 20] = frame.get(offset..)?.first_chunk()?;
    let [first, _, _, _, _, _, fragment, more, _, protocol, ..] = *header;
    if u16::from_be_bytes([fragment, more]) & 0x1fff != 0 {
        return None;
    }
    of_protocol(protocol, frame.get(offset + usize::from(first & 0xf) * 4..)?)
}

fn of_ipv6(frame: &[u8], offset: usize) -> Option<usize> {
    let header: &[u8; 40] = frame.get(offset..)?.first_chunk()?;
    let [_, _, _, _, _, _, next, ..] = *header;
    of_protocol(next, frame.get(offset + 40..)?)
}

fn of_protocol(protocol: u8, payload: &[u8]) -> Option<usize> {
    match protocol {
        47 => Some(2),
        4 | 41 => Some(3),
        50 => Some(7),
        17 => {
            /// Below it are ports of servers, whose answer may go to a client that has a tunnel's port by chance.
            const FIRST_OF_TUNNELS: u16 = 1_024;
            let [from_high, from_low, high, low, ..] = *payload else {
                return None;
            };
            match u16::from_be_bytes([high, low]) {
                _ if u16::from_be_bytes([from_high, from_low]) < FIRST_OF_TUNNELS => None,
                4_789 | 8_472 => Some(4),
                6_081 => Some(5),
                2_152 => Some(6),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    fn warning(link: LinkType, bytes: &[u8]) -> Option<String> {
        let mut tunnels = Tunnels::default();
        tunnels.look(&Frame {
            time: Time::default(),
            link,
            bytes,
            wire_len: bytes.len(),
            number: 1,
            file: 0,
            interface: None,
        });
        tunnels.warning().map(|warning| warning.message)
    }

    fn ethernet(kind: [u8; 2], rest: &[u8]) -> Vec<u8> {
        [&[0; 12][..], &kind, rest].concat()
    }

    fn ipv4(protocol: u8, rest: &[u8]) -> Vec<u8> {
        let mut header = vec![
            0x45, 0, 0, 60, 0, 1, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 203, 0, 113, 2,
        ];
        header.extend(rest);
        ethernet([8, 0], &header)
    }

    #[test]
    fn each_kind_of_tunnel_is_counted_by_its_name() {
        let udp = |port: u16| ipv4(17, &[&[0x80, 0][..], &port.to_be_bytes(), &[0; 4]].concat());
        for (kind, bytes) in [
            ("PPPoE: 1", ethernet([0x88, 0x64], &[0x11, 0, 0, 1])),
            ("PPPoE: 1", ethernet([0x81, 0], &[0, 7, 0x88, 0x64, 0x11, 0])),
            ("MPLS: 1", ethernet([0x88, 0x47], &[0; 8])),
            ("GRE: 1", ipv4(47, &[0; 8])),
            ("IP in IP: 1", ipv4(4, &[0x45; 20])),
            ("IP in IP: 1", ipv4(41, &[0x60; 40])),
            ("IPsec: 1", ipv4(50, &[0; 8])),
            ("VXLAN: 1", udp(4_789)),
            ("Geneve: 1", udp(6_081)),
            ("GTP-U: 1", udp(2_152)),
        ] {
            let message = warning(LinkType::Ethernet, &bytes).unwrap_or_default();
            assert!(message.contains(kind), "{kind}: {message}");
        }
        let cooked = [&[0x88, 0x64][..], &[0; 18], &[0x11, 0, 0, 1]].concat();
        assert!(warning(LinkType::LinuxCookedV2, &cooked).is_some());
        for bytes in [
            udp(53),
            ipv4(17, &[0, 53, 0x12, 0xb5, 0, 0, 0, 0]),
            ethernet([8, 6], &[0; 28]),
            ethernet([8, 0], &[0x45]),
            vec![],
        ] {
            assert_eq!(warning(LinkType::Ethernet, &bytes), None);
        }
    }
}
