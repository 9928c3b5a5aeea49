//! How long it takes to read the counters.

use std::time::Instant;

use anyhow::{Result, ensure};
use netmon_common::limits;

use crate::compare::median;
use crate::figures::{Figure, Figures};
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
    Figures::heading("reading the counters");
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
    Ok(())
}
