//! Errors: which query each is about, and what it verifies.

use super::*;

#[test]
fn one_query_verifies_one_error() {
    let table = table();
    table.record(flow(1, 1), query(7), 10);
    let first = table.fail(flow(1, 1), quoted(7), 20).unwrap();
    assert!(!first.has_failed() && !first.is_answered());
    assert!(
        table.fail(flow(1, 1), quoted(7), 30).unwrap().has_failed(),
        "by id"
    );
    assert!(
        table.fail(flow(1, 1), UNKNOWN, 30).unwrap().has_failed(),
        "by flow"
    );
    table.record(flow(1, 1), query(7), 40);
    assert!(
        !table.fail(flow(1, 1), quoted(7), 50).unwrap().has_failed(),
        "sent again"
    );
}

#[test]
fn an_error_is_about_the_query_for_the_question_that_it_quotes() {
    let table = table();
    for (question, sent) in [(3, 10), (5, 20)] {
        table.record(flow(1, 1), Asked::query(7, true, question), sent);
    }
    let about = |question| Quoted {
        question,
        ..quoted(7)
    };
    for (question, sent) in [(3, 10), (5, 20)] {
        let failed = table.fail(flow(1, 1), about(question), 30).unwrap();
        assert!(!failed.has_failed() && failed.time_ns() == sent, "{question}");
    }
    assert_eq!(table.fail(flow(1, 1), about(9), 40), None);
}

/// As where a router has asked in vain for the server's hardware address, and gives all that waited for it back at once.
#[test]
fn each_time_that_a_query_was_sent_verifies_an_error_that_comes_later() {
    for of in [quoted(7), UNKNOWN] {
        let table = table();
        let times = [10, 20, 30, 40, 50];
        for sent in times {
            table.record(flow(1, 1), query(7), sent);
        }
        let mut failed: Vec<u64> = times
            .iter()
            .filter_map(|_| table.fail(flow(1, 1), of, 60))
            .filter(|trace| !trace.has_failed())
            .map(|trace| trace.time_ns())
            .collect();
        failed.sort_unstable();
        assert_eq!(failed, times, "{of:?}");
        let more = table.fail(flow(1, 1), of, 60);
        assert!(more.unwrap().has_failed(), "{of:?}");
    }
}

#[test]
fn an_answer_may_come_after_an_error_and_an_error_after_an_answer_verifies_nothing() {
    let table = table();
    table.record(flow(1, 1), query(7), 10);
    table.fail(flow(1, 1), UNKNOWN, 20);
    let (trace, settled) = answer_at(&table, flow(1, 1), 7, 30);
    assert!(trace.unwrap().has_failed());
    assert_eq!(settled, [10]);
    assert!(
        table.fail(flow(1, 1), UNKNOWN, 40).unwrap().is_answered(),
        "only the port was guessed"
    );
}
