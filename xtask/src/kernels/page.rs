//! docs/kernel-support.md.

use std::fs;

use anyhow::{Context as _, Result};

use super::{Found, Outcome, checks::CHECKS};
use crate::workspace;

/// Writes the page.
pub fn write(found: &[Found]) -> Result<()> {
    let path = workspace::root().join("docs/kernel-support.md");
    fs::write(&path, page(found)).with_context(|| format!("cannot write {}", path.display()))
}

fn page(found: &[Found]) -> String {
    let mut page = include_str!("page.md").to_owned();
    let row = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let head = found.iter().map(|one| format!("{} ({})", one.name, one.release));
    page += &row(std::iter::once("what is tested".to_owned()).chain(head).collect());
    page += &row(vec!["---".to_owned(); found.len() + 1]);
    for (number, check) in CHECKS.iter().enumerate() {
        let cells = found.iter().map(|one| {
            let outcomes = one.outcomes.get(number).map(Vec::as_slice).unwrap_or_default();
            cell(outcomes).to_owned()
        });
        page += &row(std::iter::once(check.what.to_owned()).chain(cells).collect());
    }
    for one in found.iter().filter(|one| !one.lacks.is_empty()) {
        let lacks: Vec<&str> = one.lacks.iter().map(String::as_str).collect();
        page += &["\n", one.name, ": ", &lacks.join("; "), ".\n"].concat();
    }
    page
}

/// What all tests of a check came to.
fn cell(outcomes: &[Outcome]) -> &'static str {
    let has = |outcome| outcomes.contains(&outcome);
    match (has(Outcome::Failed), has(Outcome::Skipped), outcomes) {
        (true, _, _) => "**fails**",
        (false, true, _) => "as far as the kernel has it",
        (false, false, []) => "not tested",
        (false, false, _) => "yes",
    }
}
