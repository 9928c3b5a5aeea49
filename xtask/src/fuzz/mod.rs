//! `cargo xtask fuzz`: runs the fuzz targets below `fuzz/`, all for a time or each for a number of inputs, from seeds that it
//! writes.

mod seeds;

use std::process::Command;

use anyhow::{Context as _, Result, bail};
use clap::Args;

use crate::{
    process,
    setup::{self, Task, crates},
    workspace,
};

#[derive(Args)]
pub struct Options {
    /// How long all targets run, one after the other
    #[arg(long, default_value_t = 60, conflicts_with = "runs")]
    seconds: usize,
    /// How many inputs each target gets, instead of a time
    #[arg(long)]
    runs: Option<u64>,
    /// Build without optimisation and without the sanitizer of addresses: in a third of the time, as CI does
    #[arg(long)]
    quick: bool,
    /// Build all targets, and run none
    #[arg(long, conflicts_with_all = ["seconds", "runs", "target"])]
    build: bool,
    /// One target, instead of all
    target: Option<String>,
}

pub fn run(options: &Options) -> Result<()> {
    let directory = workspace::root().join("fuzz");
    if !directory.join("Cargo.toml").exists() {
        bail!(
            "there is nothing to fuzz: {} has no Cargo.toml",
            directory.display()
        );
    }
    setup::ensure(Task::Fuzz)?;
    if options.build {
        return process::run(options.told(&mut cargo_fuzz(), "build"));
    }
    let targets = match &options.target {
        Some(target) => vec![target.clone()],
        None => process::output(cargo_fuzz().arg("list"))?
            .lines()
            .map(str::to_owned)
            .collect(),
    };
    if targets.is_empty() {
        bail!(
            "there is nothing to fuzz: {} names no target",
            directory.display()
        );
    }
    let bound = options.runs.map_or_else(
        || format!("-max_total_time={}", (options.seconds / targets.len()).max(1)),
        |runs| format!("-runs={runs}"),
    );
    for target in &targets {
        seeds::write(target, &directory.join("corpus").join(target))?;
        eprintln!("xtask: fuzzing {target}, {bound}");
        let mut fuzz = cargo_fuzz();
        options.told(&mut fuzz, "run").args([target, "--", &bound]);
        process::run(&mut fuzz).with_context(|| {
            format!(
                "{target} failed; the input is below {}/artifacts",
                directory.display()
            )
        })?;
    }
    println!(
        "{} fuzz targets ran, {bound} each, and none failed",
        targets.len()
    );
    Ok(())
}

impl Options {
    /// Tells cargo-fuzz what to do, and how to build for it.
    fn told<'a>(&self, fuzz: &'a mut Command, what: &str) -> &'a mut Command {
        // The kernel objects lie there: they need not be built once more.
        fuzz.args([what, "--target-dir"]).arg(workspace::target());
        if self.quick {
            fuzz.args(["--dev", "--sanitizer", "none"]);
        }
        fuzz
    }
}

/// cargo-fuzz with a compiler that takes the sanitizer's flags: a nightly, if rustup has one; otherwise the
/// one that runs us, told to.
fn cargo_fuzz() -> Command {
    let program = crates::path("cargo-fuzz");
    let nightly = Command::new("rustup")
        .args(["run", "nightly", "rustc", "--version"])
        .output()
        .is_ok_and(|output| output.status.success());
    let mut command = if nightly {
        let mut command = Command::new("rustup");
        command.args(["run", "nightly"]).arg(program);
        command
    } else {
        let mut command = Command::new(program);
        command.env("RUSTC_BOOTSTRAP", "1");
        command
    };
    for variable in ["CARGO", "RUSTC", "RUSTDOC"] {
        command.env_remove(variable);
    }
    command.arg("fuzz").current_dir(workspace::root());
    command
}
