//! Sets up what the tests of the web page drive Chromium with, into `.tools/browser`: packages of npm, by their lock file.

use std::{fs, process::Command};

use anyhow::{Context as _, Result};

use super::say;
use crate::{process, workspace};

const FILES: [&str; 2] = ["package.json", "package-lock.json"];

/// Makes sure that the packages are those of the lock file.
pub fn ensure() -> Result<()> {
    let (from, to) = (
        workspace::root().join("netmon/tests/web"),
        workspace::tools().join("browser"),
    );
    let is_there = |file: &str| {
        let is = fs::read(to.join(file)).ok();
        is.is_some() && is == fs::read(from.join(file)).ok()
    };
    if to.join("node_modules/playwright-core").exists() && FILES.into_iter().all(is_there) {
        return Ok(());
    }
    say("installing playwright-core and axe-core into .tools/browser (some seconds)");
    fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
    for file in FILES {
        fs::copy(from.join(file), to.join(file)).with_context(|| format!("cannot copy {file}"))?;
    }
    process::run(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--silent"])
            .current_dir(&to),
    )
}
