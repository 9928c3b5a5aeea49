//! The numbers in README.md, docs/ and the packaged configuration file are those of the program.
//!
//! Each claim is a phrase with `{}` where the number stands. Wherever the file has the words around `{}`, the program's
//! number must stand between them, and there must be such a place.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use std::fs;
use std::path::Path;

use netmon::kernel::version::OLDEST;
use netmon::report::metrics::SUGGESTED_PORT;
use netmon::{analyze, capture, detect, history};
use netmon_common::limits;
use netmon_common::records::Destination;

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
    let destination_bytes = size_of::<Destination>();
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
            detect::limits::UNSOLICITED_DESTINATIONS,
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

/// The text in one line, without the marks of a comment that goes on.
fn text(file: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(file);
    let text = fs::read_to_string(&path).unwrap();
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
    for (file, phrase, number) in [claims_about_the_kernel(), claims_about_user_space()].concat() {
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
