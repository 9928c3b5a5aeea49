//! What of a packet is the same wherever it is seen.

use netmon_common::wire::ethernet::Payload;
use netmon_common::wire::ipv6;

/// Bytes of a packet that are compared, from its IP header on: all that an error or a name needs.
const COMPARED: usize = 256;

/// An IP packet without what follows it in its frame: a cable pads short ones, and others do not. Of one whose header does not say how
/// long it is, all (TCP segments that a network card joined).
fn without_padding(packet: &[u8], v4: bool) -> Option<&[u8]> {
    let field = |at: usize| Some(u16::from_be_bytes(*packet.get(at..)?.first_chunk()?));
    let len = if v4 {
        usize::from(field(2)?)
    } else {
        match usize::from(field(4)?) {
            0 => 0,
            payload => ipv6::HEADER_LEN + payload,
        }
    };
    let is_said = len != 0;
    packet.get(..len).filter(|_| is_said).or(Some(packet))
}

/// An IP packet without what routers and network cards change: time to live and checksums. Begins with its version.
pub(super) fn unchanged(frame: &[u8], payload: Payload) -> Option<Vec<u8>> {
    let (offset, v4) = match payload {
        Payload::Ipv4(offset) => (offset, true),
        Payload::Ipv6(offset) => (offset, false),
        Payload::NotIp => return None,
    };
    let packet = without_padding(frame.get(offset..)?, v4)?;
    let mut kept = packet.get(..COMPARED.min(packet.len()))?.to_vec();
    let first = *kept.first()?;
    let (carried, protocol, changed): (usize, u8, &[usize]) = if v4 {
        let later_fragment = u16::from_be_bytes([*kept.get(6)?, *kept.get(7)?]) & 0x1fff != 0;
        let protocol = if later_fragment { 0 } else { *kept.get(9)? };
        (usize::from(first & 0xf) * 4, protocol, &[8, 10, 11])
    } else {
        (40, *kept.get(6)?, &[7])
    };
    let checksum = match protocol {
        6 => Some(carried + 16),
        17 => Some(carried + 6),
        _ => None,
    };
    let checksum = checksum.into_iter().flat_map(|at| [at, at + 1]);
    for at in changed.iter().copied().chain(checksum) {
        if let Some(byte) = kept.get_mut(at) {
            *byte = 0;
        }
    }
    if let Some(version) = kept.first_mut() {
        *version = first >> 4;
    }
    Some(kept)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A UDP packet over IPv4 in an Ethernet frame.
    pub fn frame(id: u16, ttl: u8, checksum: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0; 12];
        frame.extend([8, 0, 0x45, 0, 0, 40]);
        frame.extend(id.to_be_bytes());
        frame.extend([0, 0, ttl, 17, 9, 9, 192, 0, 2, 1, 203, 0, 113, 2]);
        frame.extend([0x80, 0, 0, 53, 0, 20, checksum, checksum]);
        frame.extend(payload);
        frame
    }

    #[test]
    fn what_routers_and_cards_change_makes_no_other_packet() {
        let packet = |frame: &[u8]| unchanged(frame, Payload::Ipv4(14)).unwrap();
        let first = packet(&frame(7, 64, 1, b"a question?!"));
        assert_eq!(packet(&frame(7, 63, 2, b"a question?!")), first);
        assert_ne!(packet(&frame(8, 64, 1, b"a question?!")), first);
        assert_ne!(packet(&frame(7, 64, 1, b"a question!?")), first);
    }

    #[test]
    fn padding_of_a_frame_is_no_part_of_its_packet() {
        let whole = frame(7, 64, 1, b"");
        let mut packet = whole[14..].to_vec();
        let len = u16::try_from(packet.len()).unwrap();
        packet[2..4].copy_from_slice(&len.to_be_bytes());
        let padded = [&packet[..], &[0; 18]].concat();
        for packet in [&packet, &padded] {
            assert_eq!(without_padding(packet, true), Some(&packet[..len.into()]));
        }
        // Joined by a network card: the header does not say.
        packet[2..4].fill(0);
        assert_eq!(without_padding(&packet, true), Some(&packet[..]));
    }
}
