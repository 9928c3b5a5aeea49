//! Ordinary life: twenty clients ask resolvers of all sorts through a router that loses packets. They ask again, answers
//! come late, netmon restarts and reads its configuration again. Nobody is to be woken up for any of that. Then forty
//! faults, eight at a time, while life goes on: each is reported, by each netmon that can see it, as what it is.

use std::sync::atomic::AtomicBool;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use netmon_testkit::lab::End;

use crate::company::clients::ask_as_people_do;
use crate::company::faults::{AT_ONCE, Fault};
use crate::company::happening;
use crate::company::world::{Watcher, World};
use crate::support::incident::assert_no_incident;

/// How long one life lasts, and how many rounds of faults follow.
fn length() -> (Duration, usize) {
    if crate::is_slice() {
        (Duration::from_mins(1), 1)
    } else {
        // Of half an hour, with the rounds.
        (4 * crate::duration(), 5)
    }
}

#[test]
#[ignore = "needs root: network namespaces, TC and nftables; half an hour, or three minutes of a slice"]
fn ordinary_life_is_no_incident_and_forty_faults_are() {
    let (time, rounds) = length();
    let world = World::new();
    let _resolvers = world.resolvers();
    let _losses = world.losses();
    let is_over = AtomicBool::new(false);
    let answered = scope(|scope| {
        let end = End(&is_over);
        let mut watchers = world.watchers();
        let clients = ask_as_people_do(&world, scope, &is_over);
        live(&mut watchers, time);
        for round in 0..rounds {
            let faults: Vec<Fault> = (0..AT_ONCE).map(|place| Fault::new(round, place)).collect();
            happening::happen(&world, &watchers, &faults);
            println!("{} faults were reported as they were", (round + 1) * AT_ONCE);
        }
        drop(end);
        let answered: u64 = clients.into_iter().map(|client| client.join().unwrap()).sum();
        for watcher in &mut watchers {
            watcher.finish(rounds * AT_ONCE);
        }
        answered
    });
    println!("{answered} queries of ordinary life were answered in {time:?} and the rounds after it");
    // Else it would prove nothing.
    assert!(answered > time.as_secs(), "only {answered} queries were answered");
}

/// Lets life go on for so long, and troubles the monitors meanwhile, in turn: one reads its configuration again, one is
/// killed and started again, one is stopped for a moment.
fn live(watchers: &mut [Watcher<'_>], time: Duration) {
    /// How often something happens to one of them.
    const PACE: Duration = Duration::from_secs(7);
    let began = Instant::now();
    for number in 0.. {
        sleep(PACE.min(time.saturating_sub(began.elapsed())));
        for watcher in &*watchers {
            assert_no_incident(watcher.netmon());
        }
        if began.elapsed() >= time {
            return;
        }
        let count = watchers.len();
        watchers[number % count].trouble(number / count);
    }
}
