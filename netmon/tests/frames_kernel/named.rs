//! The table of named frames, through each program.

use std::collections::BTreeMap;

use netmon::kernel::Program;
use netmon_common::{Address, DnsPorts, limits};
use netmon_testkit::frames::{Case, Counted, Expect, table};

use crate::kernel::lacks_xdp;
use crate::side::{Context, Failure, OF_FRAMES, REPORTED, Side, can_be_run};
use crate::user_space::{self, difference};

#[test]
#[ignore = "needs root: runs the programs"]
fn the_xdp_program_counts_every_named_frame_as_the_contract_says() {
    if !lacks_xdp() {
        every_frame_is_counted_as_expected(Program::Xdp);
    }
}

#[test]
#[ignore = "needs root: runs the programs"]
fn the_tc_program_for_what_arrives_counts_every_named_frame_as_the_contract_says() {
    every_frame_is_counted_as_expected(Program::Ingress);
}

#[test]
#[ignore = "needs root: runs the programs"]
fn the_tc_program_for_what_leaves_counts_every_named_frame_as_the_contract_says() {
    every_frame_is_counted_as_expected(Program::Egress);
}

fn every_frame_is_counted_as_expected(program: Program) {
    let mut by_ports: BTreeMap<&[u16], Vec<Case>> = BTreeMap::new();
    for case in table() {
        by_ports.entry(case.ports).or_default().push(case);
    }
    // Errors first: each is about a query that nobody saw, and is reported. Of several that quote one query only the first
    // one would be.
    for cases in by_ports.values_mut() {
        cases.sort_by_key(|case| !user_space::is_error(&case.frame, case.ports));
    }
    let (mut ran, mut left_out, mut failed) = (0, Vec::new(), Vec::new());
    for (ports, cases) in &by_ports {
        let ports = DnsPorts::new(ports).unwrap();
        let mut side = Side::load(ports, limits::DESTINATIONS);
        let (mut expected, mut reports) = (Counted::default(), 0);
        for case in cases {
            if !can_be_run(program, &case.frame) {
                left_out.push(&case.name);
                continue;
            }
            if reports == REPORTED {
                // One more might not be reported; a new one has reported none.
                side = Side::load(ports, limits::DESTINATIONS);
                (expected, reports) = (Counted::default(), 0);
            }
            side.run(program, &case.frame, Context::Plain);
            ran += 1;
            expected.expect(case.expect, case.frame.len());
            let counted = side.counted();
            if counted != expected {
                failed.push(format!("{}: {}", case.name, difference(&counted, &expected)));
                expected = counted;
            }
            let failures = side.failures();
            reports += failures.len();
            let reported = user_space::count(&mut Counted::default(), &case.frame, &ports);
            assert_eq!(failures, Vec::from_iter(reported), "{}", case.name);
            let server = match case.expect {
                Expect::DnsUnreachable(_, server, _) => Some(Address::from(server)),
                _ => None,
            };
            assert_eq!(failures.first().map(Failure::server), server, "{}", case.name);
        }
    }
    println!("{}: {ran} frames; cannot be run: {left_out:#?}", program.name());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    assert!(ran > 800, "too few frames were run");
}

/// Packets whose destination finds no place go to `overflow`, and nothing is lost.
#[test]
#[ignore = "needs root: runs the programs"]
fn a_full_table_of_destinations_counts_the_rest_as_overflow() {
    const ROOM: u32 = 4;
    const DESTINATIONS: u8 = 10;
    let plain = table()
        .into_iter()
        .find(|case| case.name == "a query over IPv4 without tags");
    let mut frame = plain.unwrap().frame;
    for program in OF_FRAMES {
        let mut side = Side::load(DnsPorts::DEFAULT, ROOM);
        for _ in 0..3 {
            for host in 0..DESTINATIONS {
                // The last byte of the destination address.
                frame[14 + 19] = host;
                side.run(program, &frame, Context::Plain);
            }
        }
        let counted = side.counted();
        let known = 3 * u64::from(ROOM);
        let all = 3 * u64::from(DESTINATIONS);
        assert_eq!(counted.destinations.len(), ROOM as usize, "{}", program.name());
        assert_eq!(counted.totals.overflow, all - known);
        assert_eq!(counted.totals.counted(), all);
        assert!(
            counted
                .destinations
                .values()
                .all(|counters| counters.dns_queries == 3)
        );
    }
}
