//! What it costs to follow an exchange: a query that leaves a trace, and the answer that finds it.
//!
//! Each run is another exchange, with a client, a port and an id of its own, so that each trace lies elsewhere in
//! the table. How many wait for their answers at once decides whether the traces are in the processor's cache: it is
//! measured with as many as a busy host has, and, without a limit, with far more than any has.

use anyhow::Result;
use netmon_testkit::figures::{Figures, median};

use crate::compare::{Comparison, Round};
use crate::reference::{Blocks, Reference, Vary, Varying};
use crate::runner::{Hook, Runner};
use crate::{frames, loaded};

pub const ROUNDS: usize = 15;
/// Exchanges that are measured in a round, and how many of them in a block: a tenth of a millisecond, so that most
/// blocks are not interrupted.
const RUNS: u32 = 30 * BLOCK;
pub const BLOCK: u32 = 1_000;
/// How many of them wait at once, what such a load is called, and how many nanoseconds a query or an answer may add.
const LOADS: [(u32, &str, Option<f64>); 2] = [
    // 10,000 queries a second that are answered within a tenth of a second.
    (BLOCK, "1,000 waiting", Some(80.0)),
    // Their traces lie outside of the nearer caches.
    (RUNS, "30,000 waiting", None),
];

/// Measures both at each hook.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    for hook in Hook::ALL {
        let group = format!("{} tracking", hook.name());
        let mut is_headed = false;
        for (waiting, load, most_ns) in LOADS {
            let names = ["DNS query", "DNS answer"].map(|name| format!("{group}: {name}, {load}"));
            if !names.iter().any(|name| figures.wants(name)) {
                continue;
            }
            if !std::mem::replace(&mut is_headed, true) {
                figures.heading(&format!("{group}: exchanges, times those of the same in C"));
            }
            let mut kernel = loaded::load(true)?;
            let netmon = loaded::at(&mut kernel, hook)?;
            let comparisons = exchange(hook, netmon, waiting)?;
            for (name, comparison) in names.iter().zip(comparisons) {
                for figure in comparison.figures(name, most_ns) {
                    figures.take(figure);
                }
            }
        }
    }
    Ok(())
}

/// Exchanges of which so many wait at once.
pub const fn exchanges_of(waiting: u32) -> Vary {
    Vary::Exchanges(frames::SERVER, waiting / BLOCK)
}

/// The server answers before it is measured: queries to one that does not are told of one by one.
pub fn is_answered(programs: [Runner<'_>; 2]) -> Result<()> {
    for program in programs {
        for message in [frames::query_v4(), frames::response_v4()] {
            program.run(&message, 1)?;
        }
    }
    Ok(())
}

/// How long a query and an answer take when the caller changes them and hands them on to a program: so many queries, and then
/// the answers to all of them, until all have run. The median of the blocks counts.
pub fn time(
    varying: &mut Varying,
    programs: [Runner<'_>; 2],
    waiting: u32,
    round: usize,
) -> Result<[f64; 2]> {
    let blocks = Blocks {
        count: 2 * RUNS / BLOCK,
        runs: BLOCK,
    };
    // So that no exchange comes twice.
    let vary = (exchanges_of(waiting), u64::from(RUNS + 1) * round as u64);
    let times = varying.time(programs, &frames::query_v4(), vary, blocks)?;
    let [mut queries, mut answers] = [Vec::new(), Vec::new()];
    let mut rows = times.chunks((waiting / BLOCK) as usize);
    while let (Some(asked), Some(answered)) = (rows.next(), rows.next()) {
        queries.extend(asked);
        answers.extend(answered);
    }
    Ok([queries, answers].map(median))
}

/// Queries and answers at a hook.
fn exchange(hook: Hook, netmon: Runner<'_>, waiting: u32) -> Result<[Comparison; 2]> {
    let Reference {
        programs,
        mut varying,
    } = Reference::load()?;
    let (noop, c, lru) = (
        programs.noop(hook)?,
        programs.tracking(hook)?,
        programs.following(hook)?,
    );
    let caller = programs.varying(exchanges_of(waiting), hook)?;
    let query = frames::query_v4();
    is_answered([netmon, c])?;
    let mut rounds = [Vec::new(), Vec::new()];
    for round in 0..ROUNDS {
        let mut time = |program| time(&mut varying, [caller, program], waiting, round);
        let (varying, netmon, c, lru) = (time(noop)?, time(netmon)?, time(c)?, time(lru)?);
        let noop = noop.time(&query, RUNS)?;
        for (which, rounds) in rounds.iter_mut().enumerate() {
            let without_varying = |times: [f64; 2]| {
                let [time, varying] =
                    [times, varying].map(|times| times.get(which).copied().unwrap_or(f64::NAN));
                noop + time - varying
            };
            rounds.push(Round {
                noop,
                netmon: without_varying(netmon),
                c: without_varying(c),
                lru: Some(without_varying(lru)),
            });
        }
    }
    Ok(rounds.map(|rounds| Comparison::of(&rounds)))
}
