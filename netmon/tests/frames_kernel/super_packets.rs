//! Super-packets of segmentation offload at TC: each counts as the packets that it is on the wire.

use netmon::kernel::{HookChoice, Program};
use netmon_common::Outcome;
use netmon_testkit::frames::build::prelude::*;
use netmon_testkit::frames::{Counted, Expect};

use crate::cable::{Cable, End, VirtioHeader, counted_when_arrived};
use crate::side::{Context, Side};
use crate::user_space::difference;

const TC: [Program; 2] = [Program::Ingress, Program::Egress];

#[test]
#[ignore = "needs root: runs the programs"]
fn a_super_packet_of_udp_counts_as_its_datagrams() {
    // Ten datagrams of 24 bytes, under one header.
    let frame = frame() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("a.test") / raw([0; 9 * 24]);
    let frame = frame.bytes();
    // The number of segments, or its absence: a virtual network card may leave it to be computed.
    for segments in [10, 0] {
        for program in TC {
            let mut side = Side::load_default();
            side.run(program, &frame, Context::SuperPacket { segments, size: 24 });
            let counted = side.counted();
            assert_eq!(counted.totals.frames, 10, "{} {segments}", program.name());
            assert_eq!(counted.totals.outcome(Outcome::DnsQuery), 10);
            assert_eq!(counted.totals.bytes, 10 * (14 + 20 + 8 + 24));
            assert_eq!(counted.destinations[&SERVER.into()].dns_queries, 10);
        }
    }
}

/// As a guest sends one through its virtual network card: the kernel does not know yet how many it is.
#[test]
#[ignore = "needs root: two namespaces and programs at their interfaces"]
fn a_super_packet_of_a_guest_counts_as_its_datagrams() {
    let frame = frame() / ipv4(CLIENT, SERVER) / udp(40_000, 53) / query("a.test") / raw([0; 9 * 24]);
    let header = VirtioHeader {
        checksum: Some((14 + 20, 6)),
        segment_size: Some(24),
        header_len: 14 + 20 + 8,
    };
    let mut expected = Counted::default();
    for _ in 0..10 {
        expected.expect(Expect::query(SERVER), 14 + 20 + 8 + 24);
    }
    for end in [End::Sender, End::Receiver(HookChoice::Tc)] {
        let cable = Cable::new();
        let mut side = Side::load_default();
        cable.watch(&mut side, end);
        cable.socket(true).send(&header.before(&frame.bytes())).unwrap();
        let counted = counted_when_arrived(&mut side, &expected);
        assert!(
            counted == expected,
            "{end:?}: {}",
            difference(&counted, &expected)
        );
    }
}

/// A response over TCP of 1,000 bytes, which are sent in segments of 300.
pub fn response_in_segments() -> Vec<u8> {
    let frame = frame()
        / ipv4(SERVER, CLIENT)
        / tcp(53, 40_000).ack()
        / MessageLength::of(998)
        / response("a.test")
        / raw(vec![0; 998 - 24]);
    frame.bytes()
}

#[test]
#[ignore = "needs root: runs the programs"]
fn of_a_super_packet_of_tcp_only_the_first_segment_starts_a_message() {
    let frame = response_in_segments();
    for program in TC {
        let mut side = Side::load_default();
        let context = Context::SuperPacket {
            segments: 4,
            size: 300,
        };
        side.run(program, &frame, context);
        let counted = side.counted();
        assert_eq!(counted.totals.frames, 4, "{}", program.name());
        assert_eq!(counted.totals.outcome(Outcome::TcpDnsResponse), 1);
        assert_eq!(counted.totals.outcome(Outcome::Other), 3);
        assert_eq!(counted.totals.bytes, 4 * (14 + 20 + 20) + 1_000);
        assert_eq!(counted.destinations[&SERVER.into()].tcp_dns_responses, 1);
    }
}
