//! What netmon costs: its kernel programs against a program that does nothing and against one in C, its maps, its
//! start, its user space, how soon it reports, and what it costs to know who asks. Run by `cargo xtask bench`, as root; it refuses to judge what was not measured in
//! the same run.

mod attack;
mod calls;
mod compare;
mod delay;
mod events;
mod exchanges;
mod frames;
mod growth;
mod loaded;
mod memory;
mod paths;
mod prompt;
mod reference;
mod retire;
mod runner;
mod start;
mod strangers;
mod table;
mod user_space;
mod who;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use netmon_testkit::figures::Figures;

/// Measures netmon, and compares with what it must reach.
#[derive(Parser)]
#[command(bin_name = "cargo xtask bench --")]
struct Options {
    /// Measure only what has all these words in its name
    filter: Vec<String>,
    /// End well also when a figure misses its target
    #[arg(long)]
    no_fail: bool,
    /// What cargo tells every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut figures = Figures::new(&options.filter);
    match measure(&mut figures).and_then(|()| figures.finish()) {
        Ok(are_all_met) if are_all_met || options.no_fail => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("bench: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(figures: &mut Figures<'_>) -> Result<()> {
    paths::measure(figures)?;
    exchanges::measure(figures)?;
    events::measure(figures)?;
    growth::measure(figures)?;
    delay::measure(figures)?;
    memory::measure(figures)?;
    start::measure(figures)?;
    table::measure(figures)?;
    user_space::measure(figures)?;
    prompt::measure(figures)?;
    strangers::measure(figures)?;
    attack::measure(figures)?;
    retire::measure(figures)?;
    who::measure(figures)?;
    calls::measure(figures)
}
