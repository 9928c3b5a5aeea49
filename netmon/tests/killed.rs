//! What stays behind in the kernel: nothing, however netmon ends; or at most until the next one starts.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::process::Command;

use netmon_testkit::lab::{DnsServer, Namespace, Netmon, SERVER_V4, two_hosts};
use nix::sys::signal::Signal;
use support::kernel::has_tcx;
use support::pins::Directory;
use support::{NETMON, ask_answered, assert_counts, assert_nothing_attached, programs_at_hooks, start};

const AT_TC: [&str; 4] = ["--hook", "tc", "--interface", "to-server"];

/// How many of netmon's programs are at TC hooks of the host.
fn attached(host: &Namespace) -> usize {
    programs_at_hooks(host).matches("netmon_").count()
}

fn kill(mut netmon: Netmon) {
    netmon.process().signal(Signal::SIGKILL).unwrap();
    netmon.wait().unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn the_next_one_takes_away_what_one_that_was_killed_has_left_and_nothing_else() {
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut beside = start(&hosts.client, &AT_TC);
    let pair = attached(&hosts.client);
    kill(start(&hosts.client, &AT_TC));
    kill(start(&hosts.client, &AT_TC));
    let mut next = start(&hosts.client, &AT_TC);
    assert_eq!(
        attached(&hosts.client),
        2 * pair,
        "that of the one beside and its own"
    );
    ask_answered(&hosts.client, SERVER_V4, 2);
    for netmon in [&mut next, &mut beside] {
        assert_counts(&netmon.stop().unwrap(), SERVER_V4, 2, 2, 0);
    }
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn detach_takes_away_what_one_that_was_killed_has_left() {
    let hosts = two_hosts().unwrap();
    kill(start(&hosts.client, &AT_TC));
    let pins = Directory::new();
    let mut detach = Command::new(NETMON);
    detach.arg("detach").args(["--pin", pins.text()]);
    let said = hosts.client.exec(&mut detach).unwrap();
    assert_eq!(said.contains("removed 2 TC filters"), !has_tcx(), "{said}");
    assert_nothing_attached(&hosts.client);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_queueing_discipline_that_netmon_made_goes_with_it_and_another_one_stays() {
    for is_there_before in [false, true] {
        let hosts = two_hosts().unwrap();
        let tc = |arguments: &str| {
            let mut tc = Command::new("tc");
            hosts.client.exec(tc.args(arguments.split(' '))).unwrap()
        };
        if is_there_before {
            tc("qdisc add dev to-server clsact");
        }
        let mut netmon = start(&hosts.client, &AT_TC);
        netmon.stop().unwrap();
        let left = tc("qdisc show dev to-server");
        assert_eq!(left.contains("clsact"), is_there_before, "{left}");
    }
}
