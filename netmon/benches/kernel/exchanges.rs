//! What it costs to follow an exchange: a query that leaves a trace, and the answer that finds it.
//!
//! Each run is another exchange, with a client, a port and an id of its own, so that each trace lies elsewhere in
//! the table: the same one again and again would be in the processor's cache.

use anyhow::Result;

use crate::compare::{Comparison, Round};
use crate::figures::Figures;
use crate::reference::{Reference, Vary};
use crate::runner::{Hook, Runner};
use crate::{frames, loaded};

const ROUNDS: usize = 15;
/// Exchanges in a round. All of them wait for their answers at once, far more than in life.
const RUNS: u32 = 30_000;
const MOST_QUERY: f64 = 6.0;
const MOST_ANSWER: f64 = 5.0;

/// Measures both at each hook.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    for hook in Hook::ALL {
        let group = format!("{} tracking", hook.name());
        let names = [
            "DNS query, each of a new exchange",
            "DNS answer, each to another query",
        ]
        .map(|name| format!("{group}: {name}"));
        if !names.iter().any(|name| figures.wants(name)) {
            continue;
        }
        Figures::heading(&format!(
            "{group}: exchanges, times that of a program that does nothing"
        ));
        let mut kernel = loaded::load(true)?;
        let netmon = loaded::at(&mut kernel, hook)?;
        let [queries, answers] = exchange(hook, netmon)?;
        let [query, answer] = names;
        let results = [(query, queries, MOST_QUERY), (answer, answers, MOST_ANSWER)];
        for (name, comparison, most) in results {
            comparison
                .figures(&name, Some(most))
                .for_each(|figure| figures.take(figure));
        }
    }
    Ok(())
}

/// In each round so many queries, and then the answers to all of them.
fn exchange(hook: Hook, netmon: Runner<'_>) -> Result<[Comparison; 2]> {
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
    let mut rounds = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        // So that no exchange comes twice.
        let seed = u64::from(RUNS) * round as u64;
        let mut time = |program: Runner<'_>, message: &[u8]| {
            varying.hand_on(program)?;
            varying.begin(Vary::Flows, seed)?;
            caller.time(message, RUNS)
        };
        for (message, rounds) in messages.iter().zip(&mut rounds) {
            let base = noop.time(message, RUNS)?;
            let varying = time(noop, message)?;
            rounds.push(Round {
                noop: base,
                netmon: base + time(netmon, message)? - varying,
                c: None,
            });
        }
    }
    Ok(rounds.map(|rounds| Comparison::of(&rounds)))
}
