//! Builds packets, header by header.

use std::net::IpAddr;

pub const UDP: u8 = 17;
pub const TCP: u8 = 6;

/// From one address and port to another.
#[derive(Clone, Copy, Debug)]
pub struct Path {
    pub source: IpAddr,
    pub source_port: u16,
    pub destination: IpAddr,
    pub destination_port: u16,
}

impl Path {
    pub fn new(source: &str, source_port: u16, destination: &str, destination_port: u16) -> Self {
        Self {
            source: source.parse().unwrap(),
            source_port,
            destination: destination.parse().unwrap(),
            destination_port,
        }
    }

    pub fn back(self) -> Self {
        Self {
            source: self.destination,
            source_port: self.destination_port,
            destination: self.source,
            destination_port: self.source_port,
        }
    }
}

fn len(bytes: usize) -> [u8; 2] {
    u16::try_from(bytes).unwrap().to_be_bytes()
}

/// An IP packet, of the family of its addresses.
pub fn ip(source: IpAddr, destination: IpAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match (source, destination) {
        (IpAddr::V4(source), IpAddr::V4(destination)) => {
            let mut header = vec![0x45, 0];
            header.extend(len(20 + payload.len()));
            header.extend([0, 0, 0x40, 0, 64, protocol, 0, 0]);
            header.extend(source.octets());
            header.extend(destination.octets());
            [&header, payload].concat()
        }
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let mut header = vec![0x60, 0, 0, 0];
            header.extend(len(payload.len()));
            header.extend([protocol, 64]);
            header.extend(source.octets());
            header.extend(destination.octets());
            [&header, payload].concat()
        }
        _ => panic!("{source} and {destination} are of two families"),
    }
}

pub fn udp(path: Path, payload: &[u8]) -> Vec<u8> {
    let mut datagram = path.source_port.to_be_bytes().to_vec();
    datagram.extend(path.destination_port.to_be_bytes());
    datagram.extend(len(8 + payload.len()));
    datagram.extend([0, 0]);
    datagram.extend(payload);
    ip(path.source, path.destination, UDP, &datagram)
}

pub const SYN: u8 = 0x02;
/// The ACK flag of TCP.
pub const ACK: u8 = 0x10;
pub const PUSH_ACK: u8 = 0x18;

pub fn tcp(path: Path, flags: u8, payload: &[u8]) -> Vec<u8> {
    tcp_at(path, flags, 1, 0, payload)
}

/// A segment that stands there in its stream, and acknowledges the other one up to there.
pub fn tcp_at(path: Path, flags: u8, sequence: u32, acknowledged: u32, payload: &[u8]) -> Vec<u8> {
    let mut segment = path.source_port.to_be_bytes().to_vec();
    segment.extend(path.destination_port.to_be_bytes());
    segment.extend(sequence.to_be_bytes());
    segment.extend(acknowledged.to_be_bytes());
    segment.extend([5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]);
    segment.extend(payload);
    ip(path.source, path.destination, TCP, &segment)
}

/// A DNS message over TCP, behind its length.
pub fn framed(message: &[u8]) -> Vec<u8> {
    [&len(message.len()), message].concat()
}

/// A destination unreachable that quotes the beginning of a packet.
pub fn unreachable(reporter: IpAddr, receiver: IpAddr, code: u8, quote: &[u8]) -> Vec<u8> {
    let (protocol, kind) = if reporter.is_ipv4() { (1, 3) } else { (58, 1) };
    let message = [&[kind, code, 0, 0, 0, 0, 0, 0], quote].concat();
    ip(reporter, receiver, protocol, &message)
}

pub const RECURSION_DESIRED: u16 = 0x0100;
pub const RESPONSE: u16 = 0x8000;

/// A DNS message with one question for an address.
pub fn dns(id: u16, flags: u16, name: &str) -> Vec<u8> {
    let mut message = id.to_be_bytes().to_vec();
    message.extend(flags.to_be_bytes());
    message.extend([0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.split('.') {
        message.push(u8::try_from(label.len()).unwrap());
        message.extend(label.bytes());
    }
    message.extend([0, 0, 1, 0, 1]);
    message
}

pub fn query(path: Path, id: u16, name: &str) -> Vec<u8> {
    udp(path, &dns(id, RECURSION_DESIRED, name))
}

/// The answer to a query on this path, with this rcode.
pub fn response(path: Path, id: u16, rcode: u16, name: &str) -> Vec<u8> {
    udp(path.back(), &dns(id, RESPONSE | RECURSION_DESIRED | rcode, name))
}

/// An IP packet in an Ethernet frame.
pub fn ethernet(packet: &[u8]) -> Vec<u8> {
    let ether_type = if packet[0] >> 4 == 4 {
        [0x08, 0x00]
    } else {
        [0x86, 0xdd]
    };
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2][..], &ether_type, packet].concat()
}

/// An IP packet for this host in a frame of Linux cooked captures, version 1.
pub fn cooked(packet: &[u8]) -> Vec<u8> {
    let framed = ethernet(packet);
    [&[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0][..], &framed[12..]].concat()
}
