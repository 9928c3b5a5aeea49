//! Ethernet and VLAN tags: none, one or two of 0x8100 and 0x88a8, and nothing else.

use std::net::{Ipv4Addr, Ipv6Addr};

use netmon_common::wire::Header;

use crate::frames::build::prelude::*;
use crate::frames::{Case, Expect, case};

pub fn cases() -> Vec<Case> {
    [tags(), not_ip(), short(), multicast()].concat()
}

/// A query over IPv4, behind whatever is in front of it.
fn query_v4() -> Stack {
    packet() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("a.test")
}

fn query_v6() -> Stack {
    packet() / ipv6(CLIENT_V6, SERVER_V6) / udp(40_000, 53) / query("a.test")
}

fn tags() -> Vec<Case> {
    let v4 = || Expect::query(SERVER);
    let v6 = || Expect::query(SERVER_V6);
    vec![
        case("a query over IPv4 without tags", frame() / query_v4(), v4()),
        case("a query over IPv6 without tags", frame() / query_v6(), v6()),
        case("one 802.1Q tag", frame() / vlan(5) / query_v4(), v4()),
        case("one 802.1Q tag before IPv6", frame() / vlan(5) / query_v6(), v6()),
        case(
            "a priority tag, of VLAN 0",
            frame() / vlan(0xe000) / query_v4(),
            v4(),
        ),
        case("one 802.1ad tag", frame() / service_vlan(5) / query_v4(), v4()),
        case(
            "an 802.1ad tag, then an 802.1Q tag",
            frame() / service_vlan(5) / vlan(6) / query_v4(),
            v4(),
        ),
        case(
            "an 802.1ad tag, then an 802.1Q tag, before IPv6",
            frame() / service_vlan(5) / vlan(6) / query_v6(),
            v6(),
        ),
        case("two 802.1Q tags", frame() / vlan(5) / vlan(6) / query_v4(), v4()),
        case(
            "two 802.1ad tags",
            frame() / service_vlan(5) / service_vlan(6) / query_v4(),
            v4(),
        ),
        case(
            "an 802.1Q tag, then an 802.1ad tag",
            frame() / vlan(5) / service_vlan(6) / query_v4(),
            v4(),
        ),
    ]
}

fn not_ip() -> Vec<Case> {
    let arp = || raw([0; 28]).as_ether_type(0x0806);
    let cases = [
        (
            "three 802.1Q tags",
            frame() / vlan(5) / vlan(6) / vlan(7) / query_v4(),
        ),
        (
            "an 802.1ad tag before two 802.1Q tags",
            frame() / service_vlan(5) / vlan(6) / vlan(7) / query_v4(),
        ),
        (
            "a third tag that the frame ends before",
            frame() / vlan(5) / vlan(6).ether_type(0x8100),
        ),
        (
            "a tag of the old type 0x9100",
            frame() / vlan_of_type(0x9100, 5) / query_v4(),
        ),
        (
            "a tag of the type 0x9100 behind an 802.1Q tag",
            frame() / vlan(5) / vlan_of_type(0x9100, 6) / query_v4(),
        ),
        ("ARP", frame() / arp()),
        ("ARP behind two tags", frame() / service_vlan(5) / vlan(6) / arp()),
        (
            "an 802.3 frame, with a length where the type would be",
            frame() / raw([0x42; 46]).as_ether_type(46),
        ),
        (
            "IPv4 in an 802.3 frame with SNAP",
            frame() / raw([0xaa, 0xaa, 3, 0, 0, 0, 8, 0]).as_ether_type(60) / query_v4(),
        ),
        (
            "an 802.3 frame behind a tag",
            frame() / vlan(5) / raw([0x42; 46]).as_ether_type(46),
        ),
        (
            "the type of IPv4 with its bytes swapped",
            frame() / raw([0x45; 40]).as_ether_type(0x0008),
        ),
        (
            "PPPoE that carries IPv4",
            frame() / raw([0x11, 0, 0, 1, 0, 22, 0, 0x21]).as_ether_type(0x8864) / query_v4(),
        ),
        (
            "MPLS that carries IPv4",
            frame() / raw([0, 1, 1, 64]).as_ether_type(0x8847) / query_v4(),
        ),
        (
            "LLDP",
            frame() / raw([2, 7, 4, 2, 0, 0, 0, 0, 1]).as_ether_type(0x88cc),
        ),
        (
            "nothing behind an Ethernet header that announces ARP",
            packet() / ethernet().ether_type(0x0806),
        ),
    ];
    cases.map(|(name, frame)| case(name, frame, Expect::NotIp)).into()
}

fn short() -> Vec<Case> {
    vec![
        case(
            "nothing behind an Ethernet header that announces IPv4",
            (frame() / query_v4()).cut_to(14),
            Expect::short(Header::Ipv4),
        ),
        case(
            "nothing behind an Ethernet header that announces IPv6",
            (frame() / query_v6()).cut_to(14),
            Expect::short(Header::Ipv6),
        ),
        case(
            "nothing behind an Ethernet header that announces a tag",
            (frame() / vlan(5) / query_v4()).cut_to(14),
            Expect::short(Header::Vlan),
        ),
        case(
            "three bytes of a tag",
            (frame() / service_vlan(5) / query_v4()).cut_to(17),
            Expect::short(Header::Vlan),
        ),
        case(
            "three bytes of the second tag",
            (frame() / vlan(5) / vlan(6) / query_v4()).cut_to(21),
            Expect::short(Header::Vlan),
        ),
    ]
}

/// The address of a group is a destination like any other, for the counters.
fn multicast() -> Vec<Case> {
    const GROUP: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
    const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
    let to_group = || packet() / ethernet().to([0x01, 0, 0x5e, 0, 0, 0xfb]);
    vec![
        case(
            "a query to an IPv4 multicast group",
            to_group() / ipv4(CLIENT, GROUP) / udp(40_000, 53) / query("a.test"),
            Expect::query(GROUP),
        ),
        case(
            "a query to an IPv6 multicast group",
            packet()
                / ethernet().to([0x33, 0x33, 0, 0, 0, 0xfb])
                / ipv6(CLIENT_V6, GROUP_V6)
                / udp(40_000, 53)
                / query("a.test"),
            Expect::query(GROUP_V6),
        ),
        case(
            "multicast DNS on its own port",
            to_group() / ipv4(CLIENT, GROUP) / udp(5_353, 5_353) / query("a.local"),
            Expect::Other,
        ),
        case(
            "a query to the limited broadcast address",
            packet()
                / ethernet().to([0xff; 6])
                / ipv4(CLIENT, Ipv4Addr::BROADCAST)
                / udp(40_000, 53)
                / query("a.test"),
            Expect::query(Ipv4Addr::BROADCAST),
        ),
    ]
}
