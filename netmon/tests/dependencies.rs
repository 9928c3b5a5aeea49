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
}
