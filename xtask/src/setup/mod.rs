//! Set-up: makes sure of the tools that a task needs, and installs what is missing.
//!
//! It looks first, cheaply; when everything is there it prints nothing. What it does it says, one line
//! each. It never removes a package, touches no file outside of the workspace but through apt and rustup,
//! and where it cannot go on it prints the commands and gives up (`Manual`).

mod apt;
mod bpffs;
mod browser;
mod clippy;
mod compiler;
pub mod crates;
mod linker;
mod packages;
pub mod python;
mod resolved;
mod targets;

use anyhow::Result;
use clap::ValueEnum;

use apt::Apt;

/// What is to be done, as far as set-up is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Task {
    Build,
    Run,
    Test,
    Lint,
    Demo,
    Bench,
    Conformance,
    Fuzz,
    Deb,
    Dist,
    Kernels,
    SupplyChain,
    Chart,
}

/// Makes sure of everything that the task needs.
pub fn ensure(task: Task) -> Result<()> {
    let mut apt = Apt::default();
    if !matches!(task, Task::SupplyChain | Task::Chart) {
        let toolchain = compiler::ensure(&mut apt)?;
        linker::ensure(&mut apt)?;
        if task == Task::Lint {
            clippy::ensure(&toolchain, &mut apt)?;
        }
    }
    packages::ensure(task, &mut apt)?;
    crates::ensure(task)?;
    python::ensure(task)?;
    match task {
        Task::Test => {
            bpffs::ensure()?;
            resolved::ensure(&mut apt)?;
            browser::ensure()
        }
        Task::Dist => targets::ensure(),
        _ => Ok(()),
    }
}

/// Says what set-up is about to do.
fn say(what: impl std::fmt::Display) {
    eprintln!("xtask: set-up: {what}");
}
