//! Whether files import only what they may: `cargo xtask lint` fails on an import that runs against the direction that
//! docs/architecture.md states, and on files that import each other in a circle.

mod graph;
mod paths;
mod rules;
mod tree;

#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use anyhow::{Result, bail};

use crate::workspace;
use graph::{Edge, Import, To};
use tree::Tree;

/// The root files of the crates that are looked at, and what is looked at in each.
const CRATES: &[&str] = &[
    "netmon/src/lib.rs",
    "netmon/src/main.rs",
    "netmon/testkit/src/lib.rs",
    "netmon-common/src/lib.rs",
    "netmon-ebpf/src/main.rs",
    "xtask/src/main.rs",
];

/// A file, and what it should not import or use.
type Fault = (String, String);

/// What was found in one or several crates.
#[derive(Default)]
struct Findings {
    /// Imports and words that break a rule, each with the message that says so.
    against: BTreeMap<Fault, String>,
    /// Which file imports which.
    edges: BTreeSet<Edge>,
}

/// Looks at all crates, and prints what breaks a rule.
pub fn check() -> Result<()> {
    let mut findings = Findings::default();
    for root in CRATES {
        findings.examine(workspace::root(), root)?;
    }
    let wrong = findings.judge();
    for line in &wrong {
        eprintln!("{line}");
    }
    if !wrong.is_empty() {
        bail!("{} imports are wrong", wrong.len());
    }
    Ok(())
}

impl Findings {
    /// Reads a crate.
    fn examine(&mut self, workspace: &Path, root: &str) -> Result<()> {
        let tree = Tree::read(&workspace.join(root))?;
        let short = |file: &Path| file.strip_prefix(workspace).unwrap_or(file).to_owned();
        for (Import { from, to }, how) in graph::imports(&tree) {
            let from = short(&from);
            let to = match to {
                To::File(file) => To::File(short(&file)),
                To::Crate(name) => To::Crate(name),
            };
            if let Some((what, why)) = rules::against(&from, &to) {
                let words = format!("{}:{}: imports {what}: {why}", from.display(), how.line);
                self.against.insert((text(&from), what), words);
            }
            // A part and its whole are one idea in several files, and know each other.
            if let To::File(to) = to
                && !how.is_of_whole
            {
                self.edges.insert((text(&from), text(&to)));
            }
        }
        for module in &tree.modules {
            let file = short(&module.file);
            for (word, line) in &module.words {
                if let Some(why) = rules::against_word(&file, word) {
                    let words = format!("{}:{line}: uses {word}: {why}", file.display());
                    self.against.insert((text(&file), word.clone()), words);
                }
            }
        }
        Ok(())
    }

    /// What is wrong.
    fn judge(&self) -> Vec<String> {
        let mut wrong: Vec<String> = self.against.values().cloned().collect();
        let circles = graph::circles(self.edges.clone());
        wrong.extend(
            circles
                .iter()
                .map(|circle| format!("a circle of imports: {}", circle.join(" -> "))),
        );
        wrong
    }
}

fn text(file: &Path) -> String {
    file.display().to_string()
}
