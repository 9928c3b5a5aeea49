//! The packets that are measured.

use netmon_testkit::frames::build::prelude::*;

pub use netmon_testkit::frames::build::SERVER;

/// A client's port.
const PORT: u16 = 40_000;

/// A full segment to a web server.
pub fn tcp_443() -> Vec<u8> {
    (frame() / ipv4(CLIENT, SERVER) / tcp(PORT, 443).ack() / raw(vec![0x17; 1_200])).bytes()
}

/// A datagram to a web server: QUIC.
pub fn udp_443() -> Vec<u8> {
    (frame() / ipv4(CLIENT, SERVER) / udp(PORT, 443) / raw(vec![0x40; 1_200])).bytes()
}

/// The same segment over IPv6.
pub fn tcp_443_v6() -> Vec<u8> {
    (frame() / ipv6(CLIENT_V6, SERVER_V6) / tcp(PORT, 443).ack() / raw(vec![0x17; 1_200])).bytes()
}

/// A query.
pub fn query_v4() -> Vec<u8> {
    (frame() / ipv4(CLIENT, SERVER) / udp(PORT, 53) / query("www.example.com")).bytes()
}

/// The answer to it.
pub fn response_v4() -> Vec<u8> {
    (frame() / ipv4(SERVER, CLIENT) / udp(53, PORT) / response("www.example.com")).bytes()
}

/// A query over IPv6.
pub fn query_v6() -> Vec<u8> {
    (frame() / ipv6(CLIENT_V6, SERVER_V6) / udp(PORT, 53) / query("www.example.com")).bytes()
}

/// A query from this port to one of many servers.
pub fn query_to(server: std::net::Ipv4Addr, port: u16) -> Vec<u8> {
    (frame() / ipv4(CLIENT, server) / udp(port, 53) / query("www.example.com")).bytes()
}

/// An error about a datagram that has nothing to do with DNS.
pub fn unreachable_443() -> Vec<u8> {
    let quoted = packet() / ipv4(CLIENT, SERVER) / udp(PORT, 443) / raw(vec![0x40; 64]);
    (frame() / ipv4(SERVER, CLIENT) / unreachable(3) / quoted).bytes()
}

/// The same over IPv6.
pub fn unreachable_443_v6() -> Vec<u8> {
    let quoted = packet() / ipv6(CLIENT_V6, SERVER_V6) / udp(PORT, 443) / raw(vec![0x40; 64]);
    (frame() / ipv6(SERVER_V6, CLIENT_V6) / unreachable_v6(4) / quoted).bytes()
}

/// An error about the query to this server.
pub fn unreachable_53(server: std::net::Ipv4Addr) -> Vec<u8> {
    let quoted = packet() / ipv4(CLIENT, server) / udp(PORT, 53) / query("www.example.com");
    (frame() / ipv4(server, CLIENT) / unreachable(3) / quoted).bytes()
}
