//! `cargo xtask deb`: the Debian package, with manual pages and completions; `--check` also installs it on a machine of its
//! own, upgrades it, removes and purges it, under a real systemd.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};
use clap::Args;

use crate::{
    build, pages,
    process::{self, as_root},
    sbom,
    setup::{self, Task, crates},
    workspace,
};

mod check;
pub mod machine;

#[derive(Args)]
pub struct Options {
    /// Also look at the package with lintian and systemd-analyze, and install, upgrade and remove it (as root)
    #[arg(long)]
    check: bool,
    /// A package that is built already; for the part of the check that runs as root
    #[arg(long, hide = true)]
    package: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<()> {
    if let Some(package) = &options.package {
        return check::installed(package);
    }
    setup::ensure(Task::Deb)?;
    let package = package()?;
    if options.check {
        check::package(&package)?;
        let xtask = std::env::current_exe().context("cannot find xtask's own executable")?;
        process::run(as_root(xtask)?.args(["deb", "--package"]).arg(&package))?;
    }
    println!("{}", package.display());
    Ok(())
}

/// Builds the package, and says where it is.
fn package() -> Result<PathBuf> {
    build::netmon(true)?;
    // cargo-deb finds it there, wherever cargo's target directory is.
    let pages = workspace::target().join("release/package");
    if pages.exists() {
        fs::remove_dir_all(&pages).with_context(|| format!("cannot remove {}", pages.display()))?;
    }
    pages::write(&workspace::target().join("release/netmon"), &pages)?;
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    sbom::write(&pages.join("sbom"), &target)?;
    let mut cargo_deb = crates::command("cargo-deb");
    cargo_deb
        .args(["--no-build", "--quiet", "--package", "netmon", "--output"])
        .arg(workspace::target().join("debian/"));
    // It prints the package's path, and nothing else.
    let printed = process::output(&mut cargo_deb)?;
    let path = printed.lines().last().context("cargo-deb names no package")?;
    Ok(PathBuf::from(path.trim()))
}
