//! docs/dependencies.md says of each crate why it is here.

use std::fs;
use std::path::Path;

#[test]
fn docs_say_of_each_dependency_why_it_is_here() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let read = |file: &str| fs::read_to_string(root.join(file)).unwrap();
    let manifest = read("Cargo.toml");
    let (_, list) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let (list, _) = list.split_once("\n[").unwrap();
    let crates = list.lines().filter_map(|line| Some(line.split_once(" = ")?.0));
    let ours = |name: &&str| name.starts_with("netmon-");
    let mut named: Vec<&str> = crates.filter(|name| !ours(name)).collect();
    let page = read("docs/dependencies.md");
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let mut explained: Vec<&str> = rows.map(|(name, _)| name).collect();
    named.sort_unstable();
    explained.sort_unstable();
    assert_eq!(explained, named);
    for row in page.lines().filter(|line| line.starts_with("| `")) {
        let why = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        assert!(why.ends_with('.'), "there is no reason: {row}");
    }
}

#[test]
fn no_crate_depends_on_anything_that_the_workspace_does_not_list() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for member in [
        "netmon",
        "netmon/testkit",
        "netmon-common",
        "netmon-ebpf",
        "xtask",
    ] {
        let manifest = fs::read_to_string(root.join(member).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = manifest.parse().unwrap();
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for (name, how) in manifest
                .get(kind)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flatten()
            {
                let listed = how.get("workspace").and_then(toml::Value::as_bool);
                assert_eq!(listed, Some(true), "{name} of {member}");
            }
        }
    }
}
