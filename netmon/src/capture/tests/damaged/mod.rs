//! Files that are cut, wrong or hostile: what can be read is read, what cannot is told with its place.

mod compressed;
mod pcap_files;
mod pcapng_files;

use super::read;
use crate::capture::limits::PACKET_BYTES;
use netmon_testkit::captures::pcapng::{enhanced, interface, old_packet, section, simple};
use netmon_testkit::captures::{Order, Pcap};

const ORDER: Order = Order::Little;

/// One byte more than the longest packet.
const TOO_LONG: usize = PACKET_BYTES + 1;
/// A length of 4 GiB.
const HUGE: [u8; 4] = u32::MAX.to_le_bytes();

fn packet() -> Vec<u8> {
    vec![7; 60]
}

/// A pcap file of three packets, 76 bytes a record.
fn pcap() -> Vec<u8> {
    Pcap::USUAL.file(&[(1_000, packet()), (2_000, packet()), (3_000, packet())])
}

/// A section with one Ethernet interface, and these blocks.
fn pcapng(blocks: &[Vec<u8>]) -> Vec<u8> {
    [
        &section(ORDER),
        &interface(ORDER, 1, 0, &[]),
        &blocks.concat()[..],
    ]
    .concat()
}

fn whole() -> Vec<u8> {
    enhanced(ORDER, 0, 5, &packet(), 60)
}

/// The same with other bytes at `at`.
fn changed(mut bytes: Vec<u8>, at: usize, to: &[u8]) -> Vec<u8> {
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

/// A case: its name, the file, how many packets it gives, and for each warning its word and a part of its text.
type Case = (
    &'static str,
    Vec<u8>,
    usize,
    &'static [(&'static str, &'static str)],
);

fn check(cases: Vec<Case>) {
    for (case, file, packets, problems) in cases {
        let (read, warnings) = read(file);
        assert_eq!(read.len(), packets, "{case}: {warnings:#?}");
        assert_eq!(warnings.len(), problems.len(), "{case}: {warnings:#?}");
        for (warning, (word, part)) in warnings.iter().zip(problems) {
            assert_eq!(warning.warning.name(), *word, "{case}: {}", warning.message);
            assert!(warning.message.contains(part), "{case}: {}", warning.message);
        }
    }
}

#[test]
fn a_file_that_is_cut_anywhere_gives_the_packets_before() {
    let blocks = [
        whole(),
        simple(ORDER, &packet(), 60),
        old_packet(ORDER, 0, 9, &packet(), 60),
    ];
    for file in [
        pcap(),
        pcapng(&blocks),
        Pcap {
            magic: Pcap::MODIFIED,
            ..Pcap::USUAL
        }
        .file(&[(5, packet())]),
    ] {
        let (all, _) = read(file.clone());
        let mut seen = 0;
        for len in 4..file.len() {
            let (packets, warnings) = read(file[..len].to_vec());
            assert!(packets.len() == seen || packets.len() == seen + 1, "{len}");
            seen = packets.len();
            assert_eq!(packets, all[..seen], "{len}");
            assert!(
                warnings
                    .iter()
                    .all(|w| w.warning.name() == "truncated_file" || w.warning.name() == "no_time")
            );
        }
        assert_eq!(seen, all.len() - 1);
    }
}
