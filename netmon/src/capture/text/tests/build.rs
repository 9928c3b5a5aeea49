//! Frames, built byte by byte: what tcpdump is given to print.

use std::net::{Ipv4Addr, Ipv6Addr};

pub const CLIENT: &str = "192.51.100.15";
pub const SERVER: &str = "203.0.113.2";
pub const ROUTER: &str = "192.51.100.1";
pub const CLIENT6: &str = "2001:db8::15";
pub const SERVER6: &str = "2001:db8::2";
pub const ROUTER6: &str = "2001:db8::1";

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;
pub const SCTP: u8 = 132;
const ICMP: u8 = 1;
const ICMP6: u8 = 58;

/// The ones' complement sum of RFC 1071.
fn checksum(bytes: &[u8]) -> [u8; 2] {
    let words = bytes
        .chunks(2)
        .map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    (!u16::try_from(sum).unwrap()).to_be_bytes()
}

fn len(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap().to_be_bytes()
}

/// An IPv4 packet; `fragment` is the field of flags and offset.
pub fn ipv4_with(
    source: &str,
    destination: &str,
    protocol: u8,
    fragment: u16,
    options: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let address = |text: &str| text.parse::<Ipv4Addr>().unwrap().octets();
    let header_len = 20 + options.len();
    let total = u16::try_from(header_len + payload.len()).unwrap();
    let mut packet = vec![0x40 | u8::try_from(header_len / 4).unwrap(), 0];
    packet.extend(total.to_be_bytes());
    packet.extend(0x1234_u16.to_be_bytes());
    packet.extend(fragment.to_be_bytes());
    packet.extend([64, protocol, 0, 0]);
    packet.extend(address(source));
    packet.extend(address(destination));
    packet.extend(options);
    let sum = checksum(&packet);
    packet[10..12].copy_from_slice(&sum);
    packet.extend(payload);
    packet
}

/// An IPv4 packet.
pub fn ipv4(source: &str, destination: &str, protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(source, destination, protocol, 0, &[], payload)
}

/// An IPv6 packet whose first header is `next`.
pub fn ipv6(source: &str, destination: &str, next: u8, payload: &[u8]) -> Vec<u8> {
    let address = |text: &str| text.parse::<Ipv6Addr>().unwrap().octets();
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend(len(payload));
    packet.extend([next, 64]);
    packet.extend(address(source));
    packet.extend(address(destination));
    packet.extend(payload);
    packet
}

pub fn udp(source: u16, destination: u16, payload: &[u8]) -> Vec<u8> {
    udp_of_length(
        source,
        destination,
        u16::try_from(payload.len() + 8).unwrap(),
        payload,
    )
}

pub fn udp_of_length(source: u16, destination: u16, length: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = Vec::new();
    for field in [source, destination, length, 0] {
        datagram.extend(field.to_be_bytes());
    }
    datagram.extend(payload);
    datagram
}

pub const SYN: u8 = 0x02;
pub const RST: u8 = 0x04;
pub const PSH: u8 = 0x08;
pub const ACK: u8 = 0x10;

pub fn tcp(source: u16, destination: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = Vec::new();
    segment.extend(source.to_be_bytes());
    segment.extend(destination.to_be_bytes());
    segment.extend(1_000_u32.to_be_bytes());
    segment.extend(if flags & ACK == 0 { 0_u32 } else { 500 }.to_be_bytes());
    segment.extend([0x50, flags]);
    segment.extend(64_240_u16.to_be_bytes());
    segment.extend([0; 4]);
    segment.extend(payload);
    segment
}

/// A DNS message behind its length, as TCP carries it.
pub fn with_length(message: &[u8]) -> Vec<u8> {
    [&len(message)[..], message].concat()
}

/// A DNS message: its header, the name it asks for (labels), type and class, and what follows.
pub struct Dns<'a> {
    pub id: u16,
    pub flags: u16,
    pub name: &'a [&'a [u8]],
    pub kind: u16,
    pub class: u16,
    pub questions: u16,
    /// Answers, authorities, additional records.
    pub counts: [u16; 3],
    pub records: &'a [u8],
}

pub const YUMMY: &[&[u8]] = &[b"yummyrecipesforme", b"com"];

/// A plain query for an address.
pub const QUERY: Dns<'static> = Dns {
    id: 35084,
    flags: 0x0100,
    name: YUMMY,
    kind: 1,
    class: 1,
    questions: 1,
    counts: [0; 3],
    records: &[],
};

impl Dns<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let mut message = Vec::new();
        let [answers, authorities, additional] = self.counts;
        for field in [
            self.id,
            self.flags,
            self.questions,
            answers,
            authorities,
            additional,
        ] {
            message.extend(field.to_be_bytes());
        }
        for _ in 0..self.questions {
            message.extend(labels(self.name));
            message.extend(self.kind.to_be_bytes());
            message.extend(self.class.to_be_bytes());
        }
        message.extend(self.records);
        message
    }
}

fn labels(name: &[&[u8]]) -> Vec<u8> {
    let mut bytes: Vec<u8> = name
        .iter()
        .flat_map(|label| [&[u8::try_from(label.len()).unwrap()], *label].concat())
        .collect();
    bytes.push(0);
    bytes
}

/// A record about the name that is asked for.
pub fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut record = vec![0xc0, 0x0c];
    record.extend(kind.to_be_bytes());
    record.extend(1_u16.to_be_bytes());
    record.extend(300_u32.to_be_bytes());
    record.extend(len(data));
    record.extend(data);
    record
}

/// EDNS(0).
pub const OPT: &[u8] = &[0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0];

pub fn icmp(source: &str, destination: &str, kind: u8, code: u8, rest: u32, quote: &[u8]) -> Vec<u8> {
    let mut message = vec![kind, code, 0, 0];
    message.extend(rest.to_be_bytes());
    message.extend(quote);
    let sum = checksum(&message);
    message[2..4].copy_from_slice(&sum);
    ipv4(source, destination, ICMP, &message)
}

pub fn icmp6(source: &str, destination: &str, kind: u8, code: u8, quote: &[u8]) -> Vec<u8> {
    ipv6(source, destination, ICMP6, &icmp6_message(kind, code, quote))
}

pub fn icmp6_message(kind: u8, code: u8, quote: &[u8]) -> Vec<u8> {
    [&[kind, code, 0, 0, 0, 0, 0, 0], quote].concat()
}

const MACS: [u8; 12] = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];

/// A frame of this type.
pub fn ethernet(kind: u16, payload: &[u8]) -> Vec<u8> {
    [&MACS, &kind.to_be_bytes()[..], payload].concat()
}

/// An IP packet in a frame.
pub fn frame(packet: &[u8]) -> Vec<u8> {
    ethernet(ethertype(packet), packet)
}

/// An IP packet in a frame with this many tags.
pub fn tagged(tags: usize, packet: &[u8]) -> Vec<u8> {
    let mut frame = MACS.to_vec();
    for tag in 0..tags {
        frame.extend([0x81, 0, 0, u8::try_from(tag).unwrap() + 5]);
    }
    frame.extend(ethertype(packet).to_be_bytes());
    frame.extend(packet);
    frame
}

fn ethertype(packet: &[u8]) -> u16 {
    if packet[0] >> 4 == 6 { 0x86dd } else { 0x0800 }
}
