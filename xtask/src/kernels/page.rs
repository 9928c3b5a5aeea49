//! docs/kernel-support.md: a column for each kernel. A run writes those of its own kernels; the others stay as they were measured, with
//! the commit and the day.

use std::{collections::BTreeMap, fs};

use anyhow::{Context as _, Result};

use super::{Found, Outcome, checks::CHECKS, debian::RELEASES};
use crate::workspace;

/// What stands above the table.
const HEAD: &str = include_str!("page.md");

/// The first cells of the rows that are no checks.
const KERNEL: &str = "kernel";
const RELEASE: &str = "Linux";
const NETMON: &str = "netmon";
/// What stands below the first row.
const RULE: &str = "---";
const NOT_TESTED: &str = "not tested yet";

/// A kernel, and what was found in it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Column {
    name: String,
    /// By the first cell of the row.
    cells: BTreeMap<String, String>,
    /// What the kernel lacks, as tests said it.
    lacks: String,
}

/// Writes the page anew, with what was found of that netmon.
pub fn write(found: &[Found], netmon: &str) -> Result<()> {
    let path = workspace::root().join("docs/kernel-support.md");
    let before = if path.exists() {
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?
    } else {
        String::new()
    };
    let new: Vec<Column> = found.iter().map(|one| column(one, netmon)).collect();
    let page = page(&merged(columns(&before), new));
    fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))
}

/// The columns of a page that was written before.
fn columns(page: &str) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let cells = |row: &str| -> Option<Vec<String>> {
        let row = row.strip_prefix("| ")?.strip_suffix(" |")?;
        Some(row.split(" | ").map(str::to_owned).collect())
    };
    for row in page.lines().filter_map(cells) {
        let Some((what, cells)) = row.split_first() else {
            continue;
        };
        if what == KERNEL {
            columns.extend(cells.iter().map(|name| Column {
                name: name.clone(),
                cells: BTreeMap::new(),
                lacks: String::new(),
            }));
            continue;
        }
        let is_ruled = what == RULE;
        for (column, cell) in columns.iter_mut().zip(cells).filter(|_| !is_ruled) {
            column.cells.insert(what.clone(), cell.clone());
        }
    }
    for column in &mut columns {
        let start = format!("{} lacks: ", column.name);
        let lacks = page.lines().find_map(|line| line.strip_prefix(&start));
        lacks.unwrap_or_default().clone_into(&mut column.lacks);
    }
    columns
}

/// Those of before, where nothing new is known of the kernel; oldest kernels first.
fn merged(before: Vec<Column>, new: Vec<Column>) -> Vec<Column> {
    let is_known = |name: &str| new.iter().any(|column| column.name == name);
    let mut all: Vec<Column> = before
        .into_iter()
        .filter(|column| !is_known(&column.name))
        .collect();
    all.extend(new);
    all.sort_by_key(|column| RELEASES.iter().position(|release| release.name == column.name));
    all
}

fn column(found: &Found, netmon: &str) -> Column {
    let mut cells = BTreeMap::from([
        (RELEASE.to_owned(), found.release.clone()),
        (NETMON.to_owned(), netmon.to_owned()),
    ]);
    for (check, outcomes) in CHECKS.iter().zip(&found.outcomes) {
        cells.insert(check.what.to_owned(), cell(outcomes).to_owned());
    }
    let lacks: Vec<&str> = found.lacks.iter().map(String::as_str).collect();
    Column {
        name: found.name.to_owned(),
        cells,
        lacks: lacks.join("; "),
    }
}

fn page(columns: &[Column]) -> String {
    let row = |first: &str, cells: Vec<&str>| format!("| {first} | {} |\n", cells.join(" | "));
    let mut lines = vec![
        HEAD.to_owned(),
        row(
            KERNEL,
            columns.iter().map(|column| column.name.as_str()).collect(),
        ),
        row(RULE, vec![RULE; columns.len()]),
    ];
    let checks = CHECKS.iter().map(|check| check.what);
    for what in [RELEASE, NETMON].into_iter().chain(checks) {
        let cells = columns
            .iter()
            .map(|column| column.cells.get(what).map_or(NOT_TESTED, String::as_str));
        lines.push(row(what, cells.collect()));
    }
    let lacking = columns.iter().filter(|column| !column.lacks.is_empty());
    lines.extend(lacking.map(|column| format!("\n{} lacks: {}\n", column.name, column.lacks)));
    lines.concat()
}

/// What all tests of a check came to.
fn cell(outcomes: &[Outcome]) -> &'static str {
    let has = |outcome| outcomes.contains(&outcome);
    match (has(Outcome::Failed), has(Outcome::Skipped), outcomes) {
        (true, _, _) => "**fails**",
        (false, true, _) => "as far as the kernel has it",
        (false, false, []) => NOT_TESTED,
        (false, false, _) => "yes",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &'static str, outcome: Outcome) -> Found {
        Found {
            name,
            release: format!("{name}.0-amd64"),
            outcomes: vec![vec![outcome, Outcome::Passed]; CHECKS.len()],
            lacks: ["it has no XDP on veth.", "it has no tcx"]
                .map(str::to_owned)
                .into(),
        }
    }

    #[test]
    fn a_page_that_was_written_is_read_back_and_each_run_changes_its_own_kernels() {
        let old = column(&found("6.12", Outcome::Failed), "commit a, 30 November 2026");
        let kept = column(&found("5.10", Outcome::Skipped), "commit a, 30 November 2026");
        let first = page(&merged(Vec::new(), vec![old.clone(), kept.clone()]));
        assert_eq!(columns(&first), [kept.clone(), old]);
        let new = column(&found("6.12", Outcome::Passed), "commit b, 1 December 2026");
        let newest = column(&found("sid", Outcome::Passed), "commit b, 1 December 2026");
        let second = page(&merged(columns(&first), vec![newest.clone(), new.clone()]));
        assert_eq!(columns(&second), [kept, new, newest]);
    }

    #[test]
    fn a_check_that_is_newer_than_a_column_was_not_tested_there() {
        let mut old = column(&found("6.1", Outcome::Passed), "commit a");
        old.cells.remove(CHECKS[0].what);
        let again = columns(&page(&[old]));
        assert_eq!(
            again[0].cells.get(CHECKS[0].what).map(String::as_str),
            Some(NOT_TESTED)
        );
        assert_eq!(
            again[0].cells.get(CHECKS[1].what).map(String::as_str),
            Some("yes")
        );
    }
}
