//! The first witness: user space's build of the parser, over the table of named frames and over any bytes.
//! The kernel's build is in `frames_kernel.rs`.

use std::collections::BTreeSet;

use netmon_common::wire::{Fault, Header};
use netmon_common::{DnsPorts, Offload, Outcome};
use netmon_testkit::frames::mutate::{Mutator, originals};
use netmon_testkit::frames::{Expect, laws, table};
use proptest::prelude::*;

/// Frames as they come over the cable, with nothing taken off and nothing merged.
const AS_SENT: Offload = Offload {
    tags_removed: 0,
    segment_size: 0,
};

#[test]
fn every_frame_of_the_table_is_counted_as_the_contract_says() {
    let mut failed = Vec::new();
    for case in table() {
        let ports = DnsPorts::new(case.ports).unwrap();
        let (classified, counted) = laws::check(&case.frame, case.frame.len(), AS_SENT, &ports);
        if counted != case.expect.counts(case.frame.len()) {
            failed.push(format!(
                "{}: expected {:?}, found {classified:?}",
                case.name, case.expect
            ));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn every_frame_of_the_table_cut_by_any_snap_length_is_the_same_or_truncated() {
    for case in table() {
        let ports = DnsPorts::new(case.ports).unwrap();
        for snap in 0..case.frame.len() {
            laws::check_cut(&case.frame, snap, AS_SENT, &ports);
        }
    }
}

/// An option says nothing about whom the quoted packet was for, but it is part of a header that the packet has.
#[test]
fn a_quote_whose_options_were_cut_off_is_truncated() {
    const OPTIONS: usize = 14 + 20 + 8 + 20;
    let name = "a quote with all options and no ports";
    let case = table().into_iter().find(|case| case.name == name).unwrap();
    let outcome = |snap: usize| {
        let (cut, _) = laws::check(&case.frame[..snap], case.frame.len(), AS_SENT, &DnsPorts::DEFAULT);
        cut.meaning.outcome()
    };
    assert_eq!(case.frame.len(), OPTIONS + 40);
    assert_eq!(outcome(OPTIONS + 40), Outcome::IcmpUnreachable);
    for snap in OPTIONS..OPTIONS + 40 {
        assert_eq!(outcome(snap), Outcome::Truncated, "{snap} bytes");
    }
}

/// A tag that the kernel took off counts as one of the two that are read.
#[test]
fn a_tag_that_was_taken_off_leaves_room_for_one_in_the_frame() {
    const ONE_TAKEN_OFF: Offload = Offload {
        tags_removed: 1,
        segment_size: 0,
    };
    let outcome = |name: &str| {
        let case = table().into_iter().find(|case| case.name == name).unwrap();
        let (classified, _) = laws::check(&case.frame, case.frame.len(), ONE_TAKEN_OFF, &DnsPorts::DEFAULT);
        classified.meaning.outcome()
    };
    assert_eq!(outcome("a query over IPv4 without tags"), Outcome::DnsQuery);
    assert_eq!(outcome("one 802.1Q tag"), Outcome::DnsQuery);
    assert_eq!(outcome("two 802.1Q tags"), Outcome::NotIp);
}

/// The table would prove little if it left anything out.
#[test]
fn the_table_has_every_outcome_and_every_way_to_be_malformed() {
    let cases = table();
    let outcomes: BTreeSet<_> = cases.iter().map(|case| case.expect.outcome() as u8).collect();
    let missing = |outcome: &Outcome| !outcomes.contains(&(*outcome as u8));
    let missing: Vec<_> = Outcome::ALL.into_iter().filter(missing).collect();
    // What is not cut cannot be truncated: that is for the snap lengths above. Whom a frame is for says the interface.
    assert_eq!(missing, [Outcome::Truncated, Outcome::NotOurs]);

    // These have no value that cannot be.
    let never_wrong = [Header::Link, Header::Vlan, Header::Icmp, Header::Dns];
    for header in Header::ALL {
        for fault in [Fault::Short, Fault::Wrong] {
            let there = cases
                .iter()
                .any(|case| case.expect == Expect::Malformed(header, fault));
            let possible = fault == Fault::Short || !never_wrong.contains(&header);
            assert_eq!(there, possible, "{} {}", header.name(), fault.name());
        }
    }
}

/// Any offload that a hook can report, and some that none does.
fn offload() -> impl Strategy<Value = Offload> {
    let segment_size = prop_oneof![Just(0), 0..2_000_u32];
    (0..=2_u8, segment_size).prop_map(|(tags_removed, segment_size)| Offload {
        tags_removed,
        segment_size,
    })
}

fn ports() -> impl Strategy<Value = DnsPorts> {
    prop_oneof![
        Just(DnsPorts::DEFAULT),
        prop::collection::vec(1..=u16::MAX, 1..=8).prop_filter_map("no ports", |ports| DnsPorts::new(&ports)),
    ]
}

/// Longer frames are not mutated: they are long only for being long.
const LONGEST: usize = 3_000;

thread_local! {
    /// Made once: that takes longer than reading a frame.
    static ORIGINALS: Vec<Vec<u8>> = originals(&table(), LONGEST);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn any_bytes_have_exactly_one_outcome(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        beyond in prop_oneof![Just(0_usize), 0..70_000_usize],
        offload in offload(),
        ports in ports(),
    ) {
        laws::check(&bytes, bytes.len() + beyond, offload, &ports);
    }

    #[test]
    fn a_mutated_frame_has_exactly_one_outcome_and_cutting_it_changes_nothing_else(
        seed in any::<u64>(),
        snap in 0..400_usize,
        offload in offload(),
        ports in ports(),
    ) {
        let frame = ORIGINALS.with(|originals| Mutator::new(seed, originals, LONGEST).frame());
        laws::check_cut(&frame, snap, offload, &ports);
    }
}
