//! README.md, docs/ and the packaged configuration file say what is so: numbers, paths, a printed report.
//!
//! A number is checked by a claim: a phrase with `{}` where the number stands. Wherever the file has the words around `{}`, the program's
//! number must stand between them, and there must be such a place.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use std::fs;
use std::path::Path;
use std::process::Command;

mod claims;

/// The repository.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// The text in one line, without the marks of a comment that goes on.
fn text(file: &str) -> String {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let words = text.lines().flat_map(|line| {
        line.trim_start()
            .trim_start_matches("///")
            .trim_start_matches('#')
            .split_whitespace()
    });
    words.collect::<Vec<&str>>().join(" ")
}

fn number_at_the_start_of(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && !matches!(c, ',' | '.'))
        .unwrap_or(text.len());
    text.split_at(end).0.trim_end_matches([',', '.'])
}

#[test]
fn every_number_in_the_docs_is_that_of_the_program() {
    let mut wrong = Vec::new();
    for (file, phrase, number) in claims::all() {
        let text = text(file);
        let (before, after) = phrase.split_once("{}").unwrap();
        let starts = text
            .match_indices(before)
            .map(|(at, _)| text.split_at(at + before.len()).1);
        let found: Vec<&str> = starts
            .map(|tail| (tail, number_at_the_start_of(tail)))
            .filter(|(tail, found)| !found.is_empty() && tail.split_at(found.len()).1.starts_with(after))
            .map(|(_, found)| found)
            .collect();
        if found.is_empty() {
            wrong.push(format!("{file} no longer says `{phrase}`"));
        }
        for other in found.into_iter().filter(|found| *found != number) {
            wrong.push(format!("{file} says {other} in `{phrase}`, the program {number}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows of the code map in docs/architecture.md: paths from the repository's root. An indented row lies in the
/// directory above it.
fn code_map() -> Vec<String> {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let mut base = String::new();
    let mut paths = Vec::new();
    for row in page.lines().filter_map(|line| line.strip_prefix("| `")) {
        let Some((names, _)) = row.split_once('`') else {
            continue;
        };
        if !names.starts_with(' ') {
            names.split(' ').next().unwrap().clone_into(&mut base);
        }
        // Files beside the first one are named without its folder.
        let mut folder = if names.starts_with(' ') {
            base.clone()
        } else {
            String::new()
        };
        for name in names.split_whitespace() {
            paths.push(format!("{folder}{name}"));
            if let Some((first, file)) = name.rsplit_once('/')
                && !file.is_empty()
            {
                folder = format!("{folder}{first}/");
            }
        }
    }
    paths
}

#[test]
fn the_code_map_names_what_there_is_and_nothing_else() {
    let map = code_map();
    let mut wrong = Vec::new();
    for path in &map {
        if !root().join(path).exists() {
            wrong.push(format!("{path} is in the code map, and does not exist"));
        }
    }
    for source in ["netmon-common/src", "netmon-ebpf/src", "netmon/src"] {
        for entry in fs::read_dir(root().join(source)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let is_named = map.iter().any(|path| {
                let below = path.strip_prefix(source).and_then(|rest| rest.strip_prefix('/'));
                below.is_some_and(|rest| rest.split('/').next() == Some(name.as_str()))
            });
            if !is_named && !["lib.rs", "main.rs"].contains(&name.as_str()) {
                wrong.push(format!("{source}/{name} is not in the code map"));
            }
        }
    }
    assert!(wrong.is_empty(), "docs/architecture.md:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_that_a_recipe_names_exists() {
    let page = fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let (_, recipes) = page.split_once("## Recipes").unwrap();
    let named: Vec<&str> = recipes
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|words| !words.contains(' '))
        .filter(|words| {
            ["netmon", "deploy", "docs", "xtask", "fuzz"]
                .iter()
                .any(|top| words.starts_with(top))
        })
        .filter(|words| words.contains('/'))
        .collect();
    assert!(named.len() > 40, "{named:?}");
    let missing: Vec<&&str> = named.iter().filter(|path| !root().join(path).exists()).collect();
    assert!(missing.is_empty(), "docs/architecture.md names {missing:?}");
}

#[test]
fn the_report_in_the_readme_is_what_netmon_prints() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, rest) = readme.split_once("give this with `netmon ").unwrap();
    let (command, rest) = rest.split_once('`').unwrap();
    let (_, rest) = rest.split_once("```text\n").unwrap();
    let (expected, _) = rest.split_once("```").unwrap();
    let mut netmon = Command::new(env!("CARGO_BIN_EXE_netmon"));
    let output = netmon
        .args(command.split(' '))
        .current_dir(root())
        .env("TZ", "UTC")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.trim_end(), expected.trim_end());
}

#[test]
fn every_test_that_the_page_about_reliability_names_is_there() {
    let page = fs::read_to_string(root().join("docs/reliability.md")).unwrap();
    // The last column of each table.
    let named: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.strip_suffix(" |")?.rsplit(" | ").next())
        .flat_map(|tests| tests.split('`').skip(1).step_by(2))
        .collect();
    let mut sources = String::new();
    read_all(&root().join("netmon/tests"), &mut sources);
    let missing: Vec<&&str> = named
        .iter()
        .filter(|name| !sources.contains(&format!("fn {name}()")))
        .collect();
    assert!(named.len() > 20, "{named:?}");
    assert!(missing.is_empty(), "{missing:?}");
}

/// Adds the text of all files below.
fn read_all(directory: &Path, to: &mut String) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, to);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            to.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
