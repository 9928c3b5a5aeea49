//! The ledger: what replaces what, where a span is cut, and what is kept.

use super::*;

fn counts(asked: u32, answered: u32) -> Counts {
    Counts {
        asked,
        answered,
        ..Counts::default()
    }
}

#[test]
fn what_is_reported_of_a_second_replaces_what_was_known_of_it() {
    let mut ledger = Ledger::default();
    for (asked, answered, new) in [(3, 0, (3, 0)), (5, 2, (2, 2)), (5, 2, (0, 0)), (5, 4, (0, 2))] {
        let news = ledger.set(7, false, counts(asked, answered));
        assert_eq!((news.asked, news.answered), new);
    }
    assert_eq!((ledger.since(0).queries, ledger.since(0).answers), (5, 4));
    ledger.set(7, true, counts(1, 1));
    assert_eq!((ledger.since(0).queries, ledger.since(0).silent()), (6, 1));
}

#[test]
fn only_so_many_seconds_and_exact_times_are_kept_and_quiet_ones_take_no_place() {
    let mut ledger = Ledger::default();
    for second in 0..10_000 {
        while ledger.leaving(second * 60).is_some() {
            ledger.leave();
        }
        ledger.set(second * 60, false, counts(3, 0));
        for _ in 0..9 {
            ledger.note_query(Time::at_second(second * 60));
        }
    }
    assert_eq!((ledger.seconds.len(), ledger.exact.len()), (SECONDS, EXACT_TIMES));
    assert_eq!(ledger.since(0).queries, 3 * SECONDS as u64);
}
