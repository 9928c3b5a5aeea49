//! The deepest frames that are read, and what is left of them when they end early, at each of their bytes.

use netmon_common::Code;
use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    let mut cases = ended_early("deepest IPv6 frame", &deepest_v6().bytes(), &layout_v6(), 0);
    cases.extend(ended_early(
        "deepest IPv4 frame",
        &deepest_v4().bytes(),
        &layout_v4(),
        LINK, // What is in front of it is in the other one already.
    ));
    cases.push(case(
        "the deepest frame there can be: every extension header is as long as its kind allows",
        longest(),
        Expect::dns_unreachable(SERVER_V6, Code::Port),
    ));
    cases
}

/// The Ethernet header and two tags.
const LINK: usize = 14 + 4 + 4;

/// Eight extension headers, 124 bytes.
fn eight(first: Stack) -> Stack {
    first
        / hop_by_hop(1)
        / destination_options(2)
        / routing(&[ROUTER_V6])
        / fragment(0, true)
        / authentication(3)
        / destination_options(1)
        / authentication(4)
        / hop_by_hop(1)
}

/// Two tags, IPv6 with eight extension headers, an ICMPv6 unreachable, which quotes the same with a query.
fn deepest_v6() -> Stack {
    eight(frame() / service_vlan(5) / vlan(6) / ipv6(ROUTER_V6, CLIENT_V6))
        / unreachable_v6(4)
        / (eight(packet() / ipv6(CLIENT_V6, SERVER_V6)) / udp(40_000, 53) / query("a.test"))
}

/// What a frame is that ends before this many bytes (and not earlier).
type Layout = Vec<(usize, Expect)>;

fn layout_v6() -> Layout {
    const EXTENSIONS: usize = 8 + 16 + 24 + 8 + 24 + 8 + 28 + 8;
    let icmp = LINK + 40 + EXTENSIONS;
    let ports = icmp + 8 + 40 + EXTENSIONS;
    vec![
        (14, Expect::short(Header::Link)),
        (14 + 4, Expect::short(Header::Vlan)),
        (14 + 4 + 4, Expect::short(Header::Vlan)),
        (LINK + 40, Expect::short(Header::Ipv6)),
        (icmp, Expect::short(Header::Ipv6Extension)),
        (icmp + 8, Expect::short(Header::Icmp)),
        (icmp + 8 + 40, Expect::short(Header::Quoted)),
        (ports + 4, Expect::unreachable(SERVER_V6, Code::Port)),
        (ports + 8 + 24 + 1, Expect::dns_unreachable(SERVER_V6, Code::Port)),
    ]
}

/// Two tags, IPv4 with all the options there can be, an ICMP unreachable, which quotes the same with a query.
fn deepest_v4() -> Stack {
    frame()
        / service_vlan(5)
        / vlan(6)
        / ipv4(ROUTER, CLIENT).options(40)
        / unreachable(3)
        / (packet() / ipv4(CLIENT, SERVER).options(40) / udp(40_000, 53) / query("a.test"))
}

fn layout_v4() -> Layout {
    let icmp = LINK + 60;
    let ports = icmp + 8 + 60;
    vec![
        (LINK + 60, Expect::short(Header::Ipv4)),
        (icmp + 8, Expect::short(Header::Icmp)),
        (icmp + 8 + 20, Expect::short(Header::Quoted)),
        (ports + 4, Expect::unreachable(SERVER, Code::Port)),
        (ports + 8 + 24 + 1, Expect::dns_unreachable(SERVER, Code::Port)),
    ]
}

/// One case for each length from `from` to that of the whole frame.
fn ended_early(name: &str, whole: &[u8], layout: &Layout, from: usize) -> Vec<Case> {
    let expected = |len: usize| layout.iter().find(|(before, _)| len < *before);
    (from..=whole.len())
        .filter_map(|len| {
            let (_, expect) = expected(len)?;
            let name = format!("the {name}, of which {len} of {} bytes are there", whole.len());
            Some(case(name, whole.get(..len)?, *expect))
        })
        .collect()
}

/// Its last header starts at 32 KiB: behind sixteen extension headers of 2,048 bytes.
fn longest() -> Stack {
    let longest = |first: Stack| {
        first
            / hop_by_hop(256)
            / destination_options(256)
            / hop_by_hop(256)
            / destination_options(256)
            / hop_by_hop(256)
            / destination_options(256)
            / hop_by_hop(256)
            / destination_options(256)
    };
    longest(frame() / service_vlan(5) / vlan(6) / ipv6(ROUTER_V6, CLIENT_V6))
        / unreachable_v6(4)
        / (longest(packet() / ipv6(CLIENT_V6, SERVER_V6)) / udp(40_000, 53) / query("a.test"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_deepest_frames_end_where_their_layouts_do() {
        for (frame, layout) in [(deepest_v6(), layout_v6()), (deepest_v4(), layout_v4())] {
            assert_eq!(
                Some(frame.bytes().len()),
                layout.last().map(|(before, _)| before - 1)
            );
        }
    }
}
