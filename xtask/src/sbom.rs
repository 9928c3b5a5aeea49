//! What netmon is made of, for the packages: `CycloneDX`, one document for the program and one for its kernel programs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::{process, setup::crates, workspace};

/// The crates that are shipped.
const SHIPPED: [&str; 2] = ["netmon", "netmon-ebpf"];

/// Writes the documents for a target of rustc into the directory.
pub fn write(directory: &Path, target: &str) -> Result<()> {
    fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let mut cyclonedx = crates::command("cargo-cyclonedx");
    cyclonedx
        .args([
            "cyclonedx",
            "--quiet",
            "--format",
            "json",
            "--spec-version",
            "1.5",
        ])
        .args(["--no-build-deps", "--target", target])
        .env("SOURCE_DATE_EPOCH", workspace::epoch()?);
    process::run(&mut cyclonedx)?;
    // It leaves one beside the manifest of each member of the workspace.
    for member in members()? {
        let name = member
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        for entry in fs::read_dir(&member).with_context(|| format!("cannot read {}", member.display()))? {
            let document = entry?.path();
            if !document.to_string_lossy().ends_with(".cdx.json") {
                continue;
            }
            if SHIPPED.contains(&name.as_str()) {
                let text = fs::read_to_string(&document).context("cannot read a document")?;
                // Where this workspace lies is nobody's business, and another one must make the same document.
                let text = text.replace(&workspace::root().display().to_string(), "/netmon");
                fs::write(directory.join(format!("{name}.cdx.json")), text)
                    .context("cannot write a document")?;
            }
            fs::remove_file(&document).with_context(|| format!("cannot remove {}", document.display()))?;
        }
    }
    Ok(())
}

/// The directories of the workspace's members.
fn members() -> Result<Vec<PathBuf>> {
    let metadata =
        process::output(workspace::cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
    let metadata: Value = serde_json::from_str(&metadata).context("cargo prints no JSON")?;
    let packages = metadata.get("packages").and_then(Value::as_array);
    let manifest = |package: &Value| {
        Some(
            Path::new(package.get("manifest_path")?.as_str()?)
                .parent()?
                .to_owned(),
        )
    };
    Ok(packages.into_iter().flatten().filter_map(manifest).collect())
}
