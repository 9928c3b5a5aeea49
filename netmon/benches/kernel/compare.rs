//! Measures programs side by side: in each round one after the other, so that what disturbs the machine disturbs
//! all of them, and the median of all rounds is what counts.

use anyhow::Result;

use crate::figures::Figure;
use crate::reference::{Reference, Vary};
use crate::runner::{Hook, Runner};

/// How often all are measured.
const ROUNDS: usize = 15;
/// How often a program runs in a round: about a millisecond for one that does nothing.
const RUNS: u32 = 40_000;
/// How often it runs before, so that caches are as warm as they will be.
const WARM_UP: u32 = 2_000;

/// How long one run took in a round, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Of the program that does nothing.
    pub noop: f64,
    /// Of netmon's.
    pub netmon: f64,
    /// Of the one in C.
    pub c: Option<f64>,
}

/// How it came out.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    noop_ns: f64,
    added_ns: f64,
    ratio: f64,
    c_ratio: Option<f64>,
    to_c: Option<f64>,
    added_to_c: Option<f64>,
}

impl Comparison {
    /// The medians of these rounds.
    pub fn of(rounds: &[Round]) -> Self {
        let each = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
        let against_c = |value: fn(&Round, f64) -> f64| {
            let values: Option<Vec<f64>> = rounds.iter().map(|round| Some(value(round, round.c?))).collect();
            values.map(median)
        };
        Self {
            noop_ns: each(|round| round.noop),
            added_ns: each(|round| round.netmon - round.noop),
            ratio: each(|round| round.netmon / round.noop),
            c_ratio: against_c(|round, c| c / round.noop),
            to_c: against_c(|round, c| round.netmon / c),
            added_to_c: against_c(|round, c| (round.netmon - round.noop) / (c - round.noop)),
        }
    }

    /// As figures: against the program that does nothing, and what it adds against what a program in C adds that keeps queries
    /// in a table which drops the least recently used.
    pub fn figures_against_lru(&self, name: &str, most: Option<f64>) -> impl Iterator<Item = Figure> {
        const MOST: f64 = 0.4;
        let (noop, added) = (self.noop_ns, self.added_ns);
        let note = format!("+{added:.1} ns to {noop:.1}");
        let to_noop = Figure::new(name, self.ratio, "x").at_most(most).note(note);
        let to_lru = self.added_to_c.map(|ratio| {
            Figure::new(format!("{name}, to an LRU hash in C"), ratio, "x").at_most(most.map(|_| MOST))
        });
        std::iter::once(to_noop).chain(to_lru)
    }

    /// As figures: against the program that does nothing, and against C.
    pub fn figures(&self, name: &str, most: Option<f64>) -> impl Iterator<Item = Figure> {
        /// How much slower than C Rust may be.
        const MOST_TO_C: f64 = 1.10;
        let in_c = self
            .c_ratio
            .map(|ratio| format!("; C {ratio:.2}"))
            .unwrap_or_default();
        let note = format!("+{:.1} ns to {:.1}{in_c}", self.added_ns, self.noop_ns);
        let to_noop = Figure::new(name, self.ratio, "x").at_most(most).note(note);
        let to_c = self
            .to_c
            .map(|ratio| Figure::new(format!("{name}, Rust to C"), ratio, "x").at_most(MOST_TO_C));
        std::iter::once(to_noop).chain(to_c)
    }
}

/// Measures a program of netmon over the same frame again and again.
pub fn compare(reference: &Reference, hook: Hook, netmon: Runner<'_>, frame: &[u8]) -> Result<Comparison> {
    let noop = reference.programs.noop(hook)?;
    let c = reference.programs.counting(hook)?;
    for program in [noop, netmon, c] {
        program.run(frame, WARM_UP)?;
    }
    rounds(ROUNDS, |_round| {
        Ok(Round {
            noop: noop.time(frame, RUNS)?,
            netmon: netmon.time(frame, RUNS)?,
            c: Some(c.time(frame, RUNS)?),
        })
    })
}

/// The same over frames that vary. What varying costs is measured with the program that does nothing, and taken off.
pub fn compare_varied(
    reference: &mut Reference,
    hook: Hook,
    vary: Vary,
    netmon: Runner<'_>,
    frame: &[u8],
) -> Result<Comparison> {
    let Reference { programs, varying } = reference;
    let noop = programs.noop(hook)?;
    let c = programs.counting(hook)?;
    let caller = programs.varying(vary, hook)?;
    let mut time = |program: Runner<'_>, runs: u32, seed: u64| {
        varying.hand_on(program)?;
        varying.begin(vary, seed)?;
        caller.time(frame, runs)
    };
    // All destinations are known then, or the table is full.
    for program in [noop, netmon, c] {
        time(program, WARM_UP * 10, 0)?;
    }
    rounds(ROUNDS, |round| {
        let seed = round as u64;
        let base = noop.time(frame, RUNS)?;
        let varying = time(noop, RUNS, seed)?;
        Ok(Round {
            noop: base,
            netmon: base + time(netmon, RUNS, seed)? - varying,
            c: Some(base + time(c, RUNS, seed)? - varying),
        })
    })
}

/// So many rounds, and their medians.
pub fn rounds(count: usize, round: impl FnMut(usize) -> Result<Round>) -> Result<Comparison> {
    let rounds: Vec<Round> = (0..count).map(round).collect::<Result<_>>()?;
    Ok(Comparison::of(&rounds))
}

/// The middle value; 0 if there is none.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
