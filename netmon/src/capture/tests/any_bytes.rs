//! Whatever a file holds, reading it ends without panic, and the counts add up.

use std::io::Cursor;

use netmon_common::DnsPorts;
use proptest::prelude::*;

use super::compress::{gzip, zstd};
use super::packets::{Path, dns, ethernet, query, udp, unreachable};
use crate::capture::{Door, Frames, Opened, open_source};
use netmon_testkit::captures::pcapng::{block, enhanced, interface, old_packet, section, simple};
use netmon_testkit::captures::{Order, Pcap};

/// Reads a file to its end.
fn survive(bytes: &[u8]) {
    let Ok(Opened::Packets(file)) = open_source(Box::new(Cursor::new(bytes.to_vec())), "test") else {
        return;
    };
    let mut frames = Frames::new(vec![*file]);
    let mut door = Door::new(DnsPorts::DEFAULT);
    let mut packets = 0_usize;
    let mut last = None;
    while let Some(frame) = frames.next() {
        packets += 1;
        door.take(&frame, &mut |observation| {
            assert!(last <= Some(observation.time));
            last = Some(observation.time);
        });
    }
    let counts = door.counts();
    assert!(counts.add_up());
    assert_eq!(counts.totals.frames, packets as u64);
    // Each packet of a file has a record of 16 bytes at least.
    assert!(packets <= bytes.len() / 16);
    assert!(frames.warnings().len() < 10);
}

/// Files that are well formed, with every kind of block and packet.
fn seeds() -> Vec<Vec<u8>> {
    let path = Path::new("192.0.2.7", 40_000, "198.51.100.53", 53);
    let asked = query(path, 7, "www.example");
    let error = unreachable(path.destination, path.source, 3, &asked);
    let answer = udp(path.back(), &dns(7, 0x8180, "www.example"));
    let packets: Vec<_> = (1..)
        .zip([asked, error, answer])
        .map(|(n, packet)| (n * 1_000_000, ethernet(&packet)))
        .collect();
    let pcapng = |order: Order| {
        let packet = |n: usize| &packets[n].1[..];
        [
            section(order),
            interface(order, 1, 0, &[(9, &[9]), (14, &[1; 8])]),
            interface(order, 113, 96, &[(2, b"name")]),
            enhanced(order, 0, 1_000, packet(0), 90),
            block(order, 5, &[0; 20]),
            simple(order, packet(1), 90),
            old_packet(order, 1, 3_000, packet(2), 90),
        ]
        .concat()
    };
    let pcap = |order, magic, link| Pcap { order, magic, link }.file(&packets);
    vec![
        pcap(Order::Little, Pcap::MICROSECONDS, 1),
        pcap(Order::Big, Pcap::NANOSECONDS, 276),
        pcap(Order::Little, Pcap::MODIFIED, 0),
        pcapng(Order::Little),
        pcapng(Order::Big),
    ]
}

/// A change of a file: other bytes at a place, or an end there.
#[derive(Clone, Debug)]
enum Change {
    Bytes(prop::sample::Index, Vec<u8>),
    End(prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let words = prop_oneof![
        any::<[u8; 4]>().prop_map(|bytes| bytes.to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
        prop::sample::select(vec![0_u32, 1, 0x7fff_ffff, u32::MAX, 262_144, 262_145])
            .prop_map(|word| word.to_le_bytes().to_vec()),
    ];
    prop_oneof![
        5 => (any::<prop::sample::Index>(), words).prop_map(|(at, bytes)| Change::Bytes(at, bytes)),
        1 => any::<prop::sample::Index>().prop_map(Change::End),
    ]
}

fn apply(mut file: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if file.is_empty() {
            break;
        }
        match change {
            Change::Bytes(at, bytes) => {
                let at = at.index(file.len());
                for (to, byte) in file[at..].iter_mut().zip(bytes) {
                    *to = *byte;
                }
            }
            Change::End(at) => file.truncate(at.index(file.len())),
        }
    }
    file
}

proptest! {
    #[test]
    fn any_bytes_behind_a_magic_are_survived(
        magic in prop::sample::select(vec![
            vec![0xd4, 0xc3, 0xb2, 0xa1],
            vec![0xa1, 0xb2, 0x3c, 0x4d],
            vec![0x34, 0xcd, 0xb2, 0xa1],
            section(Order::Little),
            section(Order::Big),
            vec![0x0a, 0x0d, 0x0d, 0x0a],
            vec![0x1f, 0x8b, 8, 0],
            vec![0x28, 0xb5, 0x2f, 0xfd],
            vec![],
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..2_000),
    ) {
        survive(&[magic, bytes].concat());
    }

    #[test]
    fn files_with_other_bytes_here_and_there_are_survived(
        seed in prop::sample::select(seeds()),
        changes in prop::collection::vec(change(), 1..6),
    ) {
        survive(&apply(seed, &changes));
    }

    #[test]
    fn compressed_files_with_other_bytes_here_and_there_are_survived(
        seed in prop::sample::select(seeds()),
        inside in prop::collection::vec(change(), 0..3),
        outside in prop::collection::vec(change(), 0..3),
        as_zstd in any::<bool>(),
    ) {
        let inside = apply(seed, &inside);
        let compressed = if as_zstd { zstd(&inside) } else { gzip(&inside) };
        let Ok(Opened::Packets(file)) = open_source(Box::new(Cursor::new(apply(compressed, &outside))), "test")
        else {
            return Ok(());
        };
        let mut frames = Frames::new(vec![*file]);
        while frames.next().is_some() {}
    }
}
