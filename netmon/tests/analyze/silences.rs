//! Seconds in which nothing happens cost nothing, however many of them a capture has. The benchmark measures the optimised build.

use std::path::Path;
use std::time::Duration;

use netmon_testkit::captures::silences::{QUERIES, SERVERS, file};
use netmon_testkit::cost;

use super::run::{Files, analyze, command};

/// How much more of the processor it may take than without silences. Where each silent second is judged, it is 100 times and more.
const MOST: u32 = 5;

const SILENCE: Duration = Duration::from_secs(700);

fn processor(path: &Path) -> Duration {
    cost::run(command().arg(path)).unwrap().processor
}

#[test]
fn silences_between_queries_to_thousands_of_servers_cost_nothing() {
    let files = Files::new();
    let plain = files.write("plain", file(QUERIES, Duration::ZERO));
    for (name, after) in [("after each query", 1), ("after each round", SERVERS)] {
        let silent = files.write(name, file(after, SILENCE));
        let document = analyze(["--format=json".as_ref(), silent.as_os_str()]).good();
        assert_eq!(document["totals"]["dns_queries"], QUERIES, "{name}");
        let (plain, silent) = (processor(&plain), processor(&silent));
        println!("{name}: {silent:?}, without silences {plain:?}");
        assert!(
            silent < MOST * plain,
            "{name}: {silent:?}, without silences {plain:?}"
        );
    }
}
