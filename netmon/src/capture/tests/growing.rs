//! A capture that is still being written: `tcpdump -w - | netmon analyze -`.

use std::io::{PipeWriter, Write, pipe};

use crate::capture::{Frames, Opened, open_source};
use netmon_testkit::captures::pcapng::{enhanced, interface, section};
use netmon_testkit::captures::{Order, Pcap};

#[test]
fn a_packet_is_read_when_it_was_written_not_when_the_file_ends() {
    let order = Order::Little;
    let packet = |n: u8| vec![n; 60];
    let pcap = vec![
        [Pcap::USUAL.header(), Pcap::USUAL.record(1, &packet(1), 60)].concat(),
        Pcap::USUAL.record(2, &packet(2), 60),
        Pcap::USUAL.record(3, &packet(3), 60),
    ];
    let pcapng = vec![
        [
            section(order),
            interface(order, 1, 0, &[]),
            enhanced(order, 0, 1, &packet(1), 60),
        ]
        .concat(),
        enhanced(order, 0, 2, &packet(2), 60),
        enhanced(order, 0, 3, &packet(3), 60),
    ];
    for (case, pieces) in [("pcap", pcap), ("pcapng", pcapng)] {
        let (reader, mut writer) = pipe().unwrap();
        writer.write_all(&pieces[0]).unwrap();
        // With a reader that waits for more than that, this test would never end.
        let Opened::Packets(file) = open_source(Box::new(reader), "test").unwrap() else {
            panic!("{case}");
        };
        let mut frames = Frames::new(vec![*file]);
        assert_eq!(frames.next().unwrap().bytes, packet(1), "{case}");
        for (n, piece) in (2..).zip(&pieces[1..]) {
            writer.write_all(piece).unwrap();
            assert_eq!(frames.next().unwrap().bytes, packet(n), "{case}");
        }
        drop(writer);
        assert!(frames.next().is_none(), "{case}");
        assert_eq!(frames.warnings(), [], "{case}");
    }
}

type Encoder = fn(PipeWriter) -> Box<dyn Write>;

#[test]
fn compressed_packets_are_read_when_they_were_flushed() {
    let encoders: [(&str, Encoder); 2] = [
        ("gzip", |to| {
            Box::new(flate2::write::GzEncoder::new(to, flate2::Compression::fast()))
        }),
        ("zstd", |to| Box::new(zstd::Encoder::new(to, 1).unwrap())),
    ];
    for (case, encoder) in encoders {
        let (reader, writer) = pipe().unwrap();
        let mut writer = encoder(writer);
        writer.write_all(&Pcap::USUAL.header()).unwrap();
        writer.write_all(&Pcap::USUAL.record(1, &[1; 60], 60)).unwrap();
        writer.flush().unwrap();
        let Opened::Packets(file) = open_source(Box::new(reader), "test").unwrap() else {
            panic!("{case}");
        };
        let mut frames = Frames::new(vec![*file]);
        assert_eq!(frames.next().unwrap().bytes, [1; 60], "{case}");
        writer.write_all(&Pcap::USUAL.record(2, &[2; 60], 60)).unwrap();
        writer.flush().unwrap();
        assert_eq!(frames.next().unwrap().bytes, [2; 60], "{case}");
    }
}
