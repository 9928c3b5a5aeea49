//! All that is shipped for one processor, laid out in a directory, from which everything is packed.

use std::{
    env::consts::ARCH,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::{Target, binary::Place, directory, of};
use crate::{pages, sbom, workspace};

/// Files of the workspace, and where they are in the archive.
const FILES: [(&str, &str); 8] = [
    ("README.md", ""),
    ("CHANGELOG.md", ""),
    ("LICENSE-APACHE", ""),
    ("LICENSE-MIT", ""),
    ("deploy/netmon.toml", ""),
    ("deploy/systemd/netmon.service", "systemd"),
    ("deploy/systemd/netmon.sysusers", "systemd"),
    ("deploy/systemd/netmon.tmpfiles", "systemd"),
];

/// The directory.
pub fn path(target: &Target) -> Result<PathBuf> {
    let name = format!("netmon-{}-{}-linux", env!("CARGO_PKG_VERSION"), target.arch);
    Ok(directory()?.join(name))
}

/// Builds netmon, and lays it out with all that belongs to it.
pub fn lay_out(target: &Target) -> Result<PathBuf> {
    let binary = Place::here().build(target, "netmon")?;
    // Only the one for this processor can write its pages.
    let runs_here = Place::here().build(of(ARCH)?, "netmon")?;
    let root = path(target)?;
    if root.exists() {
        fs::remove_dir_all(&root).with_context(|| format!("cannot remove {}", root.display()))?;
    }
    copy(&binary, &root)?;
    for (file, part) in FILES {
        copy(&workspace::root().join(file), &root.join(part))?;
    }
    pages::write(&runs_here, &root)?;
    sbom::write(&root.join("sbom"), target.triple)?;
    Ok(root)
}

fn copy(file: &Path, into: &Path) -> Result<()> {
    fs::create_dir_all(into).with_context(|| format!("cannot make {}", into.display()))?;
    let name = file.file_name().context("a file has a name")?;
    fs::copy(file, into.join(name)).with_context(|| format!("cannot copy {}", file.display()))?;
    Ok(())
}
