//! Random and mutated frames: the kernel counts and reports what user space does.

use netmon_common::DnsPorts;
use netmon_testkit::frames::mutate::{Mutator, originals};
use netmon_testkit::frames::{Counted, table};

use crate::side::{Context, Hex, OF_FRAMES, Side, can_be_run};
use crate::user_space::{self, difference};

/// After how many of them the counters are compared.
const CHUNK: usize = 400;
/// Room for every address that mutations make.
const DESTINATIONS: u32 = 1 << 17;
/// What fits into the page that the kernel runs TC programs over.
const LONGEST: usize = 3_000;

/// Other ports than usual, that the frames of the table have too.
const PORTS: [u16; 3] = [53, 5_353, 65_535];

/// Runs each program over so many frames; they pass it unchanged, it counts what user space does, and meets each outcome so often at
/// `least`.
pub fn each_program_agrees(seed: u64, count: usize, least: u64) {
    let ports = DnsPorts::new(&PORTS).unwrap();
    let mut side = Side::load(ports, DESTINATIONS);
    let originals = originals(&table(), LONGEST);
    let mut mutator = Mutator::new(seed, &originals, LONGEST);
    let mut expected = Counted::default();
    for _ in 0..count / CHUNK {
        let frames: Vec<Vec<u8>> = (0..CHUNK)
            .map(|_| mutator.frame())
            .filter(|frame| !user_space::is_undecided(frame, &ports))
            .collect();
        let before = expected.clone();
        let agreed = agree(&mut side, &frames, &ports, &mut expected);
        if let Err(difference) = agreed {
            find_culprit(&frames, &ports);
            panic!("no single frame differs, but together they do: {difference}; before: {before:?}");
        }
    }
    println!(
        "{count} frames through each of three programs, {} destinations: {:?}",
        expected.destinations.len(),
        expected.totals
    );
    let missing: Vec<_> = expected
        .totals
        .outcomes
        .iter()
        .filter(|met| **met < least)
        .collect();
    // Nothing is truncated in the kernel, and here all frames are this host's. Every other outcome must have been met, often.
    assert_eq!(missing, [&0, &0]);
}

/// Runs all programs over the frames, and user space as often.
fn agree(
    side: &mut Side,
    frames: &[Vec<u8>],
    ports: &DnsPorts,
    expected: &mut Counted,
) -> Result<(), String> {
    let mut reported = Vec::new();
    for frame in frames {
        for program in OF_FRAMES
            .into_iter()
            .filter(|program| can_be_run(*program, frame))
        {
            side.run(program, frame, Context::Plain);
            reported.extend(user_space::count(expected, frame, ports));
        }
    }
    // Not all are reported, but those in order, and each as user space reads it.
    let mut reported = reported.iter();
    for failure in side.failures() {
        if !reported.any(|expected| *expected == failure) {
            return Err(format!("this is reported, and not expected: {failure:?}"));
        }
    }
    let counted = side.counted();
    if counted == *expected {
        Ok(())
    } else {
        Err(difference(&counted, expected))
    }
}

/// Dies of the first of the frames over which one of the programs disagrees.
fn find_culprit(frames: &[Vec<u8>], ports: &DnsPorts) {
    let mut side = Side::load(*ports, DESTINATIONS);
    for program in OF_FRAMES {
        for frame in frames.iter().filter(|frame| can_be_run(program, frame)) {
            let before = side.counted();
            side.run(program, frame, Context::Plain);
            let mut expected = before.clone();
            let reported = Vec::from_iter(user_space::count(&mut expected, frame, ports));
            let counted = side.counted();
            let failures = side.failures();
            assert!(
                counted == expected && (failures == reported || failures.is_empty()),
                "{} disagrees over {}: {}; reported {failures:?}, expected {reported:?}",
                program.name(),
                Hex(frame),
                difference(&counted, &expected)
            );
        }
    }
}
