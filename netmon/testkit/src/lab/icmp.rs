//! ICMP errors as bytes (RFC 792, RFC 4443), so that a test can send one that no kernel would.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

const UDP: u8 = 17;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
const TTL: u8 = 64;

/// A packet with an ICMP error "unreachable": from `reporter` to `receiver`, about the packet `quoted`.
/// `port` and `admin` are the same in both families only by name; `code` is the number of the family.
pub fn unreachable(reporter: IpAddr, receiver: IpAddr, code: u8, quoted: &[u8]) -> Vec<u8> {
    let (kind, protocol) = match reporter {
        IpAddr::V4(_) => (3, ICMP),
        IpAddr::V6(_) => (1, ICMPV6),
    };
    let mut message = vec![kind, code, 0, 0, 0, 0, 0, 0];
    message.extend(quoted);
    let seed = match (reporter, receiver) {
        (IpAddr::V6(from), IpAddr::V6(to)) => pseudo_header(from, to, ICMPV6, message.len()),
        _ => Vec::new(),
    };
    put_checksum(&mut message, 2, &seed);
    packet(reporter, receiver, protocol, &message)
}

/// The packet of a query from the client to the server, as an error quotes it.
pub fn query_packet(client: SocketAddr, server: SocketAddr, message: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + message.len()).unwrap_or(u16::MAX);
    let mut datagram = Vec::with_capacity(8 + message.len());
    for field in [client.port(), server.port(), length, 0] {
        datagram.extend(field.to_be_bytes());
    }
    datagram.extend(message);
    packet(client.ip(), server.ip(), UDP, &datagram)
}

/// The IP header and what follows it.
fn packet(from: IpAddr, to: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => v4(from, to, protocol, payload),
        (IpAddr::V6(from), IpAddr::V6(to)) => v6(from, to, protocol, payload),
        // No packet has addresses of two families; a test that wants one gets nothing to send.
        _ => Vec::new(),
    }
}

fn v4(from: Ipv4Addr, to: Ipv4Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let total = u16::try_from(20 + payload.len()).unwrap_or(u16::MAX);
    let mut packet = vec![0x45, 0];
    packet.extend(total.to_be_bytes());
    packet.extend([0, 0, 0, 0, TTL, protocol, 0, 0]);
    packet.extend(from.octets());
    packet.extend(to.octets());
    put_checksum(&mut packet, 10, &[]);
    packet.extend(payload);
    packet
}

fn v6(from: Ipv6Addr, to: Ipv6Addr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap_or(u16::MAX);
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(length.to_be_bytes());
    packet.extend([protocol, TTL]);
    packet.extend(from.octets());
    packet.extend(to.octets());
    packet.extend(payload);
    packet
}

/// RFC 8200, section 8.1.
fn pseudo_header(from: Ipv6Addr, to: Ipv6Addr, protocol: u8, length: usize) -> Vec<u8> {
    let mut header = Vec::with_capacity(40);
    header.extend(from.octets());
    header.extend(to.octets());
    header.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    header.extend([0, 0, 0, protocol]);
    header
}

/// Puts the Internet checksum (RFC 1071) of the seed and the bytes at that place among the bytes, which is
/// zero until then.
fn put_checksum(bytes: &mut [u8], at: usize, seed: &[u8]) {
    let words = |bytes: &[u8]| -> u32 {
        bytes
            .chunks(2)
            .map(|pair| {
                let high = pair.first().copied().unwrap_or(0);
                u32::from(u16::from_be_bytes([high, pair.get(1).copied().unwrap_or(0)]))
            })
            .sum()
    };
    let mut sum = words(seed) + words(bytes);
    while let carry @ 1.. = sum >> 16 {
        sum = (sum & 0xffff) + carry;
    }
    let checksum = !u16::try_from(sum).unwrap_or(0);
    if let Some(place) = bytes.get_mut(at..at + 2) {
        place.copy_from_slice(&checksum.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_laid_out_as_its_rfc_says() {
        let client: SocketAddr = "192.0.2.1:4096".parse().unwrap();
        let server: SocketAddr = "192.0.2.2:53".parse().unwrap();
        let quoted = query_packet(client, server, b"dns");
        assert_eq!(quoted.len(), 20 + 8 + 3);
        assert_eq!(quoted[20..28], [0x10, 0, 0, 53, 0, 11, 0, 0]);
        let error = unreachable(server.ip(), client.ip(), 3, &quoted);
        assert_eq!(error[0], 0x45);
        assert_eq!(error[9], ICMP);
        assert_eq!(error[20..22], [3, 3]);
        assert_eq!(error[28..], quoted);
    }

    #[test]
    fn bytes_with_their_checksum_sum_to_nothing() {
        // The example of RFC 1071, section 3, and room for the sum.
        let mut bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7, 0, 0];
        put_checksum(&mut bytes, 8, &[]);
        assert_eq!(bytes[8..], [0x22, 0x0d]);
        let mut again = bytes.to_vec();
        again.extend([0, 0]);
        put_checksum(&mut again, 10, &[]);
        assert_eq!(again[10..], [0, 0]);
    }
}
