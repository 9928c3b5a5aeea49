//! The most that the loop hands over to the history, and that all of it is kept. `cargo xtask bench` measures how long the
//! loop is kept by it.

use std::sync::Arc;

use netmon_common::{Address, records};

use super::super::keeper::Keeper;
use super::super::read::{Reader, Wanted};
use super::{Place, incident, wait_for};
use crate::model::DestinationCounts;
use crate::model::{Counted, Moment};
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
        counted.destinations.push(DestinationCounts {
            address,
            counters,
            not_served: 0,
            latency_us: latency.unwrap_or_default(),
            server_info: None,
        });
    }
    counted
}

#[test]
fn of_the_busiest_minute_a_thousand_servers_are_kept_and_the_others_together() {
    let place = Place::new();
    let mut keeper = Keeper::start(&place.settings()).unwrap();
    for minute in 1..=5 {
        let counted = busy(minute);
        let at = Moment {
            time: Time::at_second(super::START.unsigned_abs() + 60 * minute),
            offset: WallOffset::NONE,
        };
        keeper.counted(at, &Arc::new(counted));
        wait_for("empty mailbox", || keeper.mailbox.is_empty().then_some(()));
    }
    drop(keeper);
    let servers = Reader::open(&place.file).unwrap().servers(0, i64::MAX).unwrap();
    assert_eq!(servers.len(), 1_001, "a thousand and `other`");
}

#[test]
fn a_storm_of_incidents_is_kept_to_the_last() {
    let place = Place::new();
    let keeper = Keeper::start(&place.settings()).unwrap();
    let incidents: Vec<_> = (0..1_000).map(|n| incident("203.0.113.2", n, None)).collect();
    for _ in 0..10 {
        for incident in &incidents {
            keeper.remember(incident, None);
        }
    }
    wait_for("incidents in the history", || {
        let incidents = Reader::open(&place.file)
            .ok()?
            .incidents(&Wanted::default())
            .ok()?;
        (incidents.len() == 1_000).then_some(())
    });
}
