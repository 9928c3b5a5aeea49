//! Values for each CPU are of all CPUs that are possible, however many there are at the moment: a host may take CPUs, and lose some,
//! while netmon runs.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::fs;
use std::path::Path;

use netmon_testkit::lab::{Asker, CLIENT_V4, DnsServer, SERVER_V4, is_guest, on_each_cpu, two_hosts};
use support::incident::{assert_errors, assert_flow, refusal};
use support::{ANSWER, ask_answered, ask_refused, assert_adds_up, assert_counts, start};

/// How many CPUs the kernel lists in a file of `/sys/devices/system/cpu`, as in `0-1,4`.
fn cpus(file: &str) -> u32 {
    let path = Path::new("/sys/devices/system/cpu").join(file);
    let list = fs::read_to_string(path).unwrap();
    let count = |range: &str| -> u32 {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        to.parse::<u32>().unwrap() - from.parse::<u32>().unwrap() + 1
    };
    list.trim().split(',').map(count).sum()
}

/// The second CPU of a guest, taken away until this is dropped.
struct TakenAway;

impl TakenAway {
    const SWITCH: &'static str = "/sys/devices/system/cpu/cpu1/online";

    fn new() -> Self {
        fs::write(Self::SWITCH, "0").unwrap();
        Self
    }
}

impl Drop for TakenAway {
    fn drop(&mut self) {
        let _it_may_be_there = fs::write(Self::SWITCH, "1");
    }
}

/// In a guest of `cargo xtask kernels` more CPUs are possible than there are, and one of those goes in the scene; elsewhere it is the
/// same scene on the CPUs that there are.
#[test]
#[ignore = "needs root: network namespaces and TC"]
fn counts_are_exact_where_more_cpus_are_possible_than_there_are_and_one_of_them_goes() {
    const EACH: u16 = 50;
    if is_guest() {
        let (possible, online) = (cpus("possible"), cpus("online"));
        assert!(possible > online, "{possible} are possible, {online} are there");
    }
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = start(&hosts.client, &["--hook", "tc", "--interface", "to-server"]);
    let asked = on_each_cpu(|cpu| {
        let asker = Asker::of(&hosts.client, CLIENT_V4, SERVER_V4).unwrap();
        for id in 0..EACH {
            let reply = asker.ask(id, &format!("cpu{cpu}-{id}.test"), ANSWER).unwrap();
            assert!(reply.is_answer(), "{reply:?}");
        }
        u64::from(EACH)
    });
    let asked: u64 = asked.unwrap().into_iter().sum();
    let taken_away = is_guest().then(TakenAway::new);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 3);
    let outage = refusal(CLIENT_V4, SERVER_V4);
    let opened = outage.opened(&netmon);
    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 2);
    let closed = outage.closed(&netmon, &opened, "answered");
    assert_errors(&closed, "port", 3);
    assert_flow(&closed, 3, 0);
    assert_eq!(closed["severity"], "down", "{closed:#}");
    drop(taken_away);
    ask_answered(&hosts.client, SERVER_V4, 2);
    let stopped = netmon.stop().unwrap();
    assert_counts(&stopped, SERVER_V4, asked + 7, asked + 4, 3);
    assert_adds_up(&stopped);
    assert!(netmon.events_named("warning").unwrap().is_empty());
}
