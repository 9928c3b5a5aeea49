//! The packets of the table of named frames through a `tun` device, whose packets have no Ethernet header: what arrives and
//! what leaves is counted as the contract says, and what leaves comes out unchanged.

use netmon::kernel::{HookChoice, Kind, Link};
use netmon_testkit::frames::build::prelude::*;
use netmon_testkit::frames::{Counted, Expect};
use netmon_testkit::lab::{FrameSocket, Namespace, Tun};

use crate::cable::{attach, counted_when_arrived, each_counts};
use crate::side::Side;
use crate::super_packets::response_in_segments;
use crate::user_space::difference;

const NAME: &str = "tunnel";
const ETHERNET: usize = 14;

/// A host with a `tun` device that is watched.
struct Host {
    namespace: Namespace,
    tun: Tun,
    side: Side,
}

impl Host {
    fn new(virtio: bool) -> Self {
        let namespace = Namespace::new("tunnelled").unwrap();
        // It would say hello.
        namespace.set("net/ipv6/conf/default/disable_ipv6", "1").unwrap();
        let tun = Tun::new(&namespace, NAME, virtio).unwrap();
        let mut side = Side::load_default();
        let device = (Kind::Tunnel, Link::Ip);
        namespace
            .enter(|| attach(&mut side, NAME, device, HookChoice::XdpNative))
            .unwrap();
        Self { namespace, tun, side }
    }
}

/// What stands behind an Ethernet header without tags, and the `EtherType`.
fn untagged(frame: &[u8]) -> Option<(u16, &[u8])> {
    let ether_type = u16::from_be_bytes(*frame.get(12..ETHERNET)?.first_chunk()?);
    let packet = frame.get(ETHERNET..)?;
    let is_tag = matches!(ether_type, 0x8100 | 0x88a8);
    (!is_tag && !packet.is_empty() && packet.len() <= 65_535).then_some((ether_type, packet))
}

/// Hands over each packet, and insists that it is counted as expected.
fn each_packet_counts(side: &mut Side, mut hand_over: impl FnMut(u16, &[u8])) {
    let ran = each_counts(side, |case| {
        let (ether_type, packet) = untagged(&case.frame)?;
        hand_over(ether_type, packet);
        Some(packet.len())
    });
    assert!(ran > 300, "only {ran} packets were sent");
    println!("{ran} packets");
}

#[test]
#[ignore = "needs root: a tun device and programs at it"]
fn packets_that_arrive_without_an_ethernet_header_are_counted_as_the_contract_says() {
    let Host {
        namespace: _host,
        tun,
        mut side,
    } = Host::new(false);
    each_packet_counts(&mut side, |ether_type, packet| {
        tun.write(ether_type, packet).unwrap();
    });
}

#[test]
#[ignore = "needs root: a tun device and programs at it"]
fn packets_that_leave_without_an_ethernet_header_are_counted_as_the_contract_says_and_stay_as_they_are() {
    let Host {
        namespace,
        tun,
        mut side,
    } = Host::new(false);
    let mut socket = FrameSocket::open(&namespace, NAME, false).unwrap();
    each_packet_counts(&mut side, |ether_type, packet| {
        socket.send_as(ether_type, packet).unwrap();
        assert_eq!(tun.read().unwrap(), (ether_type, packet.to_vec()));
    });
}

/// What a VPN in user space hands over at once, when many segments of a connection came.
#[test]
#[ignore = "needs root: a tun device and programs at it"]
fn a_super_packet_without_an_ethernet_header_counts_as_its_segments() {
    let frame = response_in_segments();
    // `VIRTIO_NET_HDR_F_NEEDS_CSUM`, `VIRTIO_NET_HDR_GSO_TCPV4`; headers, payload of a segment, where the checksum starts and is.
    let words = [40_u16, 300, 20, 16].map(u16::to_ne_bytes).concat();
    let header = [&[1, 1][..], &words].concat();
    let Host {
        namespace: _host,
        tun,
        mut side,
    } = Host::new(true);
    tun.write_with(0x0800, *header.first_chunk().unwrap(), &frame[ETHERNET..])
        .unwrap();
    let mut expected = Counted::default();
    expected.expect(Expect::tcp_response(SERVER), 40 + 300);
    for rest in [300, 300, 100] {
        expected.expect(Expect::Other, 40 + rest);
    }
    let counted = counted_when_arrived(&mut side, &expected);
    assert!(counted == expected, "{}", difference(&counted, &expected));
}
