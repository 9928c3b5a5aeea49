//! The table as a whole.

mod generations;

extern crate std;

use std::vec::Vec;
use std::{println, vec};

use super::*;
use crate::limits::{OLD_BUCKETS, YOUNG_BUCKETS};
use crate::{Address, Transport};

const SECOND: u64 = 1_000_000_000;

struct Memory(Vec<Bucket>);

fn table() -> Table<Memory, Memory> {
    let [young, old] =
        [YOUNG_BUCKETS, OLD_BUCKETS].map(|count| Memory(vec![Bucket::empty(); count as usize]));
    Table { young, old }
}

impl Buckets for Memory {
    fn bucket(&self, number: u32) -> Option<&Bucket> {
        self.0.get(number as usize)
    }
}

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
    Asked::Query {
        id,
        recursion_desired: true,
    }
}

fn time(trace: Option<Trace>) -> Option<u64> {
    trace.map(|trace| trace.time_ns())
}

#[test]
fn an_error_finds_the_query_that_it_quotes() {
    let table = table();
    assert!(!table.record(flow(1, 1_000), query(7), 5));
    assert_eq!(time(table.find(flow(1, 1_000), Some(7))), Some(5));
    assert_eq!(time(table.find(flow(1, 1_000), None)), Some(5), "a short quote");
    assert_eq!(time(table.find(flow(1, 1_000), Some(8))), None, "another id");
    assert_eq!(time(table.find(flow(1, 1_001), Some(7))), None, "another port");
    assert_eq!(time(table.find(flow(2, 1_000), None)), None, "another client");
}

#[test]
fn an_empty_table_finds_nothing_even_for_a_fingerprint_of_zeros() {
    let table = table();
    for client in 0..1_000 {
        assert_eq!(table.find(flow(client, 0), Some(0)), None);
        assert_eq!(table.find(flow(client, 0), None), None);
    }
}

#[test]
fn flags_of_the_query_are_kept() {
    let cases = [
        (
            "recursion desired",
            Asked::Query {
                id: 1,
                recursion_desired: true,
            },
            Some(true),
        ),
        (
            "iterative",
            Asked::Query {
                id: 1,
                recursion_desired: false,
            },
            Some(false),
        ),
        ("a SYN", Asked::Connect, None),
    ];
    for (case, asked, recursion_desired) in cases {
        let table = table();
        table.record(flow(1, 1), asked, 1);
        let trace = table.find(flow(1, 1), None).unwrap();
        assert_eq!(trace.recursion_desired(), recursion_desired, "{case}");
    }
}

#[test]
fn only_the_first_answer_is_the_first() {
    let table = table();
    table.record(flow(1, 1), query(7), 10);
    assert_eq!(table.answer(flow(1, 1), 8), None);
    let first = table.answer(flow(1, 1), 7).unwrap();
    assert!(!first.is_answered() && first.time_ns() == 10);
    let second = table.answer(flow(1, 1), 7).unwrap();
    assert!(second.is_answered() && second.time_ns() == 10);
}

#[test]
fn a_query_that_is_sent_again_has_the_time_of_its_newest_packet() {
    let table = table();
    table.record(flow(1, 1), query(7), 10);
    table.answer(flow(1, 1), 7);
    table.record(flow(1, 1), query(7), 20);
    let trace = table.find(flow(1, 1), Some(7)).unwrap();
    assert!(trace.time_ns() == 20 && !trace.is_answered());
}

#[test]
fn queries_of_one_port_are_told_apart_by_id() {
    let table = table();
    for id in 0..100 {
        assert!(!table.record(flow(1, 1), query(id), 10 + u64::from(id)), "{id}");
    }
    for id in 0..100 {
        let found = table.find(flow(1, 1), Some(id));
        assert_eq!(time(found), Some(10 + u64::from(id)), "{id}");
    }
    assert_eq!(
        time(table.find(flow(1, 1), None)),
        Some(109),
        "without id: the newest"
    );
}

#[test]
fn a_syn_gives_way_to_the_query_behind_it() {
    let table = table();
    table.record(flow(1, 1), Asked::Connect, 10);
    assert_eq!(
        table.find(flow(1, 1), Some(0)),
        None,
        "a SYN has no id, not the id 0"
    );
    assert!(!table.record(flow(1, 1), query(0), 20));
    assert_eq!(time(table.find(flow(1, 1), Some(0))), Some(20));
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
            table.find(flow, Some(id)).is_none()
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
