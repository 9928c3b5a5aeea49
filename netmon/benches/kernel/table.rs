//! How long it takes to read the counters.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use netmon::kernel::{Kernel, Policy, Poller, Step};
use netmon::time::Time;
use netmon_common::limits;
use netmon_testkit::figures::{Figure, Figures, median};

use crate::reference::{Reference, Vary};
use crate::runner::Hook;
use crate::{frames, loaded};

const TIMES: usize = 15;
const MOST_MS: f64 = 10.0;

/// Reads a full table.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    let name = format!("poll: read a full table of {} destinations", limits::DESTINATIONS);
    if !figures.wants(&name) {
        return Ok(());
    }
    figures.heading("reading the counters");
    let mut kernel = loaded::load(false)?;
    let mut poller = kernel.poller()?;
    let Reference {
        programs,
        mut varying,
    } = Reference::load()?;
    varying.hand_on(loaded::at(&mut kernel, Hook::Xdp)?)?;
    let anywhere = Vary::Destinations(u32::MAX);
    varying.begin(anywhere, 0)?;
    // Some destinations come twice.
    let runs = limits::DESTINATIONS + limits::DESTINATIONS / 8;
    programs
        .varying(anywhere, Hook::Xdp)?
        .run(&frames::query_v4(), runs)?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let before = Instant::now();
        let counts = poller.counts()?;
        times.push(before.elapsed().as_secs_f64() * 1e3);
        ensure!(
            counts.destinations.len() == limits::DESTINATIONS as usize && counts.add_up(),
            "the table is not full, or not exact"
        );
    }
    figures.take(Figure::new(name, median(times), "ms").at_most(MOST_MS));
    retire(figures, &mut kernel, &mut poller)
}

/// Has all of them retire.
fn retire(figures: &mut Figures<'_>, kernel: &mut Kernel, poller: &mut Poller) -> Result<()> {
    const MOST_MS: f64 = 20.0;
    const MOST_MS_AT_ONCE: f64 = 10.0;
    let mut switches = kernel.switches()?;
    poller.look_at_destinations(Time::at_second(1), |_server, _before, _now| {});
    let policy = Policy {
        second: 2,
        idle: Duration::ZERO,
        keeps: &|_| false,
        keeps_service: &|_| false,
    };
    let (mut sum, mut longest, mut entries) = (Duration::ZERO, Duration::ZERO, 0);
    loop {
        let began = Instant::now();
        let (leaving, _is_short) = poller.leaving(&policy)?;
        if leaving.is_empty() {
            break;
        }
        entries += leaving.destinations.len();
        let mut batch = poller.places.batch(leaving);
        // No program runs meanwhile.
        while batch.next() != Step::Done {
            batch.step(&mut poller.places, &mut switches)?;
        }
        poller.gone(&batch.into_leaving());
        sum += began.elapsed();
        longest = longest.max(began.elapsed());
    }
    ensure!(entries == limits::DESTINATIONS as usize, "only {entries} retired");
    ensure!(poller.counts()?.add_up(), "not exact");
    let ms = |time: Duration| time.as_secs_f64() * 1e3;
    let name = format!("retire {entries} destinations");
    figures.take(Figure::new(name.clone(), ms(sum), "ms").at_most(MOST_MS));
    figures.take(Figure::new(name + ", the longest at once", ms(longest), "ms").at_most(MOST_MS_AT_ONCE));
    Ok(())
}
