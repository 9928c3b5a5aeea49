//! What the history costs the loop that must not wait. (The figures in docs/history.md are from release builds.)

use std::time::{Duration, Instant};

use netmon_common::{Address, records};

use super::super::keeper::Keeper;
use super::super::read::{Reader, Wanted};
use super::{Place, incident, wait_for};
use crate::model::DestinationCounts;
use crate::report::sink::{Counted, Moment, Sink as _};
use crate::time::{Time, WallOffset};

/// As many destinations as the kernel's table holds, all of them active, and as many servers with latencies.
fn busy(minute: u64) -> Counted {
    let mut counted = Counted::default();
    let mut counters = records::Destination::ZERO;
    counters.dns_queries = 60 * minute;
    counters.dns_responses = 59 * minute;
    for n in 0..8_192_u16 {
        let [high, low] = n.to_be_bytes();
        let address = Address::v4([10, 0, high, low]);
        if n < 512 {
            let mut times = records::Latency::ZERO;
            times.counts[100] = u32::try_from(59 * minute).unwrap();
            times.max_us = 1_000;
            counted.latencies.insert(address, times);
        }
        let latency = counted.latencies.get(&address).map(crate::latency::summary);
        let latency = latency.unwrap_or_default();
        counted
            .destinations
            .push(DestinationCounts::new(address, &counters, latency));
    }
    counted
}

#[test]
fn handing_over_the_busiest_minute_takes_milliseconds() {
    let place = Place::new();
    let mut keeper = Keeper::start(&place.settings()).unwrap();
    let mut longest = Duration::ZERO;
    for minute in 1..=5 {
        let counted = busy(minute);
        let at = Moment {
            time: Time::at_second(super::START.unsigned_abs() + 60 * minute),
            offset: WallOffset::NONE,
        };
        let before = Instant::now();
        keeper.snapshot(at, &counted).unwrap();
        longest = longest.max(before.elapsed());
        wait_for("empty mailbox", || keeper.mailbox.is_empty().then_some(()));
    }
    let before = Instant::now();
    drop(keeper);
    println!(
        "handed over in {longest:?} at most; the rest was written in {:?}",
        before.elapsed()
    );
    println!("{} bytes", std::fs::metadata(&place.file).unwrap().len());
    // A debug build on a busy machine.
    assert!(longest < Duration::from_millis(250), "{longest:?}");
    let servers = Reader::open(&place.file).unwrap().servers(0, i64::MAX).unwrap();
    assert_eq!(servers.len(), 1_001, "a thousand and `other`");
}

#[test]
fn a_storm_of_incidents_is_handed_over_in_microseconds_each() {
    let place = Place::new();
    let mut keeper = Keeper::start(&place.settings()).unwrap();
    let incidents: Vec<_> = (0..1_000).map(|n| incident("203.0.113.2", n, None)).collect();
    let before = Instant::now();
    for _ in 0..10 {
        for incident in &incidents {
            keeper.remember(incident, None);
        }
    }
    let each = before.elapsed() / 10_000;
    println!("handed over in {each:?} each");
    assert!(each < Duration::from_micros(500), "{each:?}");
    wait_for("incidents in the history", || {
        let incidents = Reader::open(&place.file)
            .ok()?
            .incidents(&Wanted::default())
            .ok()?;
        (incidents.len() == 1_000).then_some(())
    });
    drop(keeper);
    println!(
        "{} bytes for 1,000 incidents",
        std::fs::metadata(&place.file).unwrap().len()
    );
}
