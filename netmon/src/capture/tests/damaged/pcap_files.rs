//! pcap files.

use super::{HUGE, TOO_LONG, changed, check, packet, pcap};
use crate::capture::limits::PACKET_BYTES;
use netmon_testkit::captures::{Order, Pcap};

#[test]
fn what_cannot_be_read_of_pcap_is_told_with_its_place() {
    check(vec![
        (
            "cut in a packet",
            pcap()[..24 + 76 + 30].to_vec(),
            1,
            &[(
                "truncated_file",
                "test: byte 100: the file ends 30 bytes into packet 2",
            )],
        ),
        (
            "cut in its header",
            pcap()[..20].to_vec(),
            0,
            &[(
                "truncated_file",
                "test: byte 0: the file ends 20 bytes into the file's header",
            )],
        ),
        (
            "a packet of 4 GiB",
            changed(pcap(), 24 + 76 + 8, &HUGE),
            1,
            &[("wrong_length", "test: packet 2 at byte 100: 4294967295 bytes")],
        ),
        (
            "one byte more than the longest packet",
            Pcap::USUAL.file(&[(1, packet()), (2, vec![0; TOO_LONG])]),
            1,
            &[("wrong_length", "packet 2 at byte 100")],
        ),
        (
            "the longest packet",
            Pcap::USUAL.file(&[(1, packet()), (2, vec![0; PACKET_BYTES])]),
            2,
            &[],
        ),
        (
            "modified and big-endian",
            Pcap {
                order: Order::Big,
                magic: Pcap::MODIFIED,
                link: 1,
            }
            .file(&[(1, packet())]),
            0,
            &[("unreadable_file", "test: byte 0: the modified pcap format")],
        ),
        (
            "a link type that is not read",
            Pcap {
                link: 105,
                ..Pcap::USUAL
            }
            .file(&[(1, packet()), (2, packet())]),
            2,
            &[(
                "unknown_link_type",
                "packets of link type 105 are not read; they count as not_ip (and 1 more",
            )],
        ),
    ]);
}
