//! No incident comes of the public captures but the real ones, which are listed here and in docs/detection.md.

#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use netmon::analyze::{Options, analyze};
use netmon::detect::{Scope, Thresholds};
use netmon_common::{DnsPorts, Outcome};

/// The incidents that are real: the capture, and the incident's id. There are none.
const REAL: [(&str, &str); 0] = [];

fn folder() -> PathBuf {
    std::env::var_os("NETMON_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures"),
        PathBuf::from,
    )
}

/// The captures, by name; `None` where there is no such folder.
fn captures() -> Option<Vec<PathBuf>> {
    let directory = std::fs::read_dir(folder()).ok()?;
    let paths = directory.map(|entry| entry.unwrap().path());
    let is_capture = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default();
        extension == "pcap" || extension == "pcapng"
    };
    let mut captures: Vec<PathBuf> = paths.filter(is_capture).collect();
    captures.sort();
    assert!(!captures.is_empty(), "no capture in {}", folder().display());
    Some(captures)
}

/// Names the incidents of these files, and counts the DNS messages in them.
fn incidents(files: Vec<PathBuf>) -> (Vec<String>, u64) {
    let options = Options {
        files,
        ports: DnsPorts::DEFAULT,
        scope: Scope::default(),
        thresholds: Thresholds::default(),
        local: Vec::new(),
        date: None,
        zone: TimeZone::UTC,
        zone_is_assumed: false,
        names: netmon::model::Names::default(),
        via_kernel: false,
    };
    let document = analyze(&options).unwrap().document;
    let messages = document.totals.outcome(Outcome::DnsQuery) + document.totals.outcome(Outcome::DnsResponse);
    let ids = document.incidents.into_iter().map(|incident| incident.id);
    (ids.collect(), messages)
}

#[test]
fn no_incident_comes_of_a_public_capture_but_the_real_ones() {
    let Some(captures) = captures() else {
        println!("SKIPPED: there are no captures in {}", folder().display());
        return;
    };
    let mut found = Vec::new();
    let mut messages = 0;
    for path in captures {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (ids, more) = incidents(vec![path]);
        messages += more;
        found.extend(ids.into_iter().map(|id| (name.clone(), id)));
    }
    let expected: Vec<_> = REAL.map(|(name, id)| (name.to_owned(), id.to_owned())).into();
    assert_eq!(found, expected);
    // Else it would prove nothing.
    assert!(messages > 0, "no DNS message in {}", folder().display());
}

#[test]
fn no_incident_comes_of_all_public_captures_together_but_the_real_ones() {
    let Some(captures) = captures() else {
        println!("SKIPPED: there are no captures in {}", folder().display());
        return;
    };
    let (mut found, _) = incidents(captures);
    found.sort();
    let mut expected = REAL.map(|(_, id)| id.to_owned());
    expected.sort();
    assert_eq!(found, expected);
}
