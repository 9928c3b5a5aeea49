//! The table as a whole.

mod errors;
mod generations;

extern crate std;

use std::vec::Vec;
use std::{println, vec};

use super::*;
use crate::limits::{MOVED_MARKS, OLD_BUCKETS, YOUNG_BUCKETS};
use crate::{Address, Transport};

const SECOND: u64 = 1_000_000_000;

struct InMemory {
    young: Vec<Bucket>,
    old: Vec<Bucket>,
    moved: Vec<Shared<u32>>,
}

fn table() -> Table<InMemory> {
    let [young, old] = [YOUNG_BUCKETS, OLD_BUCKETS].map(|count| vec![Bucket::empty(); count as usize]);
    let moved = vec![Shared::new(0); MOVED_MARKS as usize];
    Table(InMemory { young, old, moved })
}

impl Memory for InMemory {
    fn young(&self, number: u32) -> Option<&Bucket> {
        self.young.get(number as usize)
    }

    fn old(&self, number: u32) -> Option<&Bucket> {
        self.old.get(number as usize)
    }

    fn moved(&self, number: u32) -> Option<&Shared<u32>> {
        self.moved.get(number as usize)
    }
}

/// Takes an answer at that time: the query's trace as it was, and when the queries were sent that it settles.
fn answer_at(table: &Table<InMemory>, flow: FlowHash, id: u16, now_ns: u64) -> (Option<Trace>, Vec<u64>) {
    let trace = table.answer(flow, Key::query(id), 0, now_ns);
    (trace, settled(table, flow, trace, now_ns))
}

fn settled(table: &Table<InMemory>, flow: FlowHash, trace: Option<Trace>, now_ns: u64) -> Vec<u64> {
    let Some(trace) = trace.filter(|trace| !trace.is_answered()) else {
        return Vec::new();
    };
    let mut settled = vec![trace.time_ns()];
    if trace.was_asked_before() {
        table.answer_earlier(flow, trace.key(), 0, now_ns, |trace| {
            settled.push(trace.time_ns());
        });
    }
    settled
}

fn answer(table: &Table<InMemory>, flow: FlowHash, id: u16) -> Option<Trace> {
    answer_at(table, flow, id, LATER).0
}

fn find(table: &Table<InMemory>, flow: FlowHash, id: u16) -> Option<Trace> {
    table.find(flow, Key::query(id), LATER)
}

/// The newest of a flow, whatever its id.
fn newest(table: &Table<InMemory>, flow: FlowHash) -> Option<Trace> {
    at(&table.0, table.0.newest(flow, LATER), LATER).map(|found| found.trace)
}

/// A moment after all that the tests do, and before anything is too old.
const LATER: u64 = 1_000;

fn flow(client: u32, client_port: u16) -> FlowHash {
    let flow = Flow {
        client: Address::v4(client.to_be_bytes()),
        server: Address::v4([203, 0, 113, 2]),
        client_port,
        server_port: 53,
        transport: Transport::Udp,
    };
    flow.hash(&Secret::expanded(3))
}

fn query(id: u16) -> Asked {
    Asked::query(id, true, 0)
}

fn time(trace: Option<Trace>) -> Option<u64> {
    trace.map(|trace| trace.time_ns())
}

#[test]
fn an_error_finds_the_query_that_it_quotes() {
    let table = table();
    assert!(!table.record(flow(1, 1_000), query(7), 5));
    assert_eq!(time(find(&table, flow(1, 1_000), 7)), Some(5));
    assert_eq!(time(newest(&table, flow(1, 1_000))), Some(5), "a short quote");
    assert_eq!(time(find(&table, flow(1, 1_000), 8)), None, "another id");
    assert_eq!(time(find(&table, flow(1, 1_001), 7)), None, "another port");
    assert_eq!(time(newest(&table, flow(2, 1_000))), None, "another client");
}

#[test]
fn an_empty_table_finds_nothing_even_for_a_fingerprint_of_zeros() {
    let table = table();
    for client in 0..1_000 {
        assert_eq!(find(&table, flow(client, 0), 0), None);
        assert_eq!(newest(&table, flow(client, 0)), None);
    }
}

#[test]
fn flags_of_the_query_are_kept() {
    let cases = [
        ("recursion desired", Asked::query(1, true, 0), Some(true)),
        ("iterative", Asked::query(1, false, 0), Some(false)),
        ("a SYN", Asked::CONNECT, None),
    ];
    for (case, asked, recursion_desired) in cases {
        let table = table();
        table.record(flow(1, 1), asked, 1);
        let trace = newest(&table, flow(1, 1)).unwrap();
        assert_eq!(trace.recursion_desired(), recursion_desired, "{case}");
    }
}

#[test]
fn only_the_first_answer_is_the_first() {
    let table = table();
    table.record(flow(1, 1), query(7), 10);
    assert_eq!(answer(&table, flow(1, 1), 8), None);
    let first = answer(&table, flow(1, 1), 7).unwrap();
    assert!(!first.is_answered() && first.time_ns() == 10);
    let second = answer(&table, flow(1, 1), 7).unwrap();
    assert!(second.is_answered() && second.time_ns() == 10);
}

#[test]
fn a_query_that_is_sent_again_has_the_time_of_its_newest_packet() {
    let table = table();
    table.record(flow(1, 1), query(7), 10);
    answer(&table, flow(1, 1), 7);
    table.record(flow(1, 1), query(7), 20);
    let trace = find(&table, flow(1, 1), 7).unwrap();
    assert!(trace.time_ns() == 20 && !trace.is_answered());
}

#[test]
fn queries_of_one_port_are_told_apart_by_id() {
    let table = table();
    for id in 0..100 {
        assert!(!table.record(flow(1, 1), query(id), 10 + u64::from(id)), "{id}");
    }
    for id in 0..100 {
        let found = find(&table, flow(1, 1), id);
        assert_eq!(time(found), Some(10 + u64::from(id)), "{id}");
    }
    assert_eq!(
        time(newest(&table, flow(1, 1))),
        Some(109),
        "without id: the newest"
    );
}

#[test]
fn a_syn_gives_way_to_the_query_behind_it() {
    let table = table();
    table.record(flow(1, 1), Asked::CONNECT, 10);
    assert_eq!(find(&table, flow(1, 1), 0), None, "a SYN has no id, not the id 0");
    assert!(!table.record(flow(1, 1), query(0), 20));
    assert_eq!(time(find(&table, flow(1, 1), 0)), Some(20));
}

/// The flow and the id of the query with this number.
type Sender = fn(u64) -> (FlowHash, u16);

/// Sends `rate` unanswered queries a second for `seconds`, and returns which share cannot be found at the end.
fn share_lost(rate: u64, seconds: u64, send: Sender) -> f64 {
    let table = table();
    let mut counted = 0_u32;
    for n in 0..rate * seconds {
        let (flow, id) = send(n);
        counted += u32::from(table.record(flow, query(id), 1 + n * (SECOND / rate)));
    }
    let lost = (0..rate * seconds)
        .filter(|n| {
            let (flow, id) = send(*n);
            find(&table, flow, id).is_none()
        })
        .count();
    assert_eq!(u64::from(counted), lost as u64, "every loss is counted");
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let share = lost as f64 / (rate * seconds) as f64;
    share
}

/// 256 clients that draw ports and ids as a program does that has its own generator of random numbers.
fn any_port(n: u64) -> (FlowHash, u16) {
    let mut x = n.wrapping_add(0x1234_5678).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 31)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let [port_high, port_low, id_high, id_low, client, ..] = (x ^ (x >> 29)).to_be_bytes();
    let port = u16::from_be_bytes([port_high, port_low]);
    (
        flow(u32::from(client), port),
        u16::from_be_bytes([id_high, id_low]),
    )
}

/// What dnsperf sends: one port, ids in a row.
fn one_port(n: u64) -> (FlowHash, u16) {
    let [.., high, low] = n.to_be_bytes();
    (flow(1, 4_000), u16::from_be_bytes([high, low]))
}

#[test]
fn less_than_one_trace_in_a_hundred_is_lost() {
    let cases: [(&str, u64, u64, Sender); 4] = [
        ("1,000 a second for 60 s, a new port each", 1_000, 60, any_port),
        ("10,000 a second for 5 s, a new port each", 10_000, 5, any_port),
        ("1,000 a second for 60 s from one port", 1_000, 60, one_port),
        ("10,000 a second for 5 s from one port", 10_000, 5, one_port),
    ];
    for (case, rate, seconds, send) in cases {
        let share = share_lost(rate, seconds, send);
        println!("{case}: {:.3} % lost", share * 100.0);
        assert!(share < 0.01, "{case}: {share}");
    }
}

/// Asks the same three times, and what one answer settles.
#[test]
fn one_answer_settles_all_that_was_sent_again_while_it_waited() {
    let flows = generations::neighbours(5);
    for others_come_between in [false, true] {
        let table = table();
        for sent in [10, 20, 30] {
            assert!(!table.record(flows[0], query(7), sent));
            if others_come_between {
                generations::displace(&table, &flows[1..], sent + 1);
            }
        }
        let (trace, mut settled) = answer_at(&table, flows[0], 7, 40);
        assert_eq!(time(trace), Some(30), "the newest");
        settled.sort_unstable();
        assert_eq!(settled, [10, 20, 30], "{others_come_between}");
        let (trace, settled) = answer_at(&table, flows[0], 7, 50);
        assert!(trace.unwrap().is_answered() && settled.is_empty(), "once");
    }
}

#[test]
fn a_query_with_the_same_id_after_an_answer_is_another_one() {
    let table = table();
    table.record(flow(1, 1), query(7), 10);
    answer(&table, flow(1, 1), 7);
    table.record(flow(1, 1), query(7), 20);
    assert_eq!(answer_at(&table, flow(1, 1), 7, 30).1, [20]);
}

const UNKNOWN: Quoted = Quoted {
    is_known: false,
    ..quoted(0)
};

const fn quoted(id: u16) -> Quoted {
    Quoted {
        key: Key::query(id),
        is_known: true,
        question: 0,
    }
}

#[test]
fn nothing_belongs_to_a_query_that_was_sent_a_minute_ago() {
    let table = table();
    table.record(flow(1, 1), query(7), SECOND);
    let late = SECOND + TRACE_LIFETIME_NS;
    assert_eq!(table.fail(flow(1, 1), UNKNOWN, late), None);
    assert_eq!(table.fail(flow(1, 1), quoted(7), late), None);
    assert_eq!(answer_at(&table, flow(1, 1), 7, late), (None, Vec::new()));
    assert_eq!(answer_at(&table, flow(1, 1), 7, late - 1).1, [SECOND]);
}

#[test]
fn over_tcp_what_acknowledges_the_newest_query_answers_it() {
    const NONE: [u64; 0] = [];
    let table = table();
    let ask = |id, acknowledgment| Asked::query(id, true, acknowledgment);
    let acknowledge = |number, now| {
        let trace = table.acknowledge(flow(1, 1), number, now);
        settled(&table, flow(1, 1), trace, now)
    };
    table.record(flow(1, 1), Asked::CONNECT, 5);
    assert_eq!(acknowledge(1, 6), NONE, "a SYN is not answered by data");
    table.record(flow(1, 1), ask(1, 0xffff_fff0), 10);
    assert_eq!(acknowledge(0xffff_ffef, 11), NONE, "it has not read all of it");
    assert_eq!(acknowledge(0xffff_fff0, 12), [10]);
    assert_eq!(acknowledge(0xffff_fff0, 13), NONE, "once");
    table.record(flow(1, 1), ask(2, 20), 20);
    assert_eq!(acknowledge(0xffff_fff0, 21), NONE, "more of the answer before");
    assert_eq!(acknowledge(25, 22), [20], "numbers come round");
}

#[test]
fn a_time_is_kept_exactly_until_three_days_are_over() {
    let table = table();
    let years = 3 * 365 * 86_400 * SECOND;
    for sent in [1, 12_345_678_987_654_321, years + 1] {
        table.record(flow(1, 1), query(7), sent);
        assert_eq!(answer_at(&table, flow(1, 1), 7, sent + 59 * SECOND).1, [sent]);
        let before = table.find(flow(1, 1), Key::query(7), sent - 1);
        assert_eq!(time(before), Some(sent), "another CPU's clock is behind");
    }
}

#[test]
fn of_whatever_age_up_to_three_days_only_a_query_of_the_last_minute_waits() {
    /// As many nanoseconds as a slot tells from each other: three days and six hours.
    const KEPT: u64 = 1 << 48;
    let ages = [
        (0, true),
        (59 * SECOND, true),
        (TRACE_LIFETIME_NS, false),
        (KEPT / 2 - SECOND, false),
        (KEPT / 2, false),
        (50 * 3_600 * SECOND, false),
        (KEPT - TRACE_LIFETIME_NS - 1, false),
    ];
    for sent in [1, KEPT - 1, 3 * 365 * 86_400 * SECOND] {
        for (age, waits) in ages {
            let (table, now) = (table(), sent + age);
            table.record(flow(1, 1), query(7), sent);
            let found = table.find(flow(1, 1), Key::query(7), now);
            assert_eq!(time(found), waits.then_some(sent), "{age}");
            let failed = table.fail(flow(1, 1), UNKNOWN, now);
            assert_eq!(time(failed), waits.then_some(sent), "{age}");
            let (trace, settled) = answer_at(&table, flow(1, 1), 7, now);
            assert_eq!(
                (trace.is_some(), settled.len()),
                (waits, usize::from(waits)),
                "{age}"
            );
        }
        // An old one makes room.
        for (age, waits) in ages {
            let (table, now) = (table(), sent + age);
            table.record(flow(1, 1), query(7), sent);
            table.record(flow(1, 1), query(7), now);
            let found = table.find(flow(1, 1), Key::query(7), now).unwrap();
            assert_eq!((found.time_ns(), found.was_asked_before()), (now, waits), "{age}");
        }
    }
}

#[test]
fn an_answer_to_another_question_answers_nothing() {
    let table = table();
    let (asked, other) = (7, 9);
    table.record(flow(1, 1_000), Asked::query(1, true, asked), 1);
    table.record(flow(1, 1_000), Asked::query(1, true, asked), 2);
    let answer = |question: u32| {
        let question = u16::try_from(question).unwrap();
        table.answer(flow(1, 1_000), Key::query(1), question, LATER)
    };
    assert_eq!(answer(other), None);
    let mut settled = 0;
    table.answer_earlier(flow(1, 1_000), Key::query(1), 9, LATER, |_| settled += 1);
    assert_eq!(settled, 0, "nor what was sent before");
    assert_eq!(answer(asked).map(|trace| trace.is_answered()), Some(false));
    table.answer_earlier(flow(1, 1_000), Key::query(1), 7, LATER, |_| settled += 1);
    assert_eq!(settled, 1);
    // What is not known fits any.
    table.record(flow(1, 1_001), Asked::query(1, true, 0), 1);
    let any = table.answer(flow(1, 1_001), Key::query(1), 9, LATER);
    assert!(any.is_some());
    table.record(flow(1, 1_002), Asked::query(1, true, asked), 1);
    let any = table.answer(flow(1, 1_002), Key::query(1), 0, LATER);
    assert!(any.is_some());
}
