//! Root file systems of other Debians: unpacked, never installed, so that none of their programs has to run.

use std::{fs, path::PathBuf, process::Command};

use anyhow::{Context as _, Result};

use crate::{process, workspace};

const MIRROR: &str = "http://deb.debian.org/debian";

/// A Debian.
pub struct Root {
    /// What it is called here.
    pub name: &'static str,
    /// Its suite.
    pub suite: &'static str,
    /// As dpkg calls its processor.
    pub architecture: &'static str,
    /// What is unpacked, with all that it depends on.
    pub packages: &'static str,
}

impl Root {
    /// Unpacks it, unless it is there.
    pub fn unpacked(&self) -> Result<PathBuf> {
        let parent = workspace::target().join("dist/roots");
        let root = parent.join(self.name);
        if root.exists() {
            return Ok(root);
        }
        eprintln!(
            "xtask: dist: unpacking Debian {} for {}",
            self.suite, self.architecture
        );
        let unfinished = parent.join(format!("{}.new", self.name));
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)
                .with_context(|| format!("cannot remove {}", unfinished.display()))?;
        }
        fs::create_dir_all(&parent).with_context(|| format!("cannot make {}", parent.display()))?;
        let mut mmdebstrap = Command::new("mmdebstrap");
        mmdebstrap
            .args(["--quiet", "--variant=extract"])
            .arg(format!("--architectures={}", self.architecture))
            .arg(format!("--include={}", self.packages))
            .arg(self.suite)
            .arg(&unfinished)
            .arg(MIRROR);
        process::run(&mut mmdebstrap)?;
        fs::rename(&unfinished, &root).with_context(|| format!("cannot rename {}", unfinished.display()))?;
        Ok(root)
    }
}
