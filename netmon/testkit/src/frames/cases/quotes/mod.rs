//! The packet that an error quotes: what it carried, how much of it is there, and each length that lies. Also
//! late responses, which quote a packet from a DNS port.

mod carried;
mod ipv4;
mod ipv6;
mod late;

use std::net::IpAddr;

use netmon_common::{Code, Transport};

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect};

pub fn cases() -> Vec<Case> {
    [carried::cases(), late::cases(), ipv4::cases(), ipv6::cases()].concat()
}

/// A port unreachable that quotes this IPv4 packet.
fn about(quote: Stack) -> Stack {
    frame() / ipv4(ROUTER, CLIENT) / unreachable(3) / quote
}

/// A port unreachable that quotes this IPv6 packet.
fn about_v6(quote: Stack) -> Stack {
    frame() / ipv6(ROUTER_V6, CLIENT_V6) / unreachable_v6(4) / quote
}

fn v4() -> Stack {
    packet() / ipv4(CLIENT, SERVER)
}

fn v6() -> Stack {
    packet() / ipv6(CLIENT_V6, SERVER_V6)
}

const DNS: Expect = Expect::DnsUnreachable(Transport::Udp, IpAddr::V4(SERVER), Code::Port);
const DNS_V6: Expect = Expect::DnsUnreachable(Transport::Udp, IpAddr::V6(SERVER_V6), Code::Port);
const TCP: Expect = Expect::DnsUnreachable(Transport::Tcp, IpAddr::V4(SERVER), Code::Port);
const TCP_V6: Expect = Expect::DnsUnreachable(Transport::Tcp, IpAddr::V6(SERVER_V6), Code::Port);
const NOT_DNS: Expect = Expect::Unreachable(IpAddr::V4(SERVER), Code::Port);
const NOT_DNS_V6: Expect = Expect::Unreachable(IpAddr::V6(SERVER_V6), Code::Port);
