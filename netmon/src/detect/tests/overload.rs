//! `overload`: far more queries than usual before the first failure.

use crate::model::{Cause, Likelihood};
use netmon_common::Rcode;

use super::causes::words;
use super::scenario::{A, Scenario};

/// A server that is asked so often in each minute, by counts, then fails in the next second.
fn loaded(minutes: &[u32], start: f64) -> Scenario {
    let mut scenario = Scenario::new();
    scenario.advance(start);
    let first = start.ceil();
    for (minute, queries) in (0_u32..).zip(minutes) {
        for second in 0..60_u32 {
            let share = queries / 60 + u32::from(second < queries % 60);
            scenario.counts(first + f64::from(minute * 60 + second), share, share, 0, 0);
        }
    }
    let minutes = u32::try_from(minutes.len()).unwrap();
    scenario.rejected(first + f64::from(minutes * 60));
    scenario
}

#[test]
fn overload_takes_4_times_the_median_of_3_full_minutes_and_100_a_second() {
    // Queries in each minute, the last of them before the failure; whether overload holds.
    let cases: [(&str, &[u32], f64, bool); 9] = [
        ("4 times the median", &[1500, 1500, 1500, 6000], 0.0, true),
        ("under 4 times", &[1501, 1501, 1501, 6000], 0.0, false),
        ("under 100 a second", &[1000, 1000, 1000, 5999], 0.0, false),
        ("only 2 earlier minutes", &[100, 100, 6000], 0.0, false),
        (
            "the first of 3 minutes was not full",
            &[100, 100, 100, 6000],
            0.5,
            true,
        ),
        ("one busy minute before", &[1000, 9000, 1000, 6000], 0.0, true),
        ("two busy minutes before", &[1000, 9000, 9000, 6000], 0.0, false),
        (
            "between two medians: 1500",
            &[1000, 1000, 2000, 2000, 6000],
            0.0,
            true,
        ),
        (
            "between two medians: 1501",
            &[1000, 1000, 2002, 2002, 6000],
            0.0,
            false,
        ),
    ];
    for (what, minutes, start, holds) in cases {
        let found = loaded(minutes, start).incident().causes;
        let expected: &[_] = if holds {
            &[
                (Cause::Overload, Likelihood::Likely),
                (Cause::ServiceDown, Likelihood::Likely),
            ]
        } else {
            &[(Cause::ServiceDown, Likelihood::Likely)]
        };
        assert_eq!(words(&found), expected, "{what}");
    }
}

#[test]
fn a_minute_that_was_not_watched_whole_is_not_full() {
    // When watching began; whether there are three full minutes before the last one, from 180 to 240.
    for (start, holds) in [(0.0, true), (0.5, false), (1.0, false)] {
        let mut scenario = Scenario::new();
        scenario.advance(start);
        for second in 1..240_u32 {
            let queries = if second < 180 { 1 } else { 200 };
            scenario.counts(f64::from(second), queries, queries, 0, 0);
        }
        scenario.rejected(240.0);
        let first = scenario.incident().causes[0].cause;
        assert_eq!(first == Cause::Overload, holds, "from {start}");
    }
}

#[test]
fn the_evidence_of_overload_cites_both_rates() {
    let found = loaded(&[1500, 1200, 1560, 9030], 0.0).incident().causes;
    assert_eq!(
        found[0].evidence,
        "150.5 queries a second in the minute before the first failure, against 25.0 in the median of 3 earlier \
         minutes: possibly a denial of service"
    );
}

#[test]
fn overload_is_judged_by_the_first_failure_and_for_every_kind() {
    let mut scenario = loaded(&[60, 60, 60, 6000], 0.0);
    for second in 300..2_000_u32 {
        scenario.rejected(f64::from(second));
    }
    assert_eq!(
        scenario.incident().causes[0].cause,
        Cause::Overload,
        "still, with {} queries",
        1_701
    );

    let mut scenario = Scenario::new();
    for second in 0..240_u32 {
        let (queries, answers) = if second < 180 { (1, 1) } else { (150, 0) };
        scenario.counts(f64::from(second), queries, answers, 0, 0);
    }
    for n in 0..20_u32 {
        scenario.asked(
            240.0 + f64::from(n) / 100.0,
            A,
            &format!("{n}.test"),
            Rcode::ServFail,
        );
    }
    scenario.advance(247.0);
    assert_eq!(
        words(&scenario.incident().causes),
        [
            (Cause::Overload, Likelihood::Likely),
            (Cause::ServerFailure, Likelihood::Likely)
        ]
    );
}
