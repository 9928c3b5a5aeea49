//! Builds netmon a second time, from a copy of the sources in another folder, with crates in another one, and compares bytes.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result, bail};

use super::{Target, binary::Place};
use crate::{process, workspace};

/// What must be the same: the binary, and the kernel programs inside it.
pub fn check(targets: &[&Target]) -> Result<()> {
    let elsewhere = tempfile::Builder::new()
        .prefix("netmon-built-elsewhere-")
        .tempdir()
        .context("cannot make a directory")?;
    let place = Place {
        sources: elsewhere.path().join("sources"),
        target: elsewhere.path().join("built"),
        cargo_home: Some(elsewhere.path().join("crates")),
    };
    copy_sources(&place.sources)?;
    let mut differ = Vec::new();
    for target in targets {
        let here = Place::here().build(target, "netmon")?;
        let there = place.build(target, "netmon")?;
        for file in ["netmon-ebpf", "netmon-ebpf-log", "netmon"] {
            let of = |place: &Place, binary: &Path| {
                let path = if file == "netmon" {
                    binary.to_owned()
                } else {
                    object(&place.target, target, file)?
                };
                sum(&path)
            };
            let (first, second) = (of(&Place::here(), &here)?, of(&place, &there)?);
            let word = if first == second { "the same" } else { "DIFFERENT" };
            println!("{} {file}: {word}\n  {first}\n  {second}", target.arch);
            if first != second {
                differ.push(format!("{file} for {}", target.arch));
            }
        }
    }
    if !differ.is_empty() {
        bail!("two builds differ: {}", differ.join(", "));
    }
    Ok(())
}

/// The files that git knows, as they are now, and new ones that it does not ignore.
fn copy_sources(to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| format!("cannot make {}", to.display()))?;
    let script = "git ls-files -z --cached --others --exclude-standard --deduplicate | \
                  xargs -0 ls -d 2>/dev/null | cpio --quiet --pass-through --make-directories \"$0\"";
    let mut copy = Command::new("sh");
    copy.args(["-c", script]).arg(to).current_dir(workspace::root());
    process::run(&mut copy)
}

/// A kernel object of a build: the newest, where older builds have left theirs.
fn object(target_directory: &Path, target: &Target, name: &str) -> Result<std::path::PathBuf> {
    let builds = target_directory.join(target.triple).join("shipped/build");
    let entries = fs::read_dir(&builds).with_context(|| format!("cannot read {}", builds.display()))?;
    let mut objects = Vec::new();
    for entry in entries {
        let path = entry?.path().join("out").join(name);
        if let Ok(written) = path.metadata().and_then(|metadata| metadata.modified()) {
            objects.push((written, path));
        }
    }
    objects.sort_unstable();
    let (_, newest) = objects
        .pop()
        .with_context(|| format!("there is no {name} below {}", builds.display()))?;
    Ok(newest)
}

fn sum(file: &Path) -> Result<String> {
    let printed = process::output(Command::new("sha256sum").arg(file))?;
    Ok(printed.trim().to_owned())
}
