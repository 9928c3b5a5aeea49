//! What the end-to-end tests share: how to ask, and how to read what netmon says.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]
#![allow(
    dead_code,
    clippy::allow_attributes,
    reason = "each test crate uses a part of it"
)]

pub mod doors;
pub mod http;
pub mod incident;
pub mod kernel;
pub mod pins;

pub use netmon_testkit::lab::PATIENCE;

use std::net::IpAddr;
use std::time::Duration;

use netmon_testkit::lab::{Event, FAMILIES, Family, Namespace, Netmon, Reply, dig};
use serde_json::Value;

/// The program under test.
pub const NETMON: &str = env!("CARGO_BIN_EXE_netmon");

/// How long a client waits for an answer, or for an error that refuses it.
pub const ANSWER: Duration = Duration::from_secs(20);

/// How long a client waits where nothing is to come, or only an error that a router sends after three seconds.
pub const FAILING_PATIENCE: Duration = Duration::from_secs(5);

/// Asks `times` times for different names, and insists that all are answered.
pub fn ask_answered(client: &Namespace, server: IpAddr, times: u32) {
    for n in 0..times {
        let reply = dig(client, server, &format!("answered{n}.test"), ANSWER).unwrap();
        assert!(reply.is_answer(), "{reply:?}");
    }
}

/// Asks `times` times for different names, and insists that all are refused.
pub fn ask_refused(client: &Namespace, server: IpAddr, times: u32) {
    for n in 0..times {
        let reply = dig(client, server, &format!("refused{n}.test"), ANSWER).unwrap();
        assert_eq!(reply, Reply::Refused("connection refused".to_owned()));
    }
}

/// Asks `times` times for different names, and insists that no answer comes.
pub fn ask_failing(client: &Namespace, server: IpAddr, times: u32) {
    for n in 0..times {
        let reply = dig(client, server, &format!("failing{n}.test"), FAILING_PATIENCE).unwrap();
        assert!(!reply.is_answer(), "{reply:?}");
    }
}

/// Does the same in both families at once, for what takes its time.
pub fn in_both_families(work: impl Fn(&Family) + Sync) {
    std::thread::scope(|scope| {
        for family in &FAMILIES {
            scope.spawn(|| work(family));
        }
    });
}

/// The counts of a destination in an event `snapshot` or `stopped`; null if it is not there.
pub fn destination(event: &Event, address: IpAddr) -> Value {
    let address = address.to_string();
    event.value["destinations"]
        .as_array()
        .expect("the event has destinations")
        .iter()
        .find(|destination| destination["address"] == address.as_str())
        .cloned()
        .unwrap_or(Value::Null)
}

/// Insists on the counts of a destination: queries, responses, and errors with the code `port`.
#[track_caller]
pub fn assert_counts(event: &Event, address: IpAddr, queries: u64, responses: u64, port_errors: u64) {
    let counts = destination(event, address);
    let errors = |port: u64| serde_json::json!({"net": 0, "host": 0, "protocol": 0, "port": port, "admin": 0, "other": 0});
    assert_eq!(counts["dns_queries"], queries, "{counts:#}");
    assert_eq!(counts["dns_responses"], responses, "{counts:#}");
    assert_eq!(counts["dns_unreachable"], errors(port_errors), "{counts:#}");
    assert_eq!(counts["icmp_unreachable"], errors(port_errors), "{counts:#}");
    assert_eq!(counts["late_responses"], 0, "{counts:#}");
    assert_eq!(counts["unsolicited"], 0, "{counts:#}");
}

/// Insists on the DNS errors about a destination: so many of one code, and none of another, all of them about
/// queries that were seen.
#[track_caller]
pub fn assert_dns_unreachable(event: &Event, address: IpAddr, code: &str, count: u64) {
    let counts = destination(event, address);
    let errors = counts["dns_unreachable"].as_object().expect("errors");
    for (name, errors) in errors {
        let expected = if name == code { count } else { 0 };
        assert_eq!(*errors, expected, "{name}: {counts:#}");
    }
    assert_eq!(
        counts["icmp_unreachable"], counts["dns_unreachable"],
        "{counts:#}"
    );
    assert_eq!(counts["unsolicited"], 0, "{counts:#}");
}

/// Insists that the totals are the sums that the contract says, and that no event was lost.
#[track_caller]
pub fn assert_adds_up(event: &Event) {
    assert_sums(event);
    assert_eq!(
        event.value["totals"]["events_lost"], 0,
        "{:#}",
        event.value["totals"]
    );
}

/// Insists that the totals are the sums that the contract says. Where both CPUs do nothing but send, the ring may
/// overflow, which costs events and no count.
#[track_caller]
pub fn assert_sums(event: &Event) {
    let totals = &event.value["totals"];
    let number = |name: &str| totals[name].as_u64().expect(name);
    let tcp: u64 = totals["tcp"]
        .as_object()
        .expect("totals have tcp")
        .values()
        .filter_map(Value::as_u64)
        .sum();
    let counted = number("dns_queries") + number("dns_responses") + tcp + number("icmp_unreachable");
    let rest = [
        "fragments",
        "malformed",
        "truncated",
        "not_ip",
        "not_ours",
        "other",
    ];
    let outcomes = counted + rest.iter().map(|name| number(name)).sum::<u64>();
    assert_eq!(
        outcomes,
        number("frames"),
        "each packet has one outcome: {totals:#}"
    );
    let destinations: u64 = event.value["destinations"]
        .as_array()
        .expect("the event has destinations")
        .iter()
        .map(|destination| {
            let tcp = destination["tcp"].as_object().expect("tcp").values();
            let errors = destination["icmp_unreachable"]
                .as_object()
                .expect("errors")
                .values();
            let udp = ["dns_queries", "dns_responses"].map(|name| &destination[name]);
            udp.into_iter()
                .chain(tcp)
                .chain(errors)
                .filter_map(Value::as_u64)
                .sum::<u64>()
        })
        .sum();
    assert_eq!(
        destinations + number("retired") + number("overflow"),
        counted,
        "each is counted for a destination: {totals:#}"
    );
}

/// Wrong usage.
pub const USAGE: i32 = 2;
/// The system refused.
pub const REFUSED: i32 = 3;

/// Insists that netmon ended with that status and said these words on standard error, in one line if the system refused.
#[track_caller]
pub fn assert_says(output: &std::process::Output, status: i32, words: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(status), "{said}");
    for word in words {
        assert!(said.contains(word), "`{word}` is missing: {said}");
    }
    assert!(
        output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
    if status == REFUSED {
        assert_eq!(said.trim_end().lines().count(), 1, "one line: {said}");
    }
}

/// Insists that nothing of netmon is attached to any interface of the host.
#[track_caller]
pub fn assert_nothing_attached(host: &Namespace) {
    let links = host.ip("-details link show").unwrap();
    assert!(!links.contains("xdp"), "{links}");
    let programs = programs_at_hooks(host);
    assert!(!programs.contains("netmon"), "{programs}");
}

/// The programs at the hooks of a host's interfaces, as bpftool lists them.
pub fn programs_at_hooks(host: &Namespace) -> String {
    host.exec(std::process::Command::new("bpftool").args(["net", "show"]))
        .unwrap()
}

/// Netmon on a host, with these arguments.
pub fn start(host: &Namespace, arguments: &[&str]) -> Netmon {
    Netmon::start(host, NETMON, arguments).unwrap()
}

/// The same without snapshots, for scenes that last.
pub fn watch(host: &Namespace, arguments: &[&str]) -> Netmon {
    Netmon::start_without_snapshots(host, NETMON, arguments).unwrap()
}
