//! README.md, docs/ and the packaged configuration file say what is so: numbers, paths, a printed report.
//!
//! A number is checked by a claim: a phrase with `{}` where the number stands. Wherever the file has the words around `{}`, the program's
//! number must stand between them, and there must be such a place.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use netmon::kernel::version::OLDEST;
use netmon::outlets::limits as outlets;
use netmon::outlets::metrics::SUGGESTED_PORT;
use netmon::{analyze, capture, detect, history};
use netmon_common::limits;
use netmon_common::records::Entry;

/// A file, a phrase of it, and the number that the program goes by.
type Claim = (&'static str, &'static str, String);

fn claim(file: &'static str, phrase: &'static str, number: impl ToString + Copy) -> Claim {
    (file, phrase, number.to_string())
}

/// The same with commas, as docs write large numbers.
fn grouped(file: &'static str, phrase: &'static str, number: impl TryInto<u64>) -> Claim {
    (file, phrase, thousands(number.try_into().ok().unwrap()))
}

/// What the host must have, and the kernel's tables.
fn claims_about_the_kernel() -> Vec<Claim> {
    let destination_bytes = size_of::<Entry>();
    vec![
        claim("README.md", "Linux {} or newer", OLDEST),
        claim("docs/operations.md", "Linux {} or newer)", OLDEST),
        claim("docs/operations.md", "failure: older than Linux {},", OLDEST),
        claim("README.md", "--metrics 127.0.0.1:{}`", SUGGESTED_PORT),
        claim("docs/metrics.md", "--metrics 127.0.0.1:{}`", SUGGESTED_PORT),
        claim("docs/metrics.md", "the help say port {}:", SUGGESTED_PORT),
        claim("docs/operations.md", "127.0.0.1:{}", SUGGESTED_PORT),
        claim("deploy/netmon.toml", "listen = \"127.0.0.1:{}\"", SUGGESTED_PORT),
        claim(
            "docs/metrics.md",
            "At most {} servers on each CPU are timed",
            limits::LATENCY_SERVERS,
        ),
        claim(
            "docs/configuration.md",
            "as `overflow`. {} bytes of kernel memory for each on each CPU",
            destination_bytes,
        ),
        claim(
            "deploy/netmon.toml",
            "counted together. {} bytes of kernel memory for each",
            destination_bytes,
        ),
        claim(
            "netmon/src/cli/run.rs",
            "counted together. Each takes {} bytes of kernel memory on each CPU",
            destination_bytes,
        ),
        claim(
            "deploy/netmon.toml",
            "The DNS ports, at most {}.",
            limits::MAX_DNS_PORTS,
        ),
        grouped(
            "docs/analyze.md",
            "Tables are bounded: {} destinations counted individually",
            limits::DESTINATIONS,
        ),
        grouped(
            "docs/analyze.md",
            "(the rest is `overflow`), {} servers judged at once",
            detect::limits::SERVERS,
        ),
    ]
}

/// What user space keeps, and reads.
fn claims_about_user_space() -> Vec<Claim> {
    vec![
        grouped(
            "docs/analyze.md",
            "| more than {} incidents |",
            analyze::limits::INCIDENTS,
        ),
        grouped(
            "docs/analyze.md",
            "that is not described (at most {} are)",
            capture::limits::INTERFACES,
        ),
        claim(
            "docs/analyze.md",
            "a packet of more than {} KiB is left out",
            capture::limits::PACKET_BYTES >> 10,
        ),
        claim(
            "docs/analyze.md",
            "zstd windows up to {} MiB",
            (1_u64 << capture::limits::ZSTD_WINDOW_LOG) >> 20,
        ),
        grouped(
            "docs/detection.md",
            "netmon tracks {} servers.",
            detect::limits::SERVERS,
        ),
        grouped(
            "docs/detection.md",
            "are counted for {} destinations individually, the rest in total",
            detect::limits::COUNTED_DESTINATIONS,
        ),
        grouped(
            "docs/history.md",
            "active in a minute, the {} most active have",
            history::limits::SERVERS_A_MINUTE,
        ),
        grouped(
            "docs/history.md",
            "of each of at most {} incidents only the newest",
            history::limits::WAITING_INCIDENTS,
        ),
        grouped(
            "docs/history.md",
            "of minutes at most {} rows",
            history::limits::WAITING_ROWS,
        ),
        grouped(
            "docs/history.md",
            "the kernel's table full ({} active destinations)",
            limits::DESTINATIONS,
        ),
        claim(
            "docs/operations.md",
            "and netmon watches at most {}`",
            limits::INTERFACES,
        ),
        claim(
            "docs/operations.md",
            "as far as the ring ({} MiB) held them",
            limits::EVENT_RING_BYTES >> 20,
        ),
        claim(
            "docs/operations.md",
            "names asked for during incidents ({} each)",
            detect::limits::LISTED,
        ),
        grouped(
            "docs/contract.md",
            "- At most {} services that are not remembered",
            detect::limits::STRANGERS,
        ),
        grouped(
            "docs/operations.md",
            "and of these {} that have",
            detect::limits::STRANGERS,
        ),
        grouped(
            "docs/detection.md",
            "Not those of more than {} servers at once",
            detect::limits::STRANGERS,
        ),
        grouped(
            "docs/detection.md",
            "nor of more than {} in all",
            detect::limits::INCIDENTS,
        ),
    ]
}

/// What whoever reads slowly, or asks too often, can take.
fn claims_about_outlets() -> Vec<Claim> {
    let seconds = |file, phrase, time: Duration| claim(file, phrase, time.as_secs());
    vec![
        grouped(
            "docs/operations.md",
            "waits in bounded queues ({} lines or",
            outlets::LINES.items,
        ),
        claim(
            "docs/operations.md",
            "lines or {} MiB each)",
            outlets::LINES.bytes >> 20,
        ),
        claim(
            "docs/operations.md",
            "Of those who scrape metrics {} may be connected",
            outlets::CONNECTIONS,
        ),
        seconds(
            "docs/operations.md",
            "and {} s after the last loss",
            netmon::ongoing::QUIET,
        ),
        seconds(
            "docs/operations.md",
            "standard output gets {} s for what",
            outlets::PRINT_FLUSH,
        ),
        seconds(
            "docs/operations.md",
            "the history {} s, notifications",
            history::limits::STOP_WAIT,
        ),
        seconds("docs/operations.md", "notifications {} s.", outlets::NOTIFY_FLUSH),
        seconds(
            "docs/operations.md",
            "it keeps delivering for up to {} s,",
            outlets::NOTIFY_FLUSH,
        ),
        claim(
            "docs/operations.md",
            "reads at most {} KiB of a request",
            outlets::HEAD_BYTES >> 10,
        ),
        seconds(
            "docs/operations.md",
            "ends a connection after {} s.",
            outlets::LIFETIME,
        ),
        seconds(
            "docs/history.md",
            "log into the file, within {} s.",
            history::limits::STOP_WAIT,
        ),
        claim(
            "docs/metrics.md",
            "| connections at once | {};",
            outlets::CONNECTIONS,
        ),
        seconds(
            "docs/metrics.md",
            "head of a request to arrive | {} s |",
            outlets::HEAD_TIMEOUT,
        ),
        claim(
            "docs/metrics.md",
            "| size of the head | {} KiB",
            outlets::HEAD_BYTES >> 10,
        ),
        seconds(
            "docs/metrics.md",
            "| life of a connection | {} s",
            outlets::LIFETIME,
        ),
        seconds(
            "docs/metrics.md",
            "event loop to answer | {} s",
            outlets::PATIENCE,
        ),
    ]
}

/// As docs write it: 8,192.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join(",")
}

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
    for (file, phrase, number) in [
        claims_about_the_kernel(),
        claims_about_user_space(),
        claims_about_outlets(),
    ]
    .concat()
    {
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
