//! What a host shows at all of its interfaces (`tcpdump -i any`) that translates a service address to that of a pod (DNAT), as a
//! Kubernetes node does: each packet as it comes in, and as it goes out.

use std::net::Ipv4Addr;

use super::Link;
use crate::frames::build::prelude::*;

/// The service address.
pub const SERVICE: Ipv4Addr = Ipv4Addr::new(10, 96, 0, 10);
/// The pod's.
pub const POD: Ipv4Addr = Ipv4Addr::new(10, 244, 1, 7);

/// Queries to the service, one a second.
pub const QUERIES: u64 = 10;
/// Queries to another server, which answers: one before them, and one long after.
pub const OTHER_QUERIES: u64 = 2;

/// 2026-03-19T13:00:00Z, in milliseconds since 1970.
const BEGIN: u64 = 1_773_925_200_000;
/// When the other server is asked last: silence is judged by then.
const END: u64 = 40_000;
/// How long the host takes to forward a packet, in nanoseconds.
const FORWARDS: u64 = 50_000;

/// What becomes of the queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pod {
    /// All are answered.
    Answers,
    /// Nothing listens.
    Refuses,
    /// Nothing comes back.
    IsSilent,
}

/// The packets with their times in nanoseconds, behind the header of a cooked capture. Who asks the pod itself is not translated.
pub fn frames(link: Link, asked: Ipv4Addr, pod: Pod) -> Vec<(u64, Vec<u8>)> {
    let other = |millis| exchange(link, millis, [SERVER, SERVER], Pod::Answers);
    let mut frames = other(0);
    for second in 1..=QUERIES {
        frames.extend(exchange(link, 1_000 * second, [asked, POD], pod));
    }
    frames.extend(other(END));
    frames
}

/// A query to a server, which is the other one behind the translation, and what comes of it a millisecond later.
fn exchange(link: Link, millis: u64, [server, behind]: [Ipv4Addr; 2], pod: Pod) -> Vec<(u64, Vec<u8>)> {
    let port = 40_000 + u16::try_from(millis / 100).unwrap_or_default();
    let name = format!("name-{millis}.example");
    let asks = |server| packet() / ipv4(CLIENT, server) / udp(port, 53) / query(&name);
    let answers = |server| packet() / ipv4(server, CLIENT) / udp(53, port) / response(&name);
    let refuses = |server| packet() / ipv4(server, CLIENT) / unreachable(3) / asks(server);
    let comes = match pod {
        Pod::Answers => Some([answers(behind), answers(server)]),
        Pod::Refuses => Some([refuses(behind), refuses(server)]),
        Pod::IsSilent => None,
    };
    let mut frames = forwarded(link, millis, [asks(server), asks(behind)]).to_vec();
    frames.extend(
        comes
            .into_iter()
            .flat_map(|sights| forwarded(link, millis + 1, sights)),
    );
    frames
}

/// A packet comes in, and goes out at another interface with one hop less.
fn forwarded(link: Link, millis: u64, sights: [Stack; 2]) -> [(u64, Vec<u8>); 2] {
    const OUTGOING: u8 = 4;
    let nanos = (BEGIN + millis) * 1_000_000;
    let [arrives, mut leaves] = sights.map(|packet| link.wrap(&packet.bytes()));
    // Where the headers have the kind of packet and the hops that are left, and the lowest byte of the interface's number.
    let (kind, left, interface) = match link {
        Link::CookedV1 => (1, 16 + 8, None),
        _ => (10, 20 + 8, Some(7)),
    };
    let mut change = |place: usize, new: fn(u8) -> u8| {
        if let Some(byte) = leaves.get_mut(place) {
            *byte = new(*byte);
        }
    };
    change(kind, |_| OUTGOING);
    change(left, |left| left - 1);
    if let Some(interface) = interface {
        change(interface, |number| number + 1);
    }
    [(nanos, arrives), (nanos + FORWARDS, leaves)]
}
