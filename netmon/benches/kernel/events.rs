//! What it costs to send evidence to user space, through the ring.
//!
//! How much is sent is limited, so that forged errors cannot flood user space. What is measured here is a burst
//! that fits: every packet of it is sent, and that is checked. A burst of the same comes before each, because the
//! program that does nothing is warm, too, after thousands of runs.

use anyhow::{Result, ensure};
use netmon::kernel::Events;
use netmon_common::limits;
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use crate::compare::{Comparison, Round};
use crate::figures::Figures;
use crate::reference::Reference;
use crate::runner::{Hook, Runner};
use crate::{frames, loaded};

const ROUNDS: usize = 9;
const MOST: f64 = 6.0;
const NOOP_RUNS: u32 = 40_000;

/// Measures it with tracking and without, at each hook.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let _inside = runtime.enter();
    let reference = Reference::load()?;
    for (kind, tracking) in [("plain", false), ("tracking", true)] {
        for hook in Hook::ALL {
            let name = format!("{} {kind}: ICMP unreachable, evidence sent", hook.name());
            if !figures.wants(&name) {
                continue;
            }
            let mut kernel = loaded::load(tracking)?;
            let mut events = kernel.events()?;
            let noop = reference.programs.noop(hook)?;
            let netmon = loaded::at(&mut kernel, hook)?;
            let rounds = if tracking {
                verified(noop, netmon, &mut events)?
            } else {
                unverified(noop, netmon, &mut events)?
            };
            Comparison::of(&rounds)
                .figures(&name, Some(MOST))
                .for_each(|figure| figures.take(figure));
        }
    }
    Ok(())
}

/// Errors about servers that were asked: each server has so many in a second.
fn verified(noop: Runner<'_>, netmon: Runner<'_>, events: &mut Events) -> Result<Vec<Round>> {
    (1..)
        .take(ROUNDS)
        .map(|round| {
            let server = Ipv4Addr::new(203, 0, 113, round);
            let other = Ipv4Addr::new(203, 0, 114, round);
            for asked in [server, other] {
                netmon.run(&frames::query_to(asked), 1)?;
            }
            burst(
                noop,
                netmon,
                events,
                [other, server],
                limits::EVENTS_PER_SERVER.into(),
            )
        })
        .collect()
}

/// Errors that nothing verifies: so many go out in a second, which ends before the next round.
fn unverified(noop: Runner<'_>, netmon: Runner<'_>, events: &mut Events) -> Result<Vec<Round>> {
    (1..)
        .take(ROUNDS)
        .map(|round| {
            let server = Ipv4Addr::new(203, 0, 113, round);
            let measured = burst(
                noop,
                netmon,
                events,
                [server; 2],
                u32::from(limits::UNVERIFIED_PER_CPU) / 2,
            );
            thread::sleep(Duration::from_millis(1_100));
            measured
        })
        .collect()
}

/// So many errors at once about one server, to warm up, and then about another one.
fn burst(
    noop: Runner<'_>,
    netmon: Runner<'_>,
    events: &mut Events,
    servers: [Ipv4Addr; 2],
    count: u32,
) -> Result<Round> {
    let [warm_up, frame] = servers.map(frames::unreachable_53);
    let base = noop.time(&frame, NOOP_RUNS)?;
    netmon.run(&warm_up, count)?;
    events.drain(usize::MAX, |_event| {});
    let duration = netmon.run(&frame, count)?.duration;
    let mut sent = 0;
    events.drain(usize::MAX, |_event| sent += 1);
    ensure!(sent == count, "of {count} errors {sent} were sent");
    Ok(Round {
        noop: base,
        // So few take some microseconds only, to which the call would add as much; what the kernel tells leaves
        // it out.
        netmon: duration.as_secs_f64() * 1e9,
        c: None,
    })
}
