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
    for second in 0..1_000 {
        while ledger.leaving(second * 60).is_some() {
            ledger.leave();
        }
        ledger.set(second * 60, false, counts(3, 0));
        for _ in 0..130 {
            ledger.note_query(Time::at_second(second * 60));
        }
    }
    assert_eq!((ledger.seconds.len(), ledger.exact.len()), (SECONDS, EXACT_TIMES));
    assert_eq!(ledger.since(0).queries, 3 * SECONDS as u64);
}

#[test]
fn a_query_that_is_known_after_the_answer_to_a_later_one_lies_before_it() {
    let at = |millis: u64| Time::from_nanos(millis * 1_000_000);
    let mut ledger = Ledger::default();
    ledger.set(7, false, counts(1, 0));
    ledger.note_query(at(7_100));
    ledger.note_answer(at(7_300));
    ledger.note_query(at(7_200));
    // What the kernel counts may lag behind what it reports at once.
    let before = ledger.cut_answered(at(7_350), false).before;
    assert_eq!((before.queries, before.answers), (3, 1));
}

#[test]
fn answers_that_were_only_counted_are_to_the_queries_before_an_outage() {
    let at = |millis: u64| Time::from_nanos(millis * 1_000_000);
    let mut ledger = Ledger::default();
    for millis in [7_100, 7_200, 7_300, 7_400] {
        ledger.note_query(at(millis));
    }
    ledger.note_answer(at(7_100));
    // The kernel told of each query, and of one answer of three.
    ledger.set(7, false, counts(4, 3));
    let began = ledger.cut(at(7_400));
    assert_eq!((began.before.queries, began.before.answers), (3, 3));
    // Two more were asked and answered of which it told nothing.
    ledger.set(7, false, counts(6, 5));
    let before = ledger.cut(at(7_400)).before;
    assert_eq!((before.queries, before.answers), (5, 5));
    // The server answers again within the second.
    ledger.note_query(at(7_900));
    ledger.note_answer(at(7_900));
    ledger.set(7, false, counts(5, 4));
    let ended = ledger.cut_answered(at(7_950), false).before;
    assert_eq!((ended.queries, ended.answers), (5, 4));
}

#[test]
fn after_a_silence_the_answers_of_the_second_are_to_the_first_answered_query_and_later_ones() {
    let at = |millis: u64| Time::from_nanos(millis * 1_000_000);
    let mut ledger = Ledger::default();
    // Four that fail, and six at once that are answered, of which one is told of.
    ledger.set(7, false, counts(10, 6));
    ledger.note_answer(at(7_500));
    let before = ledger.cut_answered(at(7_550), true).before;
    assert_eq!((before.queries, before.answers), (5, 1));
    // An answer to an earlier query is known.
    ledger.note_answer(at(7_100));
    let before = ledger.cut_answered(at(7_550), true).before;
    assert_eq!((before.queries, before.answers), (6, 2));
    // All are known by their time, and some wait for their answer.
    for millis in [7_600, 7_700] {
        ledger.note_query(at(millis));
    }
    ledger.set(7, false, counts(5, 2));
    let before = ledger.cut_answered(at(7_550), true).before;
    assert_eq!((before.queries, before.answers), (3, 2));
}

#[test]
fn what_does_not_count_is_left_out_once_and_counts_when_it_is_answered() {
    let at = |millis: u64| Time::from_nanos(millis * 1_000_000);
    let mut ledger = Ledger::default();
    ledger.set(7, false, counts(3, 0));
    ledger.note_query(at(7_100));
    ledger.leave_out(at(7_100), false);
    assert_eq!((ledger.since(0).queries, ledger.exact.len()), (2, 0));
    ledger.set(
        7,
        false,
        Counts {
            failed: 2,
            ..counts(3, 0)
        },
    );
    for _ in 0..2 {
        ledger.leave_out(at(7_100), true);
        let flow = ledger.since(0);
        assert_eq!((flow.queries, flow.failed, flow.silent()), (2, 1, 1));
    }
    // One that was not seen when it was sent.
    ledger.leave_out(at(7_200), true);
    let flow = ledger.since(0);
    assert_eq!((flow.queries, flow.failed), (1, 0));
    ledger.set(
        7,
        false,
        Counts {
            failed: 1,
            ..counts(3, 1)
        },
    );
    ledger.note_answer(at(7_100));
    let flow = ledger.since(0);
    assert_eq!((flow.queries, flow.answers, flow.failed), (2, 1, 0));
}

#[test]
fn a_second_whose_queries_are_told_before_they_are_counted_makes_no_more_seconds_be_kept() {
    let mut ledger = Ledger::default();
    for second in 0..1_000 {
        ledger.note_query(Time::at_second(second));
        while ledger.leaving(second).is_some() {
            ledger.leave();
        }
        ledger.set(second, false, counts(1, 0));
    }
    assert_eq!((ledger.seconds.len(), ledger.exact.len()), (SECONDS, SECONDS));
}
