//! `cargo xtask bench`: what the kernel programs cost, against a program that does nothing and one in C; and
//! `cargo xtask bench analyze`: what analysing captures costs, against tcpdump and tshark; `cargo xtask bench views`: what
//! looking costs; `cargo xtask bench who`: what it costs to know who asks; `cargo xtask bench live`: what it costs beside other
//! monitors. `--all` makes docs/performance.md of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};
use netmon_testkit::figures::FILE;

use crate::{
    executables::{self, Executable},
    process,
    published::{Axes, Page, Scale},
    setup::{self, Task},
    workspace,
};

/// docs/performance.md.
const PAGE: Page = Page {
    name: "performance",
    text: include_str!("page.md"),
    plots: &[
        (
            "growth",
            Axes {
                x: "destinations that are asked",
                x_scale: Scale::Log,
                y: "ns added to a query",
                y_scale: Scale::Linear,
            },
        ),
        (
            "missed",
            Axes {
                x: "messages a second",
                x_scale: Scale::Log,
                y: "% missed",
                y_scale: Scale::Linear,
            },
        ),
        (
            "processor",
            Axes {
                x: "messages a second",
                x_scale: Scale::Log,
                y: "ns of a processor, a message",
                y_scale: Scale::Log,
            },
        ),
    ],
};

#[derive(Args)]
pub struct Options {
    /// What to measure
    #[arg(value_enum, default_value_t = What::Kernel)]
    what: What,
    /// Measure the kernel programs, analyze and live, and write docs/performance.md and its plots
    #[arg(long, conflicts_with_all = ["what", "arguments"])]
    all: bool,
    /// What the benchmark is given
    #[arg(last = true, value_name = "BENCH ARGUMENTS")]
    arguments: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// The kernel programs, their maps, and netmon run
    Kernel,
    /// netmon analyze
    Analyze,
    /// Terminals, pages and event streams beside ten thousand servers
    Views,
    /// Of the kernel programs, what it costs packets and calls that netmon knows who asks
    Who,
    /// netmon beside other monitors, on one interface
    Live,
}

/// Where figures are written, and whatever else a benchmark is told.
struct Told<'a> {
    words: &'a [&'a str],
    arguments: &'a [String],
    figures: Option<&'a Path>,
}

pub fn run(options: &Options) -> Result<()> {
    setup::ensure(match options.what {
        What::Views => Task::Test,
        What::Kernel | What::Analyze | What::Who | What::Live => Task::Bench,
    })?;
    if options.all {
        return all();
    }
    let told = |words| Told {
        words,
        arguments: &options.arguments,
        figures: None,
    };
    match options.what {
        What::Kernel => as_root("kernel", &told(&[]), reference()?),
        // All figures about it have that word in their names.
        What::Who => as_root("kernel", &told(&["who:"]), reference()?),
        What::Analyze => analyze(&told(&[])),
        What::Live => as_root("live", &told(&[]), None),
        What::Views => as_root("views", &told(&[]), None),
    }
}

/// Measures all that docs/performance.md tells of, and writes it. A figure that misses its goal is told like any other.
fn all() -> Result<()> {
    let figures = PAGE.figures()?;
    let told = |words| Told {
        words,
        arguments: &[],
        figures: Some(&figures),
    };
    as_root("live", &told(&[]), None)?;
    as_root("kernel", &told(&["--no-fail"]), reference()?)?;
    analyze(&told(&["--no-fail"]))?;
    PAGE.write(&figures)
}

/// Needs no rights.
fn analyze(told: &Told<'_>) -> Result<()> {
    let bench = build("analyze")?;
    run_told(Command::new(&bench.path), &bench, told)
}

/// Runs a benchmark with these words of its figures' names, and what the user adds.
fn as_root(name: &'static str, told: &Told<'_>, reference: Option<PathBuf>) -> Result<()> {
    // Built by this user, run by root: cargo as root would leave files in target/ that are root's.
    let bench = build(name)?;
    let mut command = process::as_root(&bench.path)?;
    if let Some(object) = reference {
        command.env("NETMON_REFERENCE_OBJECT", object);
    }
    run_told(command, &bench, told)
}

fn build(name: &'static str) -> Result<Executable> {
    executables::build_one(
        &["bench", "--package", "netmon", "--bench", name, "--no-run"],
        name,
    )
}

fn run_told(mut command: Command, bench: &Executable, told: &Told<'_>) -> Result<()> {
    command
        .arg("--bench")
        .args(told.words)
        .args(told.arguments)
        .current_dir(&bench.package);
    if let Some(figures) = told.figures {
        command.env(FILE, figures);
    }
    process::run(&mut command)
}

/// Compiles the same programs in C, to compare with, by the LLVM and for the processor that netmon's are made by and for
/// (`netmon/build.rs`). Without their source there is nothing to compare.
fn reference() -> Result<Option<PathBuf>> {
    let source = workspace::root().join("netmon/benches/reference.c");
    if !source.exists() {
        return Ok(None);
    }
    let directory = workspace::target().join("xtask");
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let object = directory.join("reference.o");
    let mut clang = Command::new("clang-22");
    // For BPF clang does not look where Debian keeps the headers of the machine (asm/types.h).
    let headers = format!("/usr/include/{}-linux-gnu", std::env::consts::ARCH);
    clang.args([
        "-O2", "-g", "-Wall", "-Werror", "-target", "bpf", "-mcpu=v3", "-I", &headers, "-c",
    ]);
    process::run(clang.arg(&source).arg("-o").arg(&object))?;
    Ok(Some(object))
}
