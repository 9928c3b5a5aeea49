//! `cargo xtask`: the developers' door. This file only reads the command line and calls the task.
//!
//! Each task first makes sure of the tools that it needs, and sets up what is missing. Exit status: 0 done;
//! 1 the task failed; 2 wrong usage; 3 something is missing that only a human can install, and the commands
//! were printed. `run` ends with the status of netmon itself.

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

mod bench;
mod build;
mod chart;
mod conformance;
mod deb;
mod demo;
mod demo_view;
mod dist;
mod executables;
mod find;
mod fuzz;
mod kernels;
mod lint;
mod manual;
mod pages;
mod process;
mod published;
mod remap;
mod run;
mod sbom;
mod setup;
mod shipped;
mod soak;
mod structure;
mod supply_chain;
mod test;
mod toolchain;
mod workspace;

use manual::Manual;
use setup::Task;

/// Tasks for developers of netmon. Each sets up the tools that it needs.
#[derive(Parser)]
#[command(bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    task: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Install the tools that a task needs, and do nothing else
    Setup {
        /// The task to prepare
        #[arg(value_enum, default_value_t = Task::Test)]
        task: Task,
    },
    /// Build netmon, with the kernel objects inside, and say where it is
    Build(build::Options),
    /// Build netmon and run it as root (through sudo if need be)
    Run(run::Options),
    /// Run all tests: those of any user, and as root those in network namespaces
    Test(test::Options),
    /// Run what takes long or sends all that the machine can, one after the other
    Soak(soak::Options),
    /// Check format, clippy on both sides, and the length of files
    Lint,
    /// Re-enact a DNS server that stops, in two network namespaces, and watch it with netmon
    Demo(build::DemoOptions),
    /// Measure the kernel programs, against one that does nothing and one in C, or netmon analyze
    Bench(bench::Options),
    /// Compare how user space, the XDP program and tshark read a directory of captures
    Conformance(conformance::Options),
    /// Build the Debian package
    Deb(deb::Options),
    /// Build static binaries for each processor, packed with all that belongs to them
    Dist(dist::Options),
    /// Check the Helm chart, and what it renders to
    Chart(chart::Options),
    /// Check the licences, sources and versions of all crates, and what is known against them
    SupplyChain,
    /// Run the fuzz targets
    Fuzz(fuzz::Options),
    /// Boot other kernels in QEMU, and run privileged tests in them
    Kernels(kernels::Options),
}

fn main() -> ExitCode {
    match dispatch(Arguments::parse().task) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: error: {error:#}");
            match error.downcast_ref::<Manual>() {
                Some(manual) => {
                    eprint!("{}", manual.instructions());
                    ExitCode::from(3)
                }
                None => ExitCode::FAILURE,
            }
        }
    }
}

fn dispatch(task: Command) -> Result<()> {
    match task {
        Command::Setup { task } => setup::ensure(task),
        Command::Build(options) => build::run(&options),
        Command::Run(options) => run::run(&options),
        Command::Test(options) => test::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Lint => lint::run(),
        Command::Demo(options) => build::demo(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Conformance(options) => conformance::run(&options),
        Command::Deb(options) => deb::run(&options),
        Command::Dist(options) => dist::run(&options),
        Command::Chart(options) => chart::run(&options),
        Command::SupplyChain => supply_chain::run(),
        Command::Fuzz(options) => fuzz::run(&options),
        Command::Kernels(options) => kernels::run(&options),
    }
}
