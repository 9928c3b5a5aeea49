//! Compressed files, and what is no capture at all.

use std::io::Cursor;

use super::{check, pcap};
use crate::capture::tests::compress::{gzip, zstd};
use crate::capture::{Opened, open_source};

#[test]
fn what_cannot_be_decompressed_is_told_with_its_place() {
    check(vec![
        (
            "gzip, cut",
            {
                // The checksum and the length at its end are missing.
                let file = gzip(&pcap());
                file[..file.len() - 8].to_vec()
            },
            3,
            &[(
                "truncated_file",
                "test (decompressed): byte 252: the compressed file ends 0 bytes into packet 4",
            )],
        ),
        (
            "gzip, garbage behind it",
            [gzip(&pcap()), b"this starts no member".to_vec()].concat(),
            3,
            &[(
                "read_error",
                "test (decompressed): byte 252: reading failed 0 bytes into packet 4",
            )],
        ),
        (
            "zstd, cut",
            {
                let frames = [zstd(&pcap()[..110]), zstd(&pcap()[110..])].concat();
                frames[..frames.len() - 1].to_vec()
            },
            1,
            &[(
                "truncated_file",
                "test (decompressed): byte 100: the compressed file ends 10 bytes into packet 2",
            )],
        ),
    ]);
}

/// What a source turns out to be, in a word.
fn kind(bytes: Vec<u8>) -> String {
    match open_source(Box::new(Cursor::new(bytes)), "test").unwrap() {
        Opened::Packets(_) => "packets".into(),
        Opened::Text(mut text) => {
            let mut all = String::new();
            text.read_to_string(&mut all).unwrap();
            format!("text {all}")
        }
        Opened::Unreadable(warning) => format!("{}: {}", warning.warning.name(), warning.message),
    }
}

#[test]
fn what_is_no_capture_is_handed_on_or_told() {
    let twice = gzip(&gzip(&pcap()));
    // A zstd frame that asks for a window of 128 MiB, as `zstd --long` makes it.
    let window_of_128_mib = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 17 << 3, 0x01, 0x00, 0x00];
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", vec![], "text "),
        ("two bytes", b"ab".to_vec(), "text ab"),
        ("text", b"13:24:32.1 IP".to_vec(), "text 13:24:32.1 IP"),
        ("compressed text", gzip(b"13:24:32.1 IP"), "text 13:24:32.1 IP"),
        ("compressed nothing", zstd(b""), "text "),
        (
            "compressed twice",
            twice,
            "unreadable_file: test (decompressed): byte 0: it is compressed once more",
        ),
        (
            "zstd, cut at once",
            zstd(&pcap())[..10].to_vec(),
            "truncated_file: test (decompressed): byte 0: the compressed file ends before anything",
        ),
        (
            "gzip, garbage behind its magic",
            b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xff\xff\xff\xff".to_vec(),
            "unreadable_file: test (decompressed): byte 0: it cannot be decompressed",
        ),
        (
            "zstd, a window larger than any decoder must have",
            window_of_128_mib,
            "unreadable_file: test (decompressed): byte 0: it cannot be decompressed: Frame requires too much memory",
        ),
    ];
    for (case, bytes, expected) in cases {
        let kind = kind(bytes);
        assert!(kind.starts_with(expected), "{case}: {kind}");
    }
}
