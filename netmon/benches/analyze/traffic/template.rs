//! Frames to be written over: which packet they are differs, what kind they are of does not.
//!
//! Checksums are wrong then; nobody who reads these captures looks at them.

/// Length of an Ethernet header and an IPv4 header without options.
pub const IPV4_END: usize = 14 + 20;
/// Length of an Ethernet header and an IPv6 header.
pub const IPV6_END: usize = 14 + 40;
/// Where the source address is in an IPv4 header; the destination follows it.
const IPV4_SOURCE: usize = 12;
/// The same in IPv6.
const IPV6_SOURCE: usize = 8;

/// Writes bytes over others, as far as these are there.
pub fn write_over(bytes: &mut [u8], at: usize, with: &[u8]) {
    let place = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..with.len()));
    if let Some(place) = place {
        place.copy_from_slice(with);
    }
}

/// A packet's ends.
#[derive(Clone, Copy)]
pub struct Ends<A> {
    pub source: A,
    pub destination: A,
    pub source_port: [u8; 2],
    pub destination_port: [u8; 2],
}

impl<A> Ends<A> {
    /// The way back.
    pub fn back(self) -> Self {
        Self {
            source: self.destination,
            destination: self.source,
            source_port: self.destination_port,
            destination_port: self.source_port,
        }
    }
}

/// Writes ends over those of a packet of IPv4 without options that starts at `at`, and of its UDP or TCP header.
pub fn write_ends_v4(bytes: &mut [u8], at: usize, ends: Ends<[u8; 4]>) {
    write_over(bytes, at + IPV4_SOURCE, &ends.source);
    write_over(bytes, at + IPV4_SOURCE + 4, &ends.destination);
    write_ports(bytes, at + 20, ends.source_port, ends.destination_port);
}

/// The same of IPv6 without extension headers.
pub fn write_ends_v6(bytes: &mut [u8], at: usize, ends: Ends<[u8; 16]>) {
    write_over(bytes, at + IPV6_SOURCE, &ends.source);
    write_over(bytes, at + IPV6_SOURCE + 16, &ends.destination);
    write_ports(bytes, at + 40, ends.source_port, ends.destination_port);
}

fn write_ports(bytes: &mut [u8], at: usize, source: [u8; 2], destination: [u8; 2]) {
    write_over(bytes, at, &source);
    write_over(bytes, at + 2, &destination);
}
