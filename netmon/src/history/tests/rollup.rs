use netmon_common::latency::bucket;
use netmon_common::{Address, Code, Outcome, records};

use super::super::limits::SERVERS_A_MINUTE;
use super::super::rollup::{Minute, Rollup};
use super::{address, counters};
use crate::latency;
use crate::model::Counted;
use crate::model::{DestinationCounts, Latency};

/// Cumulative counts: of each server its queries, and `port` errors about them.
fn counted(servers: &[(Address, u64, u64)]) -> Counted {
    let mut counted = Counted::default();
    for &(address, queries, errors) in servers {
        counted.destinations.push(DestinationCounts {
            address,
            counters: counters(queries, errors),
            not_served: 0,
            latency_us: Latency::default(),
            server_info: None,
        });
        counted.totals.counters.frames += queries + errors;
        counted.totals.counters.outcomes[Outcome::DnsQuery as usize] += queries;
    }
    counted
}

/// Queries and errors of each row.
fn rows(minute: &Minute) -> Vec<(Option<Address>, u64, u64)> {
    let row = |server: &super::super::rollup::ServerMinute| {
        let counters = &server.counters;
        (
            server.address,
            counters.dns_queries,
            counters.dns_unreachable(Code::Port),
        )
    };
    minute.servers.iter().map(row).collect()
}

#[test]
fn a_minute_holds_what_has_grown_and_only_servers_that_were_active() {
    let (a, b) = (address("192.0.2.1"), address("192.0.2.2"));
    let mut rollup = Rollup::default();
    let first = rollup.minute(0, &counted(&[(a, 5, 0), (b, 2, 1)]));
    assert_eq!(rows(&first), [(Some(a), 5, 0), (Some(b), 2, 1)]);
    let second = rollup.minute(60, &counted(&[(a, 5, 0), (b, 3, 2)]));
    assert_eq!(rows(&second), [(Some(b), 1, 1)]);
    assert_eq!((second.totals.counters.frames, second.totals.queries()), (2, 1));
    let quiet = rollup.minute(120, &counted(&[(a, 5, 0), (b, 3, 2)]));
    assert_eq!((rows(&quiet), quiet.totals.counters.frames), (Vec::new(), 0));
    assert_eq!(
        quiet.rows(),
        1,
        "a minute that was watched has a row, even if nothing passed"
    );
}

#[test]
fn what_pinned_maps_had_counted_before_is_in_no_minute() {
    let a = address("192.0.2.1");
    let mut rollup = Rollup::default();
    rollup.begin(&counted(&[(a, 1_000_000, 7)]));
    let minute = rollup.minute(0, &counted(&[(a, 1_000_002, 7)]));
    assert_eq!(rows(&minute), [(Some(a), 2, 0)]);
    assert_eq!(minute.totals.counters.frames, 2);
}

#[test]
fn of_very_many_servers_the_least_active_are_summed() {
    let servers: Vec<(Address, u64, u64)> = (0..1_500_u16)
        .map(|n| {
            let [high, low] = n.to_be_bytes();
            // The last ones are seldom asked, but they fail.
            let errors = u64::from(n >= 1_490);
            (Address::v4([10, 0, high, low]), 2_000 - u64::from(n), errors)
        })
        .collect();
    let mut rollup = Rollup::default();
    let minute = rollup.minute(0, &counted(&servers));
    assert_eq!(minute.servers.len(), SERVERS_A_MINUTE + 1);
    let rows = rows(&minute);
    let queries: u64 = rows.iter().map(|(_, queries, _)| queries).sum();
    assert_eq!(
        queries,
        servers.iter().map(|(_, queries, _)| queries).sum::<u64>()
    );
    let (other, _, errors) = *rows.last().unwrap();
    assert_eq!(
        (other, errors),
        (None, 0),
        "servers with errors have rows of their own"
    );
}

#[test]
fn latency_is_that_of_the_minutes_own_answers() {
    let a = address("192.0.2.1");
    let mut times = records::Latency::ZERO;
    let mut at = |micros: &[u64]| {
        for micros in micros {
            times.counts[bucket(*micros)] += 1;
            times.max_us = times.max_us.max(*micros);
        }
        let mut counted = counted(&[(a, u64::from(times.counts.iter().sum::<u32>()), 0)]);
        counted.latencies.insert(a, times);
        counted
    };
    let mut rollup = Rollup::default();
    let slow = rollup.minute(0, &at(&[5_000, 90_000])).servers[0].latency;
    assert_eq!((slow.count, slow.max), (2, Some(90_000)));
    let fast = rollup.minute(60, &at(&[10, 10, 12])).servers[0].latency;
    assert_eq!((fast.count, fast.p50, fast.max), (3, Some(10), Some(12)));
    assert_eq!(rollup.minute(120, &at(&[])).servers, []);
    assert_eq!(
        latency::summary(&times).max,
        Some(90_000),
        "the longest of all is an earlier one"
    );
}

#[test]
fn totals_count_what_no_destination_has() {
    let mut rollup = Rollup::default();
    let mut counted = Counted::default();
    let totals = &mut counted.totals.counters;
    totals.frames = 9;
    totals.outcomes[Outcome::Malformed as usize] = 4;
    totals.outcomes[Outcome::Other as usize] = 5;
    let minute = rollup.minute(0, &counted);
    assert_eq!((minute.totals, minute.servers), (counted.totals, Vec::new()));
}
