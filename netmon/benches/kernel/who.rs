//! What it costs packets that netmon knows who asks: the same programs with askers and without, in turn. `calls.rs` has what it
//! costs the processes.

use anyhow::Result;
use netmon_testkit::figures::{Figure, Figures};

use crate::compare::{Added, in_turn};
use crate::exchanges::{self, BLOCK};
use crate::reference::{Programs, Reference, Varying};
use crate::runner::{Hook, Runner};
use crate::{frames, loaded};

/// How much longer a query may take where it leaves.
const QUERY_NS: f64 = 45.0;
/// Other packets take no longer: two programs that are the same differ by so much, because of where they lie in memory.
const NOTHING_NS: f64 = 1.0;
/// How often they are loaded, so that they lie elsewhere each time, and measured each time.
const LOADS: usize = 5;
const ROUNDS_A_LOAD: usize = 15;
/// The same of queries.
const QUERY_LOADS: usize = 15;
const QUERY_ROUNDS: usize = 6;
/// The same of queries at `lo`: they take longer by less than the places of the tables make them differ.
const LOOPBACK_LOADS: usize = 3 * QUERY_LOADS;
/// How often another packet at `lo` is measured.
const ROUNDS: usize = 45;
/// How often a program runs in a round, and before.
const RUNS: u32 = 40_000;
const WARM_UP: u32 = 2_000;

/// What makes a packet.
type Frame = fn() -> Vec<u8>;

/// Packets that have nothing to do with DNS.
const OTHERS: [(&str, Frame); 3] = [
    ("TCP to port 443", frames::tcp_443),
    ("TCP to port 443, IPv6", frames::tcp_443_v6),
    ("UDP, not DNS", frames::udp_443),
];

/// Measures queries where they leave, and other packets at each hook.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    figures.heading("who asks: what packets take longer with askers than without");
    queries(figures)?;
    loopback(figures)?;
    for hook in Hook::ALL {
        others(figures, hook)?;
    }
    Ok(())
}

/// Each query is another exchange, so that what is noted of each lies elsewhere.
fn queries(figures: &mut Figures<'_>) -> Result<()> {
    let name = "who: egress: DNS query, 1,000 waiting";
    if !figures.wants(name) {
        return Ok(());
    }
    let Reference {
        programs,
        mut varying,
    } = Reference::load()?;
    let caller = programs.varying(exchanges::exchanges_of(BLOCK), Hook::Egress)?;
    let mut times = Vec::new();
    // Where their tables lie decides about more than what is measured.
    for _ in 0..QUERY_LOADS {
        let (mut without, mut with) = (loaded::load(true)?, loaded::load_asking()?);
        let both = [
            loaded::at(&mut without, Hook::Egress)?,
            loaded::at(&mut with, Hook::Egress)?,
        ];
        exchanges::is_answered(both)?;
        times.extend(in_turn(QUERY_ROUNDS, |round, with| {
            let program = which(both, with);
            let [query, _answer] = exchanges::time(&mut varying, [caller, program], BLOCK, round)?;
            Ok(query)
        })?);
    }
    figures.take(Added::of(&times).figure(name, Some(QUERY_NS)));
    Ok(())
}

/// On `lo` a program of its own notes from which socket a query leaves, against one that does nothing, and the one where it arrives
/// notes when: what both add counts. Where netmon does not know who asks there is no such program: what it adds to other packets
/// there has no goal but is said.
fn loopback(figures: &mut Figures<'_>) -> Result<()> {
    let [query, other] = ["DNS query", "TCP to port 443"].map(|what| format!("who: lo: {what}"));
    if !figures.wants(&query) && !figures.wants(&other) {
        return Ok(());
    }
    let Reference {
        programs,
        mut varying,
    } = Reference::load()?;
    if figures.wants(&query) {
        let leaving = leaving(&programs, &mut varying)?;
        let arriving = arriving(&programs, &mut varying)?;
        let [leaving, arriving] = [leaving, arriving].map(|times| Added::of(&times).more_ns());
        let figure = Figure::new(&query, leaving + arriving, "ns").at_most(Some(QUERY_NS));
        figures.take(figure.note(format!(
            "{leaving:.1} where it leaves, {arriving:.1} where it arrives"
        )));
    }
    if figures.wants(&other) {
        let noop = programs.noop(Hook::Egress)?;
        let mut with = loaded::load_asking()?;
        let both = [noop, Runner::Tc(with.loopback()?)];
        let times = same(both, &frames::tcp_443(), ROUNDS)?;
        figures.take(Added::of(&times).figure(&other, None));
    }
    Ok(())
}

/// What a query takes where it leaves by `lo`.
fn leaving(programs: &Programs, varying: &mut Varying) -> Result<Vec<[f64; 2]>> {
    let noop = programs.noop(Hook::Egress)?;
    let caller = programs.varying(exchanges::exchanges_of(BLOCK), Hook::Egress)?;
    let mut times = Vec::new();
    for _ in 0..LOOPBACK_LOADS {
        let mut with = loaded::load_asking()?;
        let both = [noop, Runner::Tc(with.loopback()?)];
        times.extend(in_turn(QUERY_ROUNDS, |round, is_with| {
            let program = which(both, is_with);
            let [query, _answer] = exchanges::time(varying, [caller, program], BLOCK, round)?;
            Ok(query)
        })?);
    }
    Ok(times)
}

/// What a query takes where it arrives by `lo`, after it has left.
fn arriving(programs: &Programs, varying: &mut Varying) -> Result<Vec<[f64; 2]>> {
    let [leaving, arriving] =
        [Hook::Egress, Hook::Ingress].map(|hook| programs.varying(exchanges::exchanges_of(BLOCK), hook));
    let (leaving, arriving) = (leaving?, arriving?);
    let mut times = Vec::new();
    for _ in 0..LOOPBACK_LOADS {
        let (mut without, mut with) = (loaded::load(true)?, loaded::load_asking()?);
        for kernel in [&mut without, &mut with] {
            exchanges::is_answered([loaded::at(kernel, Hook::Ingress)?; 2])?;
        }
        times.extend(in_turn(QUERY_ROUNDS, |round, is_with| {
            let kernel = if is_with { &mut with } else { &mut without };
            // Of both, so that both find the processor's caches the same.
            let leaves = [leaving, Runner::Tc(kernel.loopback()?)];
            exchanges::time(varying, leaves, BLOCK, round)?;
            let arrives = [arriving, loaded::at(kernel, Hook::Ingress)?];
            let [query, _answer] = exchanges::time(varying, arrives, BLOCK, round)?;
            Ok(query)
        })?);
    }
    Ok(times)
}

fn others(figures: &mut Figures<'_>, hook: Hook) -> Result<()> {
    let cases = OTHERS.map(|(what, frame)| (format!("who: {}: {what}", hook.name()), frame()));
    if !cases.iter().any(|(name, _)| figures.wants(name)) {
        return Ok(());
    }
    let mut all: [Vec<[f64; 2]>; OTHERS.len()] = Default::default();
    for _ in 0..LOADS {
        let (mut without, mut with) = (loaded::load(true)?, loaded::load_asking()?);
        let both = [loaded::at(&mut without, hook)?, loaded::at(&mut with, hook)?];
        for ((_, frame), times) in cases.iter().zip(&mut all) {
            times.extend(same(both, frame, ROUNDS_A_LOAD)?);
        }
    }
    for ((name, _), times) in cases.iter().zip(&all) {
        if figures.wants(name) {
            figures.take(Added::of(times).figure(name, Some(NOTHING_NS)));
        }
    }
    Ok(())
}

/// The same packet again and again.
fn same(both: [Runner<'_>; 2], frame: &[u8], count: usize) -> Result<Vec<[f64; 2]>> {
    for program in both {
        program.run(frame, WARM_UP)?;
    }
    in_turn(count, |_round, with| which(both, with).time(frame, RUNS))
}

/// The program with askers, or without.
const fn which([without, with]: [Runner<'_>; 2], is_with: bool) -> Runner<'_> {
    if is_with { with } else { without }
}
