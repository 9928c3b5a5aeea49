//! What cannot be done is said in one clear line, with the right exit status, and leaves nothing attached.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::os::unix::process::CommandExt as _;
use std::process::{Command, Output};

use netmon::kernel::version::OLDEST;
use netmon_testkit::executable;
use netmon_testkit::lab::{Namespace, two_hosts};
use support::{NETMON, REFUSED, USAGE, assert_nothing_attached, assert_says, start};

fn run(host: &Namespace, arguments: &[&str]) -> Output {
    host.output(Command::new(NETMON).arg("run").args(arguments))
        .unwrap()
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn an_occupied_xdp_hook_is_named_and_left_alone() {
    let hosts = two_hosts().unwrap();
    let mut first = start(
        &hosts.client,
        &["--hook", "xdp-native", "--interface", "to-server"],
    );
    let second = run(
        &hosts.client,
        &["--hook", "xdp-native", "--interface", "to-server"],
    );
    assert_says(
        &second,
        REFUSED,
        &["to-server", "another program", "--hook tc", "ip link set"],
    );
    // By TC it can be watched all the same.
    let third = run(
        &hosts.client,
        &["--hook", "tc", "--interface", "to-server", "--duration", "200ms"],
    );
    assert!(third.status.success());
    let links = hosts.client.ip("-details link show to-server").unwrap();
    assert!(links.contains("xdp"), "the first one is still there: {links}");
    first.stop().unwrap();
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces"]
fn an_unknown_interface_is_refused_with_those_that_there_are() {
    let hosts = two_hosts().unwrap();
    let output = run(&hosts.client, &["--interface", "eth7"]);
    assert_says(&output, REFUSED, &["no interface eth7", "lo, to-server"]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_second_of_two_interfaces_that_fails_leaves_the_first_one_free() {
    let hosts = two_hosts().unwrap();
    let mut first = start(
        &hosts.server,
        &["--hook", "xdp-native", "--interface", "to-client"],
    );
    hosts
        .server
        .ip("link add spare type veth peer name other")
        .unwrap();
    let arguments = [
        "--hook",
        "xdp-native",
        "--interface",
        "spare",
        "--interface",
        "to-client",
    ];
    assert_says(&run(&hosts.server, &arguments), REFUSED, &["to-client"]);
    first.stop().unwrap();
    assert_nothing_attached(&hosts.server);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_driver_without_native_xdp_is_refused_when_that_was_asked_for_and_passed_by_otherwise() {
    let hosts = two_hosts().unwrap();
    hosts.client.ip("link add bridge0 type bridge").unwrap();
    hosts.client.ip("link set bridge0 up").unwrap();
    let refused = run(&hosts.client, &["--hook", "xdp-native", "--interface", "bridge0"]);
    assert_says(&refused, REFUSED, &["bridge0", "native XDP", "--hook auto"]);
    assert_nothing_attached(&hosts.client);
    let mut netmon = start(&hosts.client, &["--interface", "bridge0"]);
    let told = netmon.interface("bridge0");
    assert_eq!(told["ingress"], "tc", "{told}");
    assert!(
        told["why"].as_str().unwrap().contains("refuses native XDP"),
        "{told}"
    );
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: changes its user"]
fn missing_rights_are_named() {
    // `nobody` of Debian. The binary must be readable to it, which it is in a usual checkout.
    const NOBODY: u32 = 65_534;
    let (_directory, binary) = executable::for_everybody(NETMON).unwrap();
    let output = Command::new(&binary)
        .args(["run", "--interface", "lo"])
        .uid(NOBODY)
        .gid(NOBODY)
        .output()
        .unwrap();
    let words = ["not permitted", "root", "CAP_BPF", "CAP_NET_ADMIN", "CAP_PERFMON"];
    assert_says(&output, REFUSED, &words);
}

#[test]
fn an_old_kernel_is_refused_before_anything_is_loaded() {
    // The kernel itself then calls itself 2.6.x (personality(2), UNAME26).
    let on_an_old_kernel = |arguments: &[&str]| {
        let mut command = Command::new("setarch");
        command.args([std::env::consts::ARCH, "--uname-2.6", NETMON]);
        command.args(arguments).output().unwrap()
    };
    let refused = on_an_old_kernel(&["run", "--config", "/dev/null", "--interface", "lo"]);
    let oldest = format!("netmon needs Linux {OLDEST} or newer");
    assert_says(&refused, REFUSED, &["Linux 2.6.", &oldest, "Nothing was loaded"]);

    let doctor = on_an_old_kernel(&["doctor"]);
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert_eq!(doctor.status.code(), Some(REFUSED), "{said}");
    let line = said.lines().find(|line| line.contains("kernel ")).unwrap();
    assert!(line.starts_with("failure"), "{line}");
    assert!(
        line.contains(&format!("install Linux {OLDEST} or newer")),
        "{line}"
    );
}

#[test]
fn arguments_that_cannot_be_read_are_wrong_usage() {
    let cases: [&[&str]; 8] = [
        &["--hook", "magic"],
        &["--interval", "fast"],
        &["--interval", "1ms"],
        &["--duration", "-3s"],
        &["--port", "0"],
        &["--port", "70000"],
        &["--interface", "lo", "--all-interfaces"],
        &["--no-such-flag"],
    ];
    for arguments in cases {
        let output = Command::new(NETMON).arg("run").args(arguments).output().unwrap();
        assert_says(&output, USAGE, &["error"]);
    }
    for (threshold, words) in [("idle=never", "a duration"), ("lateness=3s", "unreachable_quiet")] {
        let output = Command::new(NETMON)
            .args(["run", "--threshold", threshold])
            .output()
            .unwrap();
        assert_says(&output, USAGE, &["error", words]);
    }
    let many: Vec<String> = (1..=9)
        .flat_map(|port| ["--port".to_owned(), port.to_string()])
        .collect();
    let output = Command::new(NETMON).arg("run").args(many).output().unwrap();
    assert_says(&output, USAGE, &["9 DNS ports are too many", "8"]);
}
