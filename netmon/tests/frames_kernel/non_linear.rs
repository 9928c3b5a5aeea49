//! Packets of which only a first part lies where a program can read it in place, as with large frames and
//! drivers that split headers from data.

use netmon::kernel::Program;
use xtask::frames::{Counted, table};

use crate::side::{Context, Side};
use crate::user_space::difference;

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
            if linear >= case.frame.len() {
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
