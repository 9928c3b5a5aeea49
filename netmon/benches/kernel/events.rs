//! What it costs to send evidence to user space, through the ring.
//!
//! How much is sent is limited, so that forged errors cannot flood user space. What is measured here is the later half
//! of a burst that fits: every packet of it is sent, and that is checked. The first half warms up, because the program
//! that does nothing is warm, too, after thousands of runs.

use anyhow::{Context as _, Result, ensure};
use netmon::kernel::Events;
use netmon_common::limits;
use netmon_testkit::figures::Figures;
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use crate::compare::{Comparison, Round};
use crate::reference::{Blocks, Reference, Vary};
use crate::runner::{Hook, Runner};
use crate::{frames, loaded};

const ROUNDS: u8 = 15;
const NOOP_RUNS: u32 = 40_000;
/// The halves of a burst. It is what may be sent for two servers, and what a CPU sends in a second of errors that nothing
/// verifies.
const BLOCKS: Blocks = Blocks {
    count: SERVERS,
    runs: limits::EVENTS_PER_SERVER as u32,
};
const SERVERS: u32 = 2;
const _: () = assert!(BLOCKS.count * BLOCKS.runs == limits::UNVERIFIED_PER_CPU as u32);
const FIRST: Ipv4Addr = Ipv4Addr::new(203, 0, 113, 0);
/// The port before that of the first query that is quoted.
const FIRST_PORT: u16 = 1_024;

/// Measures it with tracking and without, at each hook.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let _inside = runtime.enter();
    for (kind, tracking) in [("plain", false), ("tracking", true)] {
        for hook in Hook::ALL {
            let name = format!("{} {kind}: ICMP unreachable, evidence sent", hook.name());
            if !figures.wants(&name) {
                continue;
            }
            for figure in Bursts::measure(hook, tracking)?.figures(&name, None) {
                figures.take(figure);
            }
        }
    }
    Ok(())
}

/// What it is measured with.
struct Bursts<'a> {
    reference: Reference,
    hook: Hook,
    netmon: Runner<'a>,
    events: Events,
}

impl Bursts<'_> {
    fn measure(hook: Hook, tracking: bool) -> Result<Comparison> {
        let mut kernel = loaded::load(tracking)?;
        let events = kernel.events()?;
        let mut bursts = Bursts {
            reference: Reference::load()?,
            hook,
            netmon: loaded::at(&mut kernel, hook)?,
            events,
        };
        let rounds: Vec<Round> = (0..ROUNDS)
            .map(|round| bursts.round(round, tracking))
            .collect::<Result<_>>()?;
        Ok(Comparison::of(&rounds))
    }

    /// Errors about two servers of its own.
    fn round(&mut self, round: u8, tracking: bool) -> Result<Round> {
        let first = Ipv4Addr::from_bits(FIRST.to_bits() + u32::from(round) * SERVERS);
        let frame = frames::unreachable_53(first);
        if tracking {
            // With its query before, each error is verified, and each server has a budget of its own.
            let c = self.reference.programs.tracking(self.hook)?;
            for number in 1..=BLOCKS.count * BLOCKS.runs {
                let server = Ipv4Addr::from_bits(first.to_bits() + number % SERVERS);
                let query = frames::query_to(server, FIRST_PORT + u16::try_from(number)?);
                self.netmon.run(&query, 1)?;
                c.run(&query, 1)?;
            }
        } else {
            // Until the second has ended in which the errors before were sent.
            thread::sleep(Duration::from_millis(1_100));
        }
        let Reference { programs, varying } = &mut self.reference;
        let noop = programs.noop(self.hook)?;
        let vary = Vary::Quoted(first);
        let caller = programs.varying(vary, self.hook)?;
        let base = noop.time(&frame, NOOP_RUNS)?;
        let mut time = |program: Runner<'_>| -> Result<f64> {
            let times = varying.time([caller, program], &frame, (vary, 0), BLOCKS)?;
            times.last().copied().context("no burst")
        };
        let varying = time(noop)?;
        let c = time(programs.same(tracking, self.hook)?)?;
        self.events.drain(usize::MAX, |_event| {});
        let netmon = time(self.netmon)?;
        let mut sent = 0;
        self.events.drain(usize::MAX, |_event| sent += 1);
        ensure!(
            sent >= BLOCKS.count * BLOCKS.runs,
            "{sent} errors of a burst were sent"
        );
        Ok(Round {
            noop: base,
            netmon: base + netmon - varying,
            c: base + c - varying,
            lru: None,
        })
    }
}
