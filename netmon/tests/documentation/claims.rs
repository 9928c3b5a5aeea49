//! What the docs say in numbers, and the program's own.

use std::time::Duration;

use netmon::kernel::version::OLDEST;
use netmon::outlets::limits as outlets;
use netmon::outlets::metrics::SUGGESTED_PORT;
use netmon::{analyze, capture, detect, history};
use netmon_common::limits;
use netmon_common::records::Entry;

/// A file, a phrase of it, and the number that the program goes by.
pub type Claim = (&'static str, &'static str, String);

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
            "docs/detection.md",
            "of all together {} a second on each CPU",
            limits::DOES_WELL_PER_CPU,
        ),
        claim(
            "docs/architecture.md",
            "a CPU tells of {} a second",
            limits::SELDOM_PER_CPU,
        ),
        claim(
            "docs/metrics.md",
            "At most {} servers are timed",
            limits::LATENCY_SERVERS,
        ),
        grouped(
            "docs/operations.md",
            "in kernel memory until {} other sockets have asked",
            limits::ASKERS,
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
            "and count as `retired`), {} servers judged at",
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
            "of an incident up to {} clients and names",
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

/// All of them.
pub fn all() -> Vec<Claim> {
    [
        claims_about_the_kernel(),
        claims_about_user_space(),
        claims_about_outlets(),
    ]
    .concat()
}
