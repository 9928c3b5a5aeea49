//! The textbook incident as captures of every kind.

use std::io::Write as _;

use netmon_testkit::captures::pcapng::{self, OFFSET, RESOLUTION, enhanced, interface, section};
use netmon_testkit::captures::{Link, Order, Pcap, textbook};

use super::incident::assert_textbook;
use super::run::{Files, analyze, analyze_input, document_of};

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn usual() -> Vec<u8> {
    Pcap::USUAL.file(&textbook::frames(Link::Ethernet))
}

/// Two sections, each in a byte order of its own; the errors are captured on another interface than the queries,
/// with another link type, another resolution, and an offset.
fn pcapng_of_many_kinds() -> Vec<u8> {
    const HOUR: i64 = 3_600;
    let (mut file, packets) = (Vec::new(), textbook::packets());
    for (order, packets) in [(Order::Little, &packets[..3]), (Order::Big, &packets[3..])] {
        file.extend(section(order));
        file.extend(interface(
            order,
            Link::CookedV2.number(),
            0,
            &[(RESOLUTION, &[9])],
        ));
        let offset = order.i64(HOUR);
        file.extend(interface(order, Link::RawIp.number(), 0, &[(OFFSET, &offset)]));
        for packet in packets {
            let (which, stamp, link) = if packet.from_client {
                (0, packet.nanos, Link::CookedV2)
            } else {
                (1, packet.nanos / 1_000 - 3_600_000_000, Link::RawIp)
            };
            let frame = link.wrap(&packet.bytes);
            let wire_len = u32::try_from(frame.len()).unwrap();
            file.extend(enhanced(order, which, stamp, &frame, wire_len));
        }
    }
    file
}

#[test]
fn a_capture_of_every_kind_gives_the_incident() {
    let frames = textbook::frames(Link::Ethernet);
    let pcap = |order, magic| {
        Pcap {
            order,
            magic,
            link: 1,
        }
        .file(&frames)
    };
    let kinds: Vec<(&str, Vec<u8>)> = vec![
        ("pcap, microseconds", usual()),
        (
            "pcap, microseconds, big-endian",
            pcap(Order::Big, Pcap::MICROSECONDS),
        ),
        ("pcap, nanoseconds", pcap(Order::Little, Pcap::NANOSECONDS)),
        (
            "pcap, nanoseconds, big-endian",
            pcap(Order::Big, Pcap::NANOSECONDS),
        ),
        ("pcap, modified", pcap(Order::Little, Pcap::MODIFIED)),
        ("pcapng", pcapng::file(Order::Little, 1, 6, &frames)),
        (
            "pcapng, big-endian, nanoseconds",
            pcapng::file(Order::Big, 1, 9, &frames),
        ),
        (
            "pcapng of several sections and interfaces",
            pcapng_of_many_kinds(),
        ),
        ("pcap, gzip", gzip(&usual())),
        ("pcap, zstd", zstd(&usual())),
        ("pcapng, gzip", gzip(&pcapng_of_many_kinds())),
        ("pcapng, zstd", zstd(&pcapng_of_many_kinds())),
    ];
    for (kind, bytes) in kinds {
        println!("{kind}");
        assert_textbook(&document_of(&bytes, &[], 0), 13);
    }
}

#[test]
fn a_capture_with_every_link_type_gives_the_incident() {
    for link in Link::ALL.into_iter().filter(|link| link.carries(false)) {
        println!("{link:?}");
        let pcap = Pcap {
            link: link.number().into(),
            ..Pcap::USUAL
        };
        let document = document_of(&pcap.file(&textbook::frames(link)), &[], 0);
        assert_textbook(&document, 13);
        let packet_bytes: usize = textbook::packets().iter().map(|packet| packet.bytes.len()).sum();
        let link_bytes = 6 * link.wrap(&[]).len();
        assert_eq!(document["totals"]["bytes"], packet_bytes + link_bytes);
    }
}

#[test]
fn a_capture_is_read_from_standard_input() {
    for file in [usual(), pcapng_of_many_kinds(), gzip(&usual())] {
        assert_textbook(&analyze_input(&["--format", "json", "-"], &file).good(), 13);
    }
}

#[test]
fn several_files_are_merged_by_time() {
    let files = Files::new();
    let of = |from_client| {
        let packets = textbook::packets()
            .into_iter()
            .filter(|packet| packet.from_client == from_client);
        let framed = packets.map(|packet| (packet.nanos, Link::CookedV1.wrap(&packet.bytes)));
        framed.collect::<Vec<_>>()
    };
    let pcap = Pcap {
        link: Link::CookedV1.number().into(),
        ..Pcap::USUAL
    };
    // Those that come later first, and both compressed in another way.
    let errors = files.write("errors", gzip(&pcap.file(&of(false))));
    let queries = files.write("queries", zstd(&pcap.file(&of(true))));
    let format = ["--format", "json"].map(Into::into);
    let names = [errors.into_os_string(), queries.into_os_string()];
    let document = analyze(format.into_iter().chain(names.clone())).good();
    assert_textbook(&document, 13);
    let told: Vec<_> = names.iter().map(|name| name.to_str().unwrap()).collect();
    assert_eq!(document["source"]["files"], serde_json::json!(told));
}
