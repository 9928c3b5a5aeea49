//! Every kind of file gives the same packets.

use super::compress::{gzip, zstd};
use super::{Read, capture, read};
use crate::capture::{Frames, LinkType};
use netmon_testkit::captures::pcapng::{
    OFFSET, RESOLUTION, block, enhanced, interface, old_packet, section, simple,
};
use netmon_testkit::captures::{Order, Pcap};

const FIRST: u64 = 1_700_000_000_123_456_000;
const SECOND: u64 = FIRST + 1_500_000_000;

fn packet(byte: u8, len: usize) -> Vec<u8> {
    vec![byte; len]
}

/// Two packets, of an odd and an even length.
fn packets() -> Vec<(u64, Vec<u8>)> {
    vec![(FIRST, packet(1, 61)), (SECOND, packet(2, 1_400))]
}

fn expected(link: LinkType) -> Vec<Read> {
    let read = |(number, (nanos, bytes)): (u64, (u64, Vec<u8>))| Read {
        number,
        nanos,
        link,
        wire_len: bytes.len(),
        bytes,
    };
    (1..).zip(packets()).map(read).collect()
}

/// A section with one interface and the two packets, in microseconds.
fn pcapng(order: Order) -> Vec<u8> {
    [
        section(order),
        interface(order, 1, 0, &[]),
        enhanced(order, 0, FIRST / 1_000, &packet(1, 61), 61),
        block(order, 0x0bad, &packet(9, 2_000)),
        enhanced(order, 0, SECOND / 1_000, &packet(2, 1_400), 1_400),
    ]
    .concat()
}

#[test]
fn each_kind_of_file_gives_the_same_packets() {
    let pcap = |order, magic| {
        Pcap {
            order,
            magic,
            link: 1,
        }
        .file(&packets())
    };
    let usual = Pcap::USUAL.file(&packets());
    let (first_half, second_half) = usual.split_at(50);
    let skippable = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 7, 7, 7], &zstd(&usual)[..]].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("pcap", usual.clone()),
        ("pcap, big-endian", pcap(Order::Big, Pcap::MICROSECONDS)),
        ("pcap, nanoseconds", pcap(Order::Little, Pcap::NANOSECONDS)),
        (
            "pcap, nanoseconds, big-endian",
            pcap(Order::Big, Pcap::NANOSECONDS),
        ),
        ("pcap, modified", pcap(Order::Little, Pcap::MODIFIED)),
        ("pcapng", pcapng(Order::Little)),
        ("pcapng, big-endian", pcapng(Order::Big)),
        ("gzip", gzip(&usual)),
        (
            "gzip, two members",
            [gzip(first_half), gzip(second_half)].concat(),
        ),
        ("gzip of pcapng", gzip(&pcapng(Order::Big))),
        ("zstd", zstd(&usual)),
        ("zstd, two frames", [zstd(first_half), zstd(second_half)].concat()),
        ("zstd, a skippable frame first", skippable),
    ];
    for (case, file) in cases {
        let (packets, warnings) = read(file);
        assert_eq!(packets, expected(LinkType::Ethernet), "{case}");
        assert_eq!(warnings, [], "{case}");
    }
}

#[test]
fn each_interface_of_each_section_has_its_own_link_type_and_clock() {
    let (little, big) = (Order::Little, Order::Big);
    let file = [
        section(little),
        interface(little, 1, 0, &[]),
        interface(little, 276, 0, &[(RESOLUTION, &[9])]),
        interface(
            little,
            101,
            0,
            &[(2, b"a name"), (RESOLUTION, &[0x8a]), (OFFSET, &little.i64(100))],
        ),
        enhanced(little, 2, 1_536, &packet(1, 5), 5),
        enhanced(little, 1, 102_000_000_000, &packet(2, 6), 6),
        enhanced(little, 0, 103_000_000, &packet(3, 7), 7),
        section(big),
        interface(big, 113, 0, &[(RESOLUTION, &[0]), (OFFSET, &big.i64(-1_000))]),
        enhanced(big, 0, 1_104, &packet(4, 8), 8),
        old_packet(big, 0, 1_105, &packet(5, 9), 10),
    ]
    .concat();
    let (packets, warnings) = read(file);
    let told: Vec<_> = packets
        .iter()
        .map(|p| (p.nanos / 1_000_000, p.link, p.bytes.len(), p.wire_len))
        .collect();
    assert_eq!(
        told,
        [
            (101_500, LinkType::RawIp, 5, 5),
            (102_000, LinkType::LinuxCookedV2, 6, 6),
            (103_000, LinkType::Ethernet, 7, 7),
            (104_000, LinkType::LinuxCookedV1, 8, 8),
            (105_000, LinkType::LinuxCookedV1, 9, 10),
        ]
    );
    assert_eq!(warnings, []);
}

#[test]
fn simple_packets_are_as_long_as_their_interface_captures_and_have_no_time() {
    let order = Order::Little;
    let file = [
        section(order),
        interface(order, 228, 50, &[]),
        simple(order, &packet(1, 50), 99),
        simple(order, &packet(2, 21), 21),
    ]
    .concat();
    let (packets, warnings) = read(file);
    let told: Vec<_> = packets
        .iter()
        .map(|p| (p.nanos, p.link, p.bytes.len(), p.wire_len))
        .collect();
    assert_eq!(
        told,
        [(0, LinkType::RawIpv4, 50, 99), (0, LinkType::RawIpv4, 21, 21)]
    );
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0].warning.name(), "no_time");
}

#[test]
fn the_link_type_of_pcap_is_in_the_lower_bits() {
    // The upper ones tell of the frame check sequence.
    let file = Pcap {
        link: 0x5400_0000 + 113,
        ..Pcap::USUAL
    }
    .file(&packets());
    assert_eq!(read(file).0, expected(LinkType::LinuxCookedV1));
}

#[test]
fn several_files_are_merged_by_time_and_each_keeps_its_order() {
    let file = |byte: u8, seconds: &[u64]| {
        let packets: Vec<_> = seconds
            .iter()
            .map(|s| (s * 1_000_000_000, packet(byte, 1)))
            .collect();
        Pcap::USUAL.file(&packets)
    };
    let mut frames = Frames::new(vec![
        capture(file(1, &[10, 20, 15, 40])),
        capture(gzip(&file(2, &[5, 20, 30]))),
        capture(file(3, &[])),
        capture(file(4, &[18])),
    ]);
    let mut told = Vec::new();
    while let Some(frame) = frames.next() {
        told.push((frame.time.second(), frame.file, frame.number));
    }
    assert_eq!(
        told,
        [
            (5, 1, 1),
            (10, 0, 1),
            (18, 3, 1),
            (20, 0, 2),
            // 15 counts as 20, the latest time of its file.
            (15, 0, 3),
            (20, 1, 2),
            (30, 1, 3),
            (40, 0, 4),
        ]
    );
}
