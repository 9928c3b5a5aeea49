//! Captures that are cut, wrong or hostile: what can be read is analysed, what cannot is told with its place.

use std::process::Command;

use netmon_testkit::captures::pcapng::{self, enhanced, interface, section};
use netmon_testkit::captures::{Link, Order, Pcap, textbook};
use serde_json::Value;

use super::run::{Files, NETMON, Run, document_of};
use super::textbook_captures::gzip;

const ORDER: Order = Order::Little;
/// A length of 4 GiB.
const HUGE: [u8; 4] = u32::MAX.to_le_bytes();
/// Length of the file's header.
const HEADER: usize = 24;
/// Length of the header of a record.
const RECORD: usize = 16;

fn frames() -> Vec<(u64, Vec<u8>)> {
    textbook::frames(Link::Ethernet)
}

fn pcap() -> Vec<u8> {
    Pcap::USUAL.file(&frames())
}

/// Where the record of that packet starts, counted from 0.
fn record(number: usize) -> usize {
    let records = frames()
        .into_iter()
        .take(number)
        .map(|(_, frame)| RECORD + frame.len());
    HEADER + records.sum::<usize>()
}

/// The same with other bytes at `at`.
fn changed(mut bytes: Vec<u8>, at: usize, to: &[u8]) -> Vec<u8> {
    bytes[at..at + to.len()].copy_from_slice(to);
    bytes
}

/// A name, a file, the status, how many packets are counted, and what the only warning says: its word, and a part
/// of its sentence.
type Case = (&'static str, Vec<u8>, i32, u64, (&'static str, String));

fn cases() -> Vec<Case> {
    [pcap_cases(), pcapng_cases()].concat()
}

fn pcap_cases() -> Vec<Case> {
    let unknown = Pcap {
        link: 105,
        ..Pcap::USUAL
    };
    vec![
        (
            "cut in a packet",
            pcap()[..record(3) + 40].to_vec(),
            0,
            3,
            (
                "truncated_file",
                format!("byte {}: the file ends 40 bytes into packet 4", record(3)),
            ),
        ),
        (
            "cut in the header of a record",
            pcap()[..record(5) + 7].to_vec(),
            0,
            5,
            (
                "truncated_file",
                format!("byte {}: the file ends 7 bytes into packet 6", record(5)),
            ),
        ),
        (
            "cut in the file's header",
            pcap()[..23].to_vec(),
            2,
            0,
            (
                "truncated_file",
                "byte 0: the file ends 23 bytes into the file's header".into(),
            ),
        ),
        (
            "compressed, and cut in what stands behind the packets",
            gzip(&pcap())[..gzip(&pcap()).len() - 8].to_vec(),
            0,
            6,
            (
                "truncated_file",
                "the compressed file ends 0 bytes into packet 7".into(),
            ),
        ),
        (
            "compressed, and cut at once",
            gzip(&pcap())[..12].to_vec(),
            2,
            0,
            (
                "truncated_file",
                "byte 0: the compressed file ends before anything can be read".into(),
            ),
        ),
        (
            "compressed nonsense",
            [b"\x1f\x8b\x08\0\0\0\0\0\0\x03".as_slice(), &[0xff; 50]].concat(),
            2,
            0,
            ("unreadable_file", "byte 0: it cannot be decompressed".into()),
        ),
        (
            "a packet of 4 GiB",
            changed(pcap(), record(2) + 8, &HUGE),
            0,
            2,
            (
                "wrong_length",
                format!("packet 3 at byte {}: 4294967295 bytes of it", record(2)),
            ),
        ),
        (
            "a first packet of 4 GiB",
            changed(pcap(), record(0) + 8, &HUGE),
            2,
            0,
            ("wrong_length", format!("packet 1 at byte {HEADER}")),
        ),
        (
            "a link type that is not read",
            unknown.file(&frames()),
            0,
            6,
            (
                "unknown_link_type",
                format!("packet 1 at byte {HEADER}: packets of link type 105"),
            ),
        ),
    ]
}

fn pcapng_cases() -> Vec<Case> {
    let block = |frame: &[u8]| enhanced(ORDER, 0, 1, frame, u32::try_from(frame.len()).unwrap());
    let first = frames()[0].1.clone();
    let pcapng = |blocks: &[Vec<u8>]| [section(ORDER), interface(ORDER, 1, 0, &[]), blocks.concat()].concat();
    // What stands before the first packet's block, and the length of that.
    let (before, whole) = (pcapng(&[]).len(), block(&first).len());
    vec![
        (
            "a section of no byte order",
            changed(pcapng(&[block(&first)]), 8, &[1, 2, 3, 4]),
            2,
            0,
            (
                "unreadable_file",
                "byte 0: a section whose byte order mark".into(),
            ),
        ),
        (
            "a block of 4 GiB",
            changed(
                pcapng(&[block(&first), block(&first)]),
                before + whole + 4,
                &[0xfc, 0xff, 0xff, 0xff],
            ),
            0,
            1,
            (
                "packet_too_long",
                format!("packet 2 at byte {}: it has 4294967292 bytes", before + whole),
            ),
        ),
        (
            "a packet of 4 GiB in a small block",
            changed(
                pcapng(&[block(&first), block(&first)]),
                before + whole + 20,
                &HUGE,
            ),
            0,
            1,
            ("wrong_length", format!("packet 2 at byte {}", before + whole)),
        ),
        (
            "a packet of an interface that there is not",
            pcapng(&[enhanced(ORDER, 3, 1, &first, 81), block(&first)]),
            0,
            1,
            (
                "unknown_interface",
                format!("packet 1 at byte {before}: interface 3 is not described"),
            ),
        ),
    ]
}

#[test]
fn what_cannot_be_read_is_told_with_its_place() {
    for (case, bytes, status, frames, (word, part)) in cases() {
        println!("{case}");
        let document = document_of(&bytes, &[], status);
        assert_eq!(document["totals"]["frames"], frames, "{document:#}");
        assert!(
            tells(&document, word, &part),
            "{part}: {:#}",
            document["warnings"]
        );
    }
}

/// Whether the first warning has this word, names the file, and has this in its sentence.
fn tells(document: &Value, word: &str, part: &str) -> bool {
    let (warning, file) = (&document["warnings"][0], &document["source"]["files"][0]);
    let (message, file) = (warning["message"].as_str().unwrap(), file.as_str().unwrap());
    warning["warning"] == word && message.starts_with(file) && message.contains(part)
}

#[test]
fn a_packet_that_the_snap_length_cut_is_truncated_and_nothing_is_guessed() {
    let (nanos, frame) = frames().swap_remove(0);
    let record = Pcap::USUAL.record(nanos, &frame[..40], frame.len());
    let document = document_of(&[Pcap::USUAL.header(), record].concat(), &[], 0);
    assert_eq!(document["totals"]["truncated"], 1);
    assert_eq!(document["totals"]["bytes"], frame.len());
    assert_eq!(document["destinations"], serde_json::json!([]));
}

/// Within 256 MiB of address space, of which the binary and its libraries take a part, no length of a file is
/// believed.
#[test]
fn no_length_in_a_file_makes_it_take_memory() {
    let files = Files::new();
    for (case, bytes, status, ..) in cases() {
        let path = files.write("file", bytes);
        let mut command = Command::new("prlimit");
        command.args(["--as=268435456", NETMON, "analyze"]).arg(path);
        let run: Run = command.output().unwrap().into();
        assert_eq!(run.status, Some(status), "{case}: {}", run.err);
    }
}

#[test]
fn a_file_that_is_cut_anywhere_ends_well() {
    let pcapng = pcapng::file(Order::Big, 1, 9, &frames());
    for file in [pcap(), pcapng] {
        // Each run costs some milliseconds: not every place, but places of every kind.
        for len in (4..file.len()).step_by(37) {
            let document = document_of(
                &file[..len],
                &["--local", "192.51.100.15"],
                whole_or_nothing(&file, len),
            );
            assert!(document["totals"]["frames"].as_u64() <= Some(6), "{len}");
        }
    }
}

/// The status for so many bytes of a file: 2 where they hold no packet, and not even the end of the header.
fn whole_or_nothing(file: &[u8], len: usize) -> i32 {
    let first_packet_ends = if file.starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]) {
        // Section, interface with one option, and the block of 81 bytes of packet.
        28 + 28 + 32 + 84
    } else {
        record(1)
    };
    let is_between_records = len == HEADER && first_packet_ends == record(1);
    if len < first_packet_ends && !is_between_records {
        2
    } else {
        0
    }
}
