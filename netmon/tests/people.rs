//! What people see of `netmon run`: a block in time, no control characters when it is no terminal, and the kernel
//! programs' own log when asked for.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::process::Command;

use netmon_testkit::lab::{DnsServer, Line, Process, SERVER_V4, Stream, TwoHosts, two_hosts};
use nix::sys::signal::Signal;
use support::{NETMON, PATIENCE, ask_answered, ask_refused};

/// Netmon on the client's host, printing for people.
fn start(hosts: &TwoHosts, arguments: &[&str]) -> Process {
    let mut command = Command::new(NETMON);
    command
        .args(["run", "--hook", "xdp-native", "--interface", "to-server"])
        .args(arguments)
        .env_remove("RUST_LOG");
    let netmon = hosts.client.spawn(&mut command).unwrap();
    netmon
        .wait_for("sign that it is attached", PATIENCE, |line| {
            line.text.contains("to-server")
        })
        .unwrap();
    netmon
}

fn is_heading(line: &Line) -> bool {
    line.text.contains("203.0.113.2 udp port 53 is unreachable")
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn people_read_who_is_unreachable_who_says_so_and_what_to_check() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = start(&hosts, &[]);
    ask_answered(&hosts.client, SERVER_V4, 1);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    netmon.wait_for("heading", PATIENCE, is_heading).unwrap();

    netmon.signal(Signal::SIGINT).unwrap();
    assert!(netmon.wait(PATIENCE).unwrap().success());
    let text: Vec<String> = netmon.lines().into_iter().map(|line| line.text).collect();
    let text = text.join("\n");
    let unwrapped = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for words in [
        "comes from 203.0.113.2 itself",
        "192.51.100.15",
        "refused0.test",
        "service-down",
        "ss -lunp 'sport = :53'",
        "2 DNS queries, 1 response, 1 ICMP unreachable",
    ] {
        assert!(unwrapped.contains(words), "`{words}` is missing:\n{text}");
    }
    assert!(
        !text.contains('\u{1b}'),
        "colours where there is no terminal:\n{text}"
    );
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_kernel_programs_log_what_they_see_when_asked_to() {
    let hosts = two_hosts().unwrap();
    let from_kernel = |line: &Line| {
        line.stream == Stream::Err && line.text.contains("port 53 of ::ffff:203.0.113.2 is unreachable")
    };
    for (level, logs) in [("debug", true), ("info", false)] {
        let mut netmon = start(&hosts, &["--log-level", level]);
        // Nobody listens at the server.
        ask_refused(&hosts.client, SERVER_V4, 1);
        netmon.wait_for("heading", PATIENCE, is_heading).unwrap();
        if logs {
            netmon
                .wait_for("line of the kernel's log", PATIENCE, from_kernel)
                .unwrap();
        } else {
            netmon.signal(Signal::SIGINT).unwrap();
            netmon.wait(PATIENCE).unwrap();
            assert!(!netmon.lines().iter().any(from_kernel), "{}", netmon.transcript());
        }
    }
}
