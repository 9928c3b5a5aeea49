//! Measures programs side by side: in each round one after the other, so that what disturbs the machine disturbs
//! all of them, and the median of all rounds is what counts.

use anyhow::Result;
use netmon_testkit::figures::{Figure, median};

use crate::reference::{Reference, Vary};
use crate::runner::{Hook, Runner};

/// How often all are measured.
const ROUNDS: usize = 15;
/// How often a program runs in a round: about a millisecond for one that does nothing.
const RUNS: u32 = 40_000;
/// How often it runs before, so that caches are as warm as they will be.
const WARM_UP: u32 = 2_000;

/// How much longer than the C program that does the same work netmon's may take.
const MOST_TO_C: f64 = 1.05;
/// What it may add at most of what a program in C adds that keeps queries in a table which drops the least recently used.
const MOST_TO_LRU: f64 = 0.4;

/// How long one run took in a round, in nanoseconds.
#[derive(Clone, Copy, Debug)]
pub struct Round {
    /// Of the program that does nothing.
    pub noop: f64,
    /// Of netmon's.
    pub netmon: f64,
    /// Of the one in C that does the same.
    pub c: f64,
    /// Of the one in C that follows exchanges as other monitors do.
    pub lru: Option<f64>,
}

/// How it came out.
#[derive(Clone, Copy, Debug)]
pub struct Comparison {
    noop_ns: f64,
    added_ns: f64,
    quick_ns: f64,
    c_added_ns: f64,
    to_c: f64,
    added_to_lru: Option<f64>,
}

impl Comparison {
    /// The medians of these rounds.
    pub fn of(rounds: &[Round]) -> Self {
        let each = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
        let to_lru: Option<Vec<f64>> = rounds
            .iter()
            .map(|round| Some((round.netmon - round.noop) / (round.lru? - round.noop)))
            .collect();
        Self {
            noop_ns: each(|round| round.noop),
            added_ns: each(|round| round.netmon - round.noop),
            quick_ns: quick(rounds.iter().map(|round| round.netmon - round.noop).collect()),
            c_added_ns: each(|round| round.c - round.noop),
            to_c: each(|round| round.netmon / round.c),
            added_to_lru: to_lru.map(median),
        }
    }

    /// As figures: against the program in C that does the same; what is added to the program that does nothing, which may be
    /// at most so many nanoseconds; and against the one that follows exchanges as other monitors do.
    ///
    /// The ratios are medians. Nanoseconds are judged by the quickest rounds, because what disturbs the machine only adds to
    /// them; the median stands beside.
    pub fn figures(&self, name: &str, most_ns: Option<f64>) -> Vec<Figure> {
        let Self {
            noop_ns,
            added_ns,
            quick_ns,
            c_added_ns,
            to_c,
            added_to_lru,
        } = *self;
        let note = format!("+{added_ns:.1} ns to {noop_ns:.1}, C +{c_added_ns:.1}");
        let ns = Figure::new(format!("{name}, added"), quick_ns, "ns")
            .at_most(most_ns)
            .note(format!("median {added_ns:.1}"));
        let to_c = Figure::new(format!("{name}, to C"), to_c, "x")
            .at_most(MOST_TO_C)
            .note(note);
        let to_lru = added_to_lru
            .map(|ratio| Figure::new(format!("{name}, added to LRU's"), ratio, "x").at_most(MOST_TO_LRU));
        [Some(to_c), Some(ns), to_lru].into_iter().flatten().collect()
    }
}

/// What the same takes without something, and how much more with it: medians of all rounds.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    without_ns: f64,
    more_ns: f64,
    /// The middle half of the rounds.
    between: [f64; 2],
}

/// So many rounds of two times: without something, and with it (true). Which one is first changes.
pub fn in_turn(count: usize, mut time: impl FnMut(usize, bool) -> Result<f64>) -> Result<Vec<[f64; 2]>> {
    let mut both = |round: usize| {
        let with_first = round % 2 == 1;
        let [first, second] = [time(round, with_first)?, time(round, !with_first)?];
        Ok(if with_first {
            [second, first]
        } else {
            [first, second]
        })
    };
    (0..count).map(&mut both).collect()
}

impl Added {
    /// Of these rounds. What disturbs the machine for longer than a round disturbs both, and what is shorter disturbs either: the
    /// quickest differences would be those of rounds in which the one without was disturbed.
    pub fn of(rounds: &[[f64; 2]]) -> Self {
        let mut added: Vec<f64> = rounds.iter().map(|[without, with]| with - without).collect();
        added.sort_unstable_by(f64::total_cmp);
        let quarter = |number: usize| added.get(added.len() * number / 4).copied().unwrap_or_default();
        Self {
            without_ns: median(rounds.iter().map(|[without, _]| *without).collect()),
            more_ns: median(added.clone()),
            between: [1, 3].map(quarter),
        }
    }

    /// How many nanoseconds more.
    pub const fn more_ns(&self) -> f64 {
        self.more_ns
    }

    /// As a figure.
    pub fn figure(&self, name: &str, most_ns: Option<f64>) -> Figure {
        let Self {
            without_ns,
            more_ns,
            between: [low, high],
        } = *self;
        let note = format!("to {without_ns:.1}; half of the rounds: {low:.1} to {high:.1}");
        Figure::new(name, more_ns, "ns").at_most(most_ns).note(note)
    }
}

/// Measures a program of netmon over the same frame again and again.
pub fn compare(
    reference: &Reference,
    (hook, tracking): (Hook, bool),
    netmon: Runner<'_>,
    frame: &[u8],
) -> Result<Comparison> {
    let noop = reference.programs.noop(hook)?;
    let c = reference.programs.same(tracking, hook)?;
    for program in [noop, netmon, c] {
        program.run(frame, WARM_UP)?;
    }
    rounds(ROUNDS, |_round| {
        Ok(Round {
            noop: noop.time(frame, RUNS)?,
            netmon: netmon.time(frame, RUNS)?,
            c: c.time(frame, RUNS)?,
            lru: None,
        })
    })
}

/// The same over frames that vary. What varying costs is measured with the program that does nothing, and taken off.
pub fn compare_varied(
    reference: &mut Reference,
    (hook, tracking): (Hook, bool),
    vary: Vary,
    netmon: Runner<'_>,
    frame: &[u8],
) -> Result<Comparison> {
    let Reference { programs, varying } = reference;
    let noop = programs.noop(hook)?;
    let c = programs.same(tracking, hook)?;
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
            c: base + time(c, RUNS, seed)? - varying,
            lru: None,
        })
    })
}

/// So many rounds, and their medians.
pub fn rounds(count: usize, round: impl FnMut(usize) -> Result<Round>) -> Result<Comparison> {
    let rounds: Vec<Round> = (0..count).map(round).collect::<Result<_>>()?;
    Ok(Comparison::of(&rounds))
}

/// The middle value of the quickest third; 0 if there is none.
pub fn quick(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.truncate(values.len().div_ceil(3));
    median(values)
}
