//! pcapng files.

use super::{HUGE, ORDER, TOO_LONG, changed, check, packet, pcapng, whole};
use crate::capture::limits::INTERFACES;
use crate::capture::tests::read;
use netmon_testkit::captures::pcapng::{block, enhanced, interface, old_packet, section, simple};

#[test]
fn where_no_next_block_of_pcapng_can_be_found_the_file_ends() {
    check(vec![
        (
            "a section of no byte order",
            changed(pcapng(&[whole()]), 8, &[1, 2, 3, 4]),
            0,
            &[(
                "unreadable_file",
                "test: byte 0: a section whose byte order mark is [01, 02, 03, 04]",
            )],
        ),
        (
            "another version",
            changed(pcapng(&[whole()]), 12, &[9, 0]),
            0,
            &[("unreadable_file", "test: byte 0: version 9 of pcapng")],
        ),
        (
            "a section header that is too short",
            [
                &0x0a0d_0d0a_u32.to_le_bytes(),
                &24_u32.to_le_bytes(),
                &section(ORDER)[8..24],
            ]
            .concat(),
            0,
            &[("wrong_length", "no block of type 0xa0d0d0a has 24 bytes")],
        ),
        (
            "a block of 4 GiB",
            changed(
                pcapng(&[whole(), block(ORDER, 99, &[0; 8])]),
                48 + 92 + 4,
                &(u32::MAX - 3).to_le_bytes(),
            ),
            1,
            &[(
                "truncated_file",
                "the file ends inside a block of 4294967292 bytes",
            )],
        ),
        (
            "a packet of 4 GiB",
            changed(
                pcapng(&[whole(), whole()]),
                48 + 92 + 4,
                &(u32::MAX - 3).to_le_bytes(),
            ),
            1,
            &[
                (
                    "packet_too_long",
                    "test: packet 2 at byte 140: it has 4294967292 bytes",
                ),
                ("truncated_file", "the file ends inside a block"),
            ],
        ),
        (
            "a block of an odd length",
            changed(pcapng(&[whole(), whole()]), 48 + 92 + 4, &91_u32.to_le_bytes()),
            1,
            &[(
                "wrong_length",
                "test: byte 140: no block of type 0x6 has 91 bytes",
            )],
        ),
        (
            "a block that ends with another length",
            changed(pcapng(&[whole(), whole()]), 48 + 92 + 88, &88_u32.to_le_bytes()),
            1,
            &[(
                "wrong_length",
                "a block has 92 bytes by its start and 88 by its end",
            )],
        ),
        (
            "interfaces of an earlier section",
            pcapng(&[whole(), section(ORDER), whole()]),
            1,
            &[("unknown_interface", "interface 0 is not described")],
        ),
    ]);
}

#[test]
fn a_packet_of_pcapng_that_cannot_be_read_is_left_out_and_the_next_is_read() {
    check(vec![
        (
            "a packet that is longer than its block",
            changed(pcapng(&[whole(), whole()]), 48 + 20, &61_u32.to_le_bytes()),
            1,
            &[("wrong_length", "test: packet 1 at byte 48: the lengths inside it")],
        ),
        (
            "a packet of 4 GiB in a block of 92 bytes",
            changed(pcapng(&[whole(), whole()]), 48 + 20, &HUGE),
            1,
            &[("wrong_length", "test: packet 1 at byte 48: the lengths inside it")],
        ),
        (
            "an old packet that is longer than its block",
            changed(
                pcapng(&[old_packet(ORDER, 0, 5, &packet(), 60), whole()]),
                48 + 20,
                &HUGE,
            ),
            1,
            &[("wrong_length", "test: packet 1 at byte 48: the lengths inside it")],
        ),
        (
            "packets that are too long are left out, and the next is read",
            pcapng(&[
                enhanced(ORDER, 0, 5, &vec![0; TOO_LONG], 9),
                simple(ORDER, &vec![0; 1 << 20], 1 << 20),
                whole(),
            ]),
            1,
            &[(
                "packet_too_long",
                "it has 262145 bytes; longer ones than 262144 are left out (and 1 more",
            )],
        ),
        (
            "an interface that is not described",
            pcapng(&[enhanced(ORDER, 1, 5, &packet(), 60), whole()]),
            1,
            &[(
                "unknown_interface",
                "test: packet 1 at byte 48: interface 1 is not described",
            )],
        ),
        (
            "more interfaces than are kept",
            pcapng(&[
                vec![interface(ORDER, 1, 0, &[]); INTERFACES].concat(),
                enhanced(ORDER, u32::try_from(INTERFACES).unwrap(), 5, &packet(), 60),
                whole(),
            ]),
            1,
            &[
                ("too_many_interfaces", "more than 4096 interfaces"),
                ("unknown_interface", "interface 4096 is not described"),
            ],
        ),
        (
            "options that are garbage",
            pcapng(&[
                interface(ORDER, 1, 0, &[(9, b""), (14, b"abc"), (9, b"\xff")]),
                whole(),
            ]),
            1,
            &[],
        ),
    ]);
}

#[test]
fn a_packet_that_is_left_out_keeps_its_number() {
    let (packets, _) = read(pcapng(&[
        whole(),
        enhanced(ORDER, 9, 5, &packet(), 60),
        simple(ORDER, &vec![0; 1 << 20], 1 << 20),
        whole(),
    ]));
    let numbers: Vec<_> = packets.iter().map(|packet| packet.number).collect();
    assert_eq!(numbers, [1, 4], "2 and 3 were left out");
}
