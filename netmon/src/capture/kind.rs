//! What kind of file this is, by its first bytes; its name says nothing.

/// How many bytes tell.
pub const MAGIC_LEN: usize = 4;

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// Compressed by gzip (RFC 1952 section 2.3.1).
    Gzip,
    /// Compressed by zstd (RFC 8878 sections 3.1.1 and 3.1.2: also a skippable frame may be first).
    Zstd,
    /// pcap, in either byte order, with microseconds or nanoseconds, or in Kuznetzov's modified form.
    Pcap,
    /// pcapng: a section header block.
    Pcapng,
    /// Text in two bytes a character, little-endian: what PowerShell writes.
    Utf16Le,
    /// The same, big-endian.
    Utf16Be,
    /// Anything else: perhaps text.
    Other,
}

impl FileKind {
    /// The kind of a file that starts with these bytes, at least [`MAGIC_LEN`] where it has as many.
    pub fn of(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, 8, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            [0x0a, 0x0d, 0x0d, 0x0a, ..] => Self::Pcapng,
            // With a mark, or by the zeros of two ASCII characters: no text and no other file here begins so.
            [0xff, 0xfe, ..] | [9..=0x7e, 0, 9..=0x7e, 0, ..] => Self::Utf16Le,
            [0xfe, 0xff, ..] | [0, 9..=0x7e, 0, 9..=0x7e, ..] => Self::Utf16Be,
            [a, b, c, d, ..] => match u32::from_le_bytes([*a, *b, *c, *d]) {
                0xa1b2_c3d4 | 0xd4c3_b2a1 | 0xa1b2_3c4d | 0x4d3c_b2a1 | 0xa1b2_cd34 | 0x34cd_b2a1 => {
                    Self::Pcap
                }
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_tell_the_kind() {
        let cases: &[(&str, &[u8], FileKind)] = &[
            ("nothing", b"", FileKind::Other),
            ("too little", b"\x0a\x0d\x0d", FileKind::Other),
            ("tcpdump's text", b"13:24:32.192571 IP", FileKind::Other),
            ("UTF-16 with a mark", b"\xff\xfe1\x00", FileKind::Utf16Le),
            (
                "UTF-16, big-endian, with a mark",
                b"\xfe\xff\x001",
                FileKind::Utf16Be,
            ),
            ("UTF-16", b"1\x003\x00", FileKind::Utf16Le),
            ("UTF-16, big-endian", b"\x001\x003", FileKind::Utf16Be),
            ("zeros", b"\x00\x00\x00\x00", FileKind::Other),
            ("gzip", b"\x1f\x8b\x08\x00", FileKind::Gzip),
            ("compress", b"\x1f\x9d\x90\x00", FileKind::Other),
            ("zstd", b"\x28\xb5\x2f\xfd\x00", FileKind::Zstd),
            (
                "zstd, a skippable frame first",
                b"\x53\x2a\x4d\x18",
                FileKind::Zstd,
            ),
            ("pcapng", b"\x0a\x0d\x0d\x0a", FileKind::Pcapng),
            ("pcap, little-endian", b"\xd4\xc3\xb2\xa1", FileKind::Pcap),
            ("pcap, big-endian", b"\xa1\xb2\xc3\xd4", FileKind::Pcap),
            ("pcap, nanoseconds", b"\x4d\x3c\xb2\xa1", FileKind::Pcap),
            (
                "pcap, nanoseconds, big-endian",
                b"\xa1\xb2\x3c\x4d",
                FileKind::Pcap,
            ),
            ("pcap, modified", b"\x34\xcd\xb2\xa1", FileKind::Pcap),
            ("pcap, modified, big-endian", b"\xa1\xb2\xcd\x34", FileKind::Pcap),
        ];
        for (case, start, kind) in cases {
            assert_eq!(FileKind::of(start), *kind, "{case}");
        }
    }
}
