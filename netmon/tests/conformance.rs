//! What netmon reads is what others read: the XDP program over all public captures, and tshark over those of them
//! that have something to say, over the table of named frames, and over mutated and cut ones.
//!
//! All public captures and all witnesses: `cargo xtask conformance`. tshark takes a fifth of a second to start, for
//! each file, which is too much for a test over all of them.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

#[path = "../examples/conformance/comparison/mod.rs"]
mod comparison;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::tz::TimeZone;
use netmon::analyze::{Options, analyze};
use netmon::detect::{Scope, Thresholds};
use netmon::model::Names;
use netmon_common::{DnsPorts, Outcome};
use netmon_testkit::captures::Pcap;
use netmon_testkit::frames::mutate::{Mutator, originals};
use netmon_testkit::frames::table;
use tempfile::TempDir;

use comparison::{Comparison, Witnesses, compare};

const XDP: Witnesses = Witnesses {
    xdp: true,
    tshark: false,
};
const TSHARK: Witnesses = Witnesses {
    xdp: false,
    tshark: true,
};

/// The public captures; says so where there are none.
fn captures() -> Option<PathBuf> {
    let folder = std::env::var_os("NETMON_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    println!("SKIPPED: there are no captures in {}", folder.display());
    None
}

/// Whether there is a tshark; says so where there is none.
fn has_tshark() -> bool {
    let is_there = Command::new("tshark").arg("--version").output().is_ok();
    if !is_there {
        println!("SKIPPED: tshark is not installed; `cargo xtask setup test` installs it");
    }
    is_there
}

#[track_caller]
fn assert_agreed(comparison: &Comparison) {
    println!("{comparison}");
    assert!(comparison.is_clean(), "{comparison}");
}

#[test]
#[ignore = "needs root: runs the programs"]
fn every_frame_of_the_public_captures_is_the_same_to_the_xdp_program() {
    let Some(folder) = captures() else { return };
    let comparison = compare(&folder, XDP).unwrap();
    assert_agreed(&comparison);
    assert_eq!(comparison.differences().count(), 0, "{comparison}");
    assert!(comparison.run * 10 > comparison.frames * 9, "{comparison}");
}

/// Captures in which all is `not_ip` or `other` are left out: most of them.
#[test]
fn public_captures_that_have_something_to_say_are_the_same_to_tshark() {
    let Some(folder) = captures() else { return };
    if !has_tshark() {
        return;
    }
    let chosen = TempDir::new().unwrap();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if has_something_to_say(&path) {
            let name = path.file_name().unwrap();
            symlink(path.canonicalize().unwrap(), chosen.path().join(name)).unwrap();
        }
    }
    let comparison = compare(chosen.path(), TSHARK).unwrap();
    assert_agreed(&comparison);
    let unknown = comparison.silences().find(|silence| silence.known.is_none());
    assert_eq!(
        unknown, None,
        "tshark is silent, and docs/conformance.md does not say why"
    );
    assert!(comparison.told > 0);
}

fn has_something_to_say(path: &Path) -> bool {
    let options = Options {
        files: vec![path.to_owned()],
        ports: DnsPorts::DEFAULT,
        scope: Scope::default(),
        thresholds: Thresholds::default(),
        local: Vec::new(),
        date: None,
        zone: TimeZone::UTC,
        zone_is_assumed: false,
        names: Names::default(),
        via_kernel: false,
    };
    let totals = analyze(&options).unwrap().document.totals;
    totals.counters.frames > totals.outcome(Outcome::NotIp) + totals.outcome(Outcome::Other)
}

/// A capture of these frames, of which so many bytes were captured.
fn capture<'a>(frames: impl IntoIterator<Item = (&'a [u8], usize)>) -> Vec<u8> {
    let records = frames.into_iter().map(|(frame, snap)| {
        let captured = frame.get(..snap).unwrap_or(frame);
        Pcap::USUAL.record(0, captured, frame.len())
    });
    let records: Vec<_> = records.collect();
    [Pcap::USUAL.header(), records.concat()].concat()
}

/// How many frames are mutated.
const MUTATED: usize = 20_000;
/// Longer ones are not: they are long only for being long.
const LONGEST: usize = 3_000;
/// Any seed would do.
const SEED: u64 = 53;

#[test]
fn named_mutated_and_cut_frames_are_the_same_to_tshark() {
    if !has_tshark() {
        return;
    }
    let folder = TempDir::new().unwrap();
    let write = |name: &str, capture: Vec<u8>| fs::write(folder.path().join(name), capture).unwrap();
    // tshark takes port 53 for DNS, whatever netmon is told.
    let named: Vec<_> = table().into_iter().filter(|case| case.ports == [53]).collect();
    let frames = || named.iter().map(|case| case.frame.as_slice());
    write("named.pcap", capture(frames().map(|frame| (frame, frame.len()))));

    let originals = originals(&named, LONGEST);
    let mut mutator = Mutator::new(SEED, &originals, LONGEST);
    let mutated: Vec<_> = (0..MUTATED).map(|_| mutator.frame()).collect();
    let mutated = || mutated.iter().map(Vec::as_slice);
    write(
        "mutated.pcap",
        capture(mutated().map(|frame| (frame, frame.len()))),
    );

    // All places come up, because lengths differ.
    let cut = mutated().enumerate().map(|(n, frame)| (frame, n % frame.len()));
    write("cut.pcap", capture(cut));

    let comparison = compare(folder.path(), TSHARK).unwrap();
    assert_agreed(&comparison);
    assert_eq!(comparison.frames, named.len() + 2 * MUTATED);
    // tshark gives up where options inside headers are wrong, which netmon does not look at.
    assert!(
        comparison.silences().count() * 100 < comparison.frames,
        "{comparison}"
    );
}
