//! `cargo xtask dist`: netmon as one static binary for each processor, in an archive with all that belongs to it; `--check` shows
//! that it does what it should where it has never been.

use std::{env::consts::ARCH, fs, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::{Args, ValueEnum};

use binary::Place;

use crate::{
    process,
    setup::{self, Task},
    shipped::{TARGETS, Target},
    workspace,
};

mod archive;
mod arm64;
mod binary;
mod bullseye;
mod image;
mod reproduce;
mod roots;
mod rpm;
mod scene;
mod tree;

#[derive(Args)]
pub struct Options {
    /// Only for this processor; for all that netmon is shipped for when none is named
    #[arg(long, value_name = "ARCH")]
    arch: Vec<String>,
    /// Check these things, or all when none is named
    #[arg(long, value_enum, value_name = "WHAT", num_args = 0..)]
    check: Option<Vec<Check>>,
    /// All is built already; for the part of a check that runs as root
    #[arg(long, hide = true)]
    built: bool,
}

/// What can be checked.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Check {
    /// Built again in another folder, with crates in another one: the same bytes
    Reproducible,
    /// In a root of Debian 11: the textbook incident, from captures and live
    Bullseye,
    /// On Debian's kernel for arm64 in QEMU: the textbook incident
    Arm64,
    /// rpmlint; installed, used, upgraded and removed under a systemd
    Rpm,
    /// In a container with three capabilities: the textbook incident
    Image,
}

pub fn run(options: &Options) -> Result<()> {
    if !options.built {
        setup::ensure(Task::Dist)?;
    }
    let targets = chosen(&options.arch)?;
    if let Some(checks) = &options.check {
        let all = Check::value_variants();
        let checks = if checks.is_empty() { all } else { checks };
        return checks
            .iter()
            .try_for_each(|check| check.run(&targets, options.built));
    }
    let mut made = Vec::new();
    for target in &targets {
        let tree = tree::lay_out(target)?;
        made.push(archive::make(&tree)?);
        made.push(rpm::make(target, &tree)?);
        made.push(image::make(target, &tree)?);
    }
    checksums(&made)?;
    for file in made {
        println!("{}", file.display());
    }
    Ok(())
}

impl Check {
    /// Builds as this user, and becomes root for the rest by starting again.
    fn run(self, targets: &[&Target], built: bool) -> Result<()> {
        if self == Self::Reproducible {
            return reproduce::check(targets);
        }
        let target = if self == Self::Arm64 {
            of("aarch64")
        } else {
            of(ARCH)
        }?;
        if !built {
            tree::lay_out(target)?;
            if self == Self::Arm64 {
                Place::here().build(target, "xtask")?;
            }
        }
        if !process::is_root() {
            let xtask = std::env::current_exe().context("cannot find xtask's own executable")?;
            let name = self.to_possible_value().context("each check has a name")?;
            let mut again = process::as_root(xtask)?;
            return process::run(again.args(["dist", "--built", "--check", name.get_name()]));
        }
        let tree = tree::path(target)?;
        match self {
            Self::Reproducible => Ok(()),
            Self::Bullseye => bullseye::check(&tree),
            Self::Arm64 => arm64::check(&tree, &Place::here().path(target, "xtask")),
            Self::Rpm => rpm::check(target, &tree),
            Self::Image => image::check(target, &tree),
        }
    }
}

fn of(arch: &str) -> Result<&'static Target> {
    let target = TARGETS.iter().find(|target| target.arch == arch);
    target.with_context(|| format!("netmon is not shipped for {arch}"))
}

/// Where all that is shipped goes.
pub fn directory() -> Result<PathBuf> {
    let directory = workspace::target().join("dist");
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    Ok(directory)
}

fn chosen(names: &[String]) -> Result<Vec<&'static Target>> {
    if names.is_empty() {
        return Ok(TARGETS.iter().collect());
    }
    names.iter().map(|name| of(name)).collect()
}

/// Writes a file for `sha256sum --check` beside them.
fn checksums(files: &[PathBuf]) -> Result<()> {
    let directory = directory()?;
    let mut sum = std::process::Command::new("sha256sum");
    sum.current_dir(&directory);
    for file in files {
        sum.arg(file.file_name().context("a file has a name")?);
    }
    let sums = process::output(&mut sum)?;
    fs::write(directory.join("SHA256SUMS"), sums).context("cannot write SHA256SUMS")
}
