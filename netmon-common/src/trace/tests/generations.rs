//! What moves from the young to the old, and that it is found there.

use std::collections::HashMap;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::limits::TRACE_LIFETIME_NS;

/// Slots of a bucket.
const SLOTS: usize = 4;

/// Flows that share a bucket among the young, and, where `home` says so, also among the old.
fn flows_at(young: u32, home: Option<u32>, count: usize) -> Vec<FlowHash> {
    (0..)
        .map(|client| flow(client, 9))
        .filter(|flow| flow.young() == young && home.is_none_or(|home| flow.home() == home))
        .take(count)
        .collect()
}

/// Flows that share a bucket of the young only.
pub(super) fn neighbours(count: usize) -> Vec<FlowHash> {
    let mut homes = Vec::new();
    let mut flows = flows_at(77, None, 2 * count);
    flows.retain(|flow| {
        let is_new = !homes.contains(&flow.home());
        homes.push(flow.home());
        is_new
    });
    flows.truncate(count);
    assert_eq!(flows.len(), count);
    flows
}

/// A table in which `flow` recorded `asked`, and the others of its young bucket came after it.
fn displaced(flow: FlowHash, asked: Asked, others: &[FlowHash]) -> Table<InMemory> {
    let table = table();
    assert!(!table.record(flow, asked, 10));
    displace(&table, others, 20);
    assert_eq!(of_young(&table, flow), None, "it made room");
    table
}

/// As many queries as the bucket has slots, each of another flow.
pub(super) fn displace(table: &Table<InMemory>, others: &[FlowHash], now_ns: u64) {
    assert_eq!(others.len(), SLOTS);
    for (n, other) in (0..).zip(others) {
        assert!(!table.record(*other, query(99), now_ns + n), "nothing is lost");
    }
}

fn of_young(table: &Table<InMemory>, flow: FlowHash) -> Option<Trace> {
    let bucket = table.0.young(flow.young()).unwrap();
    bucket.at(bucket.of(flow), LATER).map(|found| found.trace)
}

#[test]
fn a_trace_and_the_number_of_its_young_bucket_tell_all_of_its_flow() {
    for client in 0..1_000 {
        let flow = flow(client, 9);
        assert_eq!(Trace::new(flow, query(7), 1).flow(flow.young()), flow);
    }
}

#[test]
fn a_query_that_made_room_is_found_as_before() {
    let flows = neighbours(5);
    let table = displaced(flows[0], query(7), &flows[1..]);
    assert_eq!(time(find(&table, flows[0], 7)), Some(10));
    assert_eq!(time(newest(&table, flows[0])), Some(10), "a short quote");
    assert_eq!(find(&table, flows[0], 8), None, "another id");
    let first = answer(&table, flows[0], 7).unwrap();
    assert!(!first.is_answered() && first.time_ns() == 10);
    assert!(answer(&table, flows[0], 7).unwrap().is_answered(), "once only");
    for (n, other) in (20..).zip(&flows[1..]) {
        assert_eq!(time(find(&table, *other, 99)), Some(n), "the others stay");
    }
}

#[test]
fn a_syn_that_made_room_is_found_by_its_flow_only() {
    let flows = neighbours(5);
    let table = displaced(flows[0], Asked::CONNECT, &flows[1..]);
    let syn = newest(&table, flows[0]).unwrap();
    assert_eq!((syn.time_ns(), syn.recursion_desired()), (10, None));
    assert_eq!(find(&table, flows[0], 0), None);
}

#[test]
fn the_newest_of_a_flow_is_the_newest_in_either_generation() {
    let flows = neighbours(5);
    let table = displaced(flows[0], query(1), &flows[1..]);
    assert!(!table.record(flows[0], query(2), 30));
    let (last, older) = (Some(30), Some(10));
    for generation in ["young", "old"] {
        assert_eq!(time(newest(&table, flows[0])), last, "{generation}");
        assert_eq!(time(find(&table, flows[0], 2)), last, "{generation}");
        assert_eq!(time(find(&table, flows[0], 1)), older, "{generation}");
        displace(&table, &flows[1..], 40);
        displace(&table, &flows[1..], 50);
    }
}

#[test]
fn a_query_sent_again_after_it_made_room_has_its_newest_time_and_is_answered_once() {
    let flows = neighbours(5);
    let table = displaced(flows[0], query(7), &flows[1..]);
    assert!(!table.record(flows[0], query(7), 30));
    assert_eq!(time(find(&table, flows[0], 7)), Some(30));
    displace(&table, &flows[1..], 40);
    displace(&table, &flows[1..], 50);
    let first = answer(&table, flows[0], 7).unwrap();
    assert!(!first.is_answered() && first.time_ns() == 30);
    assert!(answer(&table, flows[0], 7).unwrap().is_answered());
}

#[test]
fn answered_queries_make_room_first_and_move_nowhere() {
    let flows = neighbours(6);
    let table = table();
    for (n, flow) in (10..).zip(&flows[..4]) {
        table.record(*flow, query(1), n);
    }
    answer(&table, flows[3], 1);
    assert!(!table.record(flows[4], query(1), 20));
    assert_eq!(find(&table, flows[3], 1), None, "nobody waits for it");
    for flow in &flows[..3] {
        assert!(of_young(&table, *flow).is_some(), "older, but not answered");
    }
    let late = 10 + TRACE_LIFETIME_NS;
    assert!(!table.record(flows[5], query(1), late));
    assert_eq!(find(&table, flows[0], 1), None, "nobody waits for it any more");
}

#[test]
fn a_full_old_bucket_gives_up_answered_queries_first_then_the_oldest() {
    let home = flow(1, 9).home();
    let flows = flows_at(flow(1, 9).young(), Some(home), 11);
    let table = table();
    for (n, flow) in (10..).zip(&flows[..8]) {
        assert!(!table.record(*flow, query(1), n), "four young, four old");
    }
    answer(&table, flows[2], 1);
    assert!(
        !table.record(flows[8], query(1), 20),
        "the answered one is not missed"
    );
    assert_eq!(find(&table, flows[2], 1), None);
    assert!(table.record(flows[9], query(1), 21), "the oldest is missed");
    assert_eq!(find(&table, flows[0], 1), None);
    let late = 12 + TRACE_LIFETIME_NS;
    assert!(
        !table.record(flows[10], query(1), late),
        "nobody waits for the oldest any more"
    );
    assert_eq!(find(&table, flows[1], 1), None);
    for kept in &flows[3..] {
        assert!(find(&table, *kept, 1).is_some());
    }
}

/// Something that happens to one of a few flows.
#[derive(Clone, Copy, Debug)]
enum Step {
    Ask(usize, u16),
    Connect(usize),
    Answer(usize, u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (flow, id) = (0..12_usize, 0..4_u16);
    let step = prop_oneof![
        4 => (flow.clone(), id.clone()).prop_map(|(flow, id)| Step::Ask(flow, id)),
        1 => flow.clone().prop_map(Step::Connect),
        2 => (flow, id).prop_map(|(flow, id)| Step::Answer(flow, id)),
    ];
    vec(step, 1..400)
}

/// What a table without bounds would know: when each query was last sent that still waits, and what each flow sent last.
#[derive(Default)]
struct Unbounded {
    waiting: HashMap<(usize, u16), u64>,
    /// How often each was sent since it was last answered.
    sent: HashMap<(usize, Option<u16>), u32>,
    newest: HashMap<usize, (Option<u16>, u64)>,
}

/// How often one query is sent at most while it waits: there is room for as many, whatever else there is.
const SENT_AGAIN: u32 = 2;

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Twelve flows with four ids each in one bucket of four: nearly every query has to move.
    #[test]
    fn whatever_waits_is_found_wherever_it_is(steps in steps()) {
        let flows = neighbours(12);
        let table = table();
        let mut model = Unbounded::default();
        for (now, step) in (1..).zip(steps) {
            let asked = match step {
                Step::Ask(number, id) => Some((number, Some(id))),
                Step::Connect(number) => Some((number, None)),
                Step::Answer(number, id) => {
                    model.sent.remove(&(number, Some(id)));
                    None
                }
            };
            if let Some(asked) = asked {
                let sent = model.sent.entry(asked).or_default();
                if *sent == SENT_AGAIN {
                    continue;
                }
                *sent += 1;
            }
            match step {
                Step::Ask(number, id) => {
                    prop_assert!(!table.record(flows[number], query(id), now), "there is room");
                    model.waiting.insert((number, id), now);
                    model.newest.insert(number, (Some(id), now));
                }
                Step::Connect(number) => {
                    prop_assert!(!table.record(flows[number], Asked::CONNECT, now), "there is room");
                    model.newest.insert(number, (None, now));
                }
                Step::Answer(number, id) => {
                    let answered = answer(&table, flows[number], id);
                    if let Some(asked) = model.waiting.remove(&(number, id)) {
                        let answered = answered.unwrap();
                        prop_assert_eq!((answered.time_ns(), answered.is_answered()), (asked, false));
                    }
                }
            }
            for ((number, id), asked) in &model.waiting {
                let found = find(&table, flows[*number], *id).unwrap();
                prop_assert_eq!((found.time_ns(), found.is_answered()), (*asked, false));
            }
            for (number, (id, sent)) in &model.newest {
                let waits = id.is_none_or(|id| model.waiting.contains_key(&(*number, id)));
                let found = time(newest(&table, flows[*number]));
                prop_assert!(!waits || found == Some(*sent), "flow {}: {:?}", number, found);
            }
        }
    }
}

#[test]
fn an_id_that_is_used_again_while_it_waits_is_told_apart_by_the_question() {
    let table = table();
    let asking = |question| Asked::query(7, true, question);
    for (question, now) in [(1, 10), (2, 20), (3, 30)] {
        table.record(flow(1, 1), asking(question), now);
    }
    let answer = |question| {
        let trace = table.answer(flow(1, 1), Key::query(7), question, 40)?;
        (!trace.is_answered()).then(|| trace.time_ns())
    };
    assert_eq!(
        [2, 1, 1, 3, 4].map(answer),
        [Some(20), Some(10), None, Some(30), None]
    );
}
