//! The one table of tools from crates.io: what a task starts, built into `.tools/`.

use std::{path::PathBuf, process::Command};

use anyhow::Result;

use super::{
    Task,
    Task::{Deb, Dist, Fuzz, SupplyChain},
    linker, say,
};
use crate::{process, workspace};

/// A cargo subcommand.
struct Tool {
    name: &'static str,
    version: &'static str,
    tasks: &'static [Task],
}

const TOOLS: [Tool; 4] = [
    tool("cargo-fuzz", "0.13.2", &[Fuzz]),
    tool("cargo-deb", "3.8.0", &[Deb]),
    // Lists what the packages hold (CycloneDX).
    tool("cargo-cyclonedx", "0.5.9", &[Deb, Dist]),
    // Judges licences, sources, duplicates and advisories.
    tool("cargo-deny", "0.20.2", &[SupplyChain]),
];

const fn tool(name: &'static str, version: &'static str, tasks: &'static [Task]) -> Tool {
    Tool { name, version, tasks }
}

/// Builds those that the task needs and that are not there in their version.
pub fn ensure(task: Task) -> Result<()> {
    for Tool { name, version, .. } in TOOLS.iter().filter(|tool| tool.tasks.contains(&task)) {
        if is_there(name, version) {
            continue;
        }
        say(format!(
            "building {name} {version} into .tools/ (a minute or more)"
        ));
        let mut install = linker::install(name, version);
        // They run for seconds: nobody wins the minutes that their authors' optimisation takes.
        for (setting, value) in [("OPT_LEVEL", "1"), ("LTO", "off"), ("CODEGEN_UNITS", "16")] {
            install.env(format!("CARGO_PROFILE_RELEASE_{setting}"), value);
        }
        process::run(&mut install)?;
    }
    Ok(())
}

/// Whether cargo has installed it there: not each of them says its version.
fn is_there(name: &str, version: &str) -> bool {
    let record = std::fs::read_to_string(workspace::tools().join(".crates.toml")).unwrap_or_default();
    record.contains(&format!("\"{name} {version} (")) && path(name).exists()
}

/// Where the tool is.
pub fn path(name: &str) -> PathBuf {
    workspace::tools().join("bin").join(name)
}

/// The tool, ready for arguments.
pub fn command(name: &str) -> Command {
    let mut command = Command::new(path(name));
    command.current_dir(workspace::root());
    command
}
