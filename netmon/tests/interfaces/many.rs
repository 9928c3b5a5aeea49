//! Many changes at once, and announcements that get lost.

use netmon_testkit::lab::{Namespace, SERVER_V4, eventually, two_hosts};
use nix::sys::signal::Signal;

use crate::support::{PATIENCE, ask_refused, assert_counts, assert_nothing_attached, start};
use crate::{await_warning, words};

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_storm_of_new_interfaces_keeps_nothing_waiting() {
    const PAIRS: usize = 30;
    let hosts = two_hosts().unwrap();
    let mut netmon = start(&hosts.client, &["--all-interfaces"]);
    let commands: Vec<String> = (0..PAIRS)
        .map(|n| format!("link add storm{n} type veth peer name mrots{n}"))
        .collect();
    let batch = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(batch.path(), commands.join("\n")).unwrap();
    run_batch(&hosts.client, batch.path());
    // While they are attached to, one by one, errors are noticed as ever.
    ask_refused(&hosts.client, SERVER_V4, 1);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    let told = || words(&netmon);
    eventually("warning for each interface", told, |told| told.len() >= 2 * PAIRS);
    let stopped = netmon.stop().unwrap();
    assert_counts(&stopped, SERVER_V4, 1, 0, 1);
    assert!(words(&netmon).iter().all(|word| word == "interface_attached"));
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn announcements_that_got_lost_lose_nothing() {
    const NOISE: usize = 300;
    let hosts = two_hosts().unwrap();
    let arguments = ["--all-interfaces", "--exclude", "noise*", "--log-level", "debug"];
    let mut netmon = start(&hosts.client, &arguments);
    // It does not read while it stands still, and the kernel keeps about 200 KiB for it.
    netmon.process().suspend().unwrap();
    let noise = (0..NOISE).map(|n| format!("link add noise{n} type veth peer name noisy{n}"));
    let last = [
        "link delete to-server".to_owned(),
        "link add late type veth peer name noisy".to_owned(),
    ];
    let batch = tempfile::NamedTempFile::new().unwrap();
    let commands: Vec<String> = noise
        .chain(last)
        .map(|command| command.replace("noisy", "noise-"))
        .collect();
    std::fs::write(batch.path(), commands.join("\n")).unwrap();
    run_batch(&hosts.client, batch.path());
    netmon.process().signal(Signal::SIGCONT).unwrap();
    await_warning(&netmon, "interface_attached", "late");
    netmon.stop().unwrap();
    assert_eq!(words(&netmon), ["interface_gone", "interface_attached"]);
    let transcript = netmon.process().transcript();
    assert!(transcript.contains("No buffer space available"), "none got lost");
    assert_nothing_attached(&hosts.client);
}

fn run_batch(host: &Namespace, file: &std::path::Path) {
    host.exec(std::process::Command::new("ip").arg("-batch").arg(file))
        .unwrap();
}
