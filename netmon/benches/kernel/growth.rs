//! What a query takes longer as the destinations become more.

use anyhow::Result;
use netmon_common::limits;
use netmon_testkit::figures::Figures;

use crate::compare::{Added, in_turn};
use crate::reference::{Reference, Vary};
use crate::runner::Hook;
use crate::{frames, loaded};

/// So many destinations are asked, at random.
const DESTINATIONS: [u32; 7] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000];
const ROUNDS: usize = 15;
const RUNS: u32 = 100_000;
/// After so many queries for each of them at random, two of 100 are not known yet.
const BEFORE: u32 = 4;

/// Measures a query that is counted, at XDP.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    let names = DESTINATIONS.map(|many| (many, format!("growth: a query to one of {many} destinations")));
    if !names.iter().any(|(_, name)| figures.wants(name)) {
        return Ok(());
    }
    figures.heading("growth: what a query that is counted adds at XDP to a program that does nothing");
    for (many, name) in names {
        if !figures.wants(&name) {
            continue;
        }
        let Reference {
            programs,
            mut varying,
        } = Reference::load()?;
        let mut kernel = loaded::load_for(many.max(limits::DESTINATIONS))?;
        let (noop, netmon) = (programs.noop(Hook::Xdp)?, loaded::at(&mut kernel, Hook::Xdp)?);
        let vary = Vary::Destinations(many);
        let (caller, query) = (programs.varying(vary, Hook::Xdp)?, frames::query_v4());
        varying.hand_on(netmon)?;
        varying.begin(vary, 0)?;
        caller.run(&query, (many * BEFORE).max(RUNS))?;
        let rounds = in_turn(ROUNDS, |round, with| {
            varying.hand_on(if with { netmon } else { noop })?;
            varying.begin(vary, 1 + round as u64)?;
            caller.time(&query, RUNS)
        })?;
        let figure = Added::of(&rounds).figure(&name, None);
        figures.take(figure.point("growth", "netmon", f64::from(many)));
    }
    Ok(())
}
