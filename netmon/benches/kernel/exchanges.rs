//! What it costs to follow an exchange: a query that leaves a trace, and the answer that finds it.
//!
//! Each run is another exchange, with a client, a port and an id of its own, so that each trace lies elsewhere in
//! the table. How many wait for their answers at once decides whether the traces are in the processor's cache: it is
//! measured with as many as a busy host has, and, without a limit, with far more than any has.

use anyhow::Result;

use crate::compare::{Comparison, Round};
use crate::figures::Figures;
use crate::reference::{Reference, Vary};
use crate::runner::{Hook, Runner};
use crate::{frames, loaded};

const ROUNDS: usize = 15;
/// Exchanges that are measured in a round.
const RUNS: u32 = 30_000;
/// How many of them wait at once, what such a load is called, and what it may cost.
const LOADS: [(u32, &str, Limits); 2] = [
    // 10,000 queries a second that are answered within a tenth of a second.
    (1_000, "1,000 waiting", [Some(6.0), Some(5.0)]),
    // All traces lie outside of the caches.
    (RUNS, "30,000 waiting", [None, None]),
];
/// Of a query and of an answer.
type Limits = [Option<f64>; 2];

/// Measures both at each hook.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    for hook in Hook::ALL {
        let group = format!("{} tracking", hook.name());
        let mut is_headed = false;
        for (waiting, load, limits) in LOADS {
            let names = ["DNS query", "DNS answer"].map(|name| format!("{group}: {name}, {load}"));
            if !names.iter().any(|name| figures.wants(name)) {
                continue;
            }
            if !std::mem::replace(&mut is_headed, true) {
                Figures::heading(&format!(
                    "{group}: exchanges, times that of a program that does nothing"
                ));
            }
            let mut kernel = loaded::load(true)?;
            let netmon = loaded::at(&mut kernel, hook)?;
            let comparisons = exchange(hook, netmon, waiting)?;
            for ((name, comparison), most) in names.iter().zip(comparisons).zip(limits) {
                comparison
                    .figures(name, most)
                    .for_each(|figure| figures.take(figure));
            }
        }
    }
    Ok(())
}

/// In each round so many queries, and then the answers to all of them, until all have run.
fn exchange(hook: Hook, netmon: Runner<'_>, waiting: u32) -> Result<[Comparison; 2]> {
    let Reference {
        programs,
        mut varying,
    } = Reference::load()?;
    let noop = programs.noop(hook)?;
    let caller = programs.varying(Vary::Flows, hook)?;
    let messages = [frames::query_v4(), frames::response_v4()];
    // The server answers before it is measured: queries to one that does not are told of one by one.
    for message in &messages {
        netmon.run(message, 1)?;
    }
    let batches = RUNS / waiting;
    let mut rounds = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let mut sums = [(0.0, 0.0); 2];
        for batch in 0..batches {
            // So that no exchange comes twice.
            let seed = u64::from(RUNS) * round as u64 + u64::from(waiting * batch);
            let mut time = |program: Runner<'_>, message: &[u8]| {
                varying.hand_on(program)?;
                varying.begin(Vary::Flows, seed)?;
                caller.time(message, waiting)
            };
            for (message, (base, added)) in messages.iter().zip(&mut sums) {
                *base += noop.time(message, waiting)?;
                *added += time(netmon, message)? - time(noop, message)?;
            }
        }
        for ((base, added), rounds) in sums.into_iter().zip(&mut rounds) {
            let batches = f64::from(batches);
            rounds.push(Round {
                noop: base / batches,
                netmon: (base + added) / batches,
                c: None,
            });
        }
    }
    Ok(rounds.map(|rounds| Comparison::of(&rounds)))
}
