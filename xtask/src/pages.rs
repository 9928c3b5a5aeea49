//! The manual pages and the completions, as netmon writes them itself.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::process;

/// Has this netmon write them into the directory.
pub fn write(netmon: &Path, directory: &Path) -> Result<()> {
    process::run(
        Command::new(netmon)
            .args(["man", "--directory"])
            .arg(directory.join("man")),
    )?;
    let completions = directory.join("completions");
    fs::create_dir_all(&completions).with_context(|| format!("cannot make {}", completions.display()))?;
    for (shell, file) in [("bash", "netmon"), ("zsh", "_netmon"), ("fish", "netmon.fish")] {
        let text = process::output(Command::new(netmon).args(["completions", shell]))?;
        let file = completions.join(file);
        fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}
