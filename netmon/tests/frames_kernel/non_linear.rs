//! Packets of which only a first part lies where a program can read it in place, as with large frames and
//! drivers that split headers from data.

use netmon::kernel::{HookChoice, Program};
use netmon_common::DnsPorts;
use netmon_testkit::frames::{Counted, table};

use crate::cable::{Cable, End, VirtioHeader, counted_when_arrived};
use crate::side::{Context, Side};
use crate::user_space::{self, difference};

/// The kernel wants at least an Ethernet header there.
const LEAST: usize = 14;

/// Wherever the linear part ends, in a header or between two: the program reads on behind it.
#[test]
#[ignore = "needs root: runs the programs"]
fn the_xdp_program_reads_headers_beyond_the_linear_part() {
    let mut side = Side::load_default();
    let mut expected = Counted::default();
    let mut ran = 0;
    for case in table() {
        if case.ports != [53] || case.frame.len() <= LEAST {
            continue;
        }
        // Ends in the middle of each kind of header: tags, addresses, ports, flags.
        for linear in [
            14, 15, 17, 18, 21, 22, 33, 34, 37, 42, 53, 54, 61, 62, 65, 70, 90, 120,
        ] {
            if linear >= case.frame.len() || is_too_small_for_a_buffer(&case.frame, linear) {
                continue;
            }
            let context = Context::Linear(u32::try_from(linear).unwrap());
            side.run(Program::Xdp, &case.frame, context);
            expected.expect(case.expect, case.frame.len());
            ran += 1;
        }
        let counted = side.counted();
        assert!(
            counted == expected,
            "{}: {}",
            case.name,
            difference(&counted, &expected)
        );
        side.failures();
    }
    println!("{ran} runs");
    assert!(ran > 3_000, "too few frames were run");
}

/// Where the IP packet ends with the linear part, the program takes this for the end of the frame: it would count too few
/// bytes if another buffer followed with bytes that belong to no packet. No driver's first buffer is that small.
fn is_too_small_for_a_buffer(frame: &[u8], linear: usize) -> bool {
    const LONGEST_PADDED: usize = 60;
    linear > LONGEST_PADDED && linear == user_space::ip_end(frame)
}

#[test]
#[ignore = "needs root: two namespaces and programs at their interfaces"]
fn the_tc_program_for_what_arrives_reads_headers_beyond_the_linear_part() {
    long_frames_are_read(End::Receiver(HookChoice::Tc));
}

#[test]
#[ignore = "needs root: two namespaces and programs at their interfaces"]
fn the_tc_program_for_what_leaves_reads_headers_beyond_the_linear_part() {
    long_frames_are_read(End::Sender);
}

/// The frames of the table with so many bytes behind them that the kernel keeps only the first of them in the
/// linear part. They then mean something else where a length is 0 or a header was missing: it is user space
/// that says what.
fn long_frames_are_read(end: End) {
    const LONGER_THAN_A_PAGE: usize = 5_000;
    let cable = Cable::new();
    let mut side = Side::load_default();
    cable.watch(&mut side, end);
    let socket = cable.socket(true);
    let mut expected = Counted::default();
    let mut ran = 0;
    for case in table() {
        if case.ports != [53] || !(LEAST..LONGER_THAN_A_PAGE).contains(&case.frame.len()) {
            continue;
        }
        let mut frame = case.frame;
        frame.resize(LONGER_THAN_A_PAGE, 0x35);
        for header_len in [14, 15, 18, 23, 34, 42, 54, 66] {
            let header = VirtioHeader {
                header_len,
                ..VirtioHeader::default()
            };
            socket.send(&header.before(&frame)).unwrap();
            user_space::count(&mut expected, &frame, &DnsPorts::DEFAULT);
            ran += 1;
        }
        let counted = counted_when_arrived(&mut side, &expected);
        assert!(
            counted == expected,
            "{}: {}",
            case.name,
            difference(&counted, &expected)
        );
        side.failures();
    }
    println!("{ran} frames");
    assert!(ran > 3_000, "too few frames were sent");
}
