//! SIGHUP in the middle of an incident: nothing is counted twice, and nothing is missed.

use std::fs;

use netmon_testkit::lab::{Asker, CLIENT_V4, DnsServer, SERVER_V4, two_hosts};
use nix::sys::signal::Signal;

use crate::support::incident::{assert_errors, refusal};
use crate::support::{PATIENCE, assert_adds_up, destination, watch};
use crate::trouble::{ask_refused, ask_well, assert_exact};

/// How often netmon reads its configuration again in the reloading scene.
const RELOADS: u16 = 25;
/// Queries between one and the next.
const BETWEEN: u16 = 4;

fn counts_each(reloads: bool) {
    let hosts = two_hosts().unwrap();
    hosts.server.limit_no_errors().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("netmon.toml");
    fs::write(&file, "interface = \"to-server\"\n").unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = watch(&hosts.client, &[&format!("--config={}", file.display())]);
    let asker = Asker::of(&hosts.client, CLIENT_V4, SERVER_V4).unwrap();
    ask_well(&asker, 3);
    server.stop().unwrap();
    for number in 0..RELOADS {
        if reloads {
            netmon.process().signal(Signal::SIGHUP).unwrap();
            if number % 5 == 4 {
                // Something changes.
                let idle = format!(
                    "interface = \"to-server\"\n[thresholds]\nidle = \"{}m\"\n",
                    10 + number
                );
                fs::write(&file, idle).unwrap();
            }
        }
        ask_refused(&asker, BETWEEN);
    }
    let expected = refusal(CLIENT_V4, SERVER_V4);
    let opened = expected.opened(&netmon);
    if reloads {
        netmon.wait_event("reloaded", PATIENCE).unwrap();
    }
    server.start().unwrap();
    ask_well(&asker, 2);
    let closed = expected.closed(&netmon, &opened, "answered");
    let failed = u64::from(RELOADS * BETWEEN);
    assert_errors(&closed, "port", failed);
    assert_exact(&closed, failed, 0);
    let stopped = netmon.stop().unwrap();
    let counts = destination(&stopped, SERVER_V4);
    assert_eq!(counts["dns_unreachable"]["port"], failed, "{counts:#}");
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_incident_counts_each_error_once_however_often_netmon_reads_its_configuration() {
    counts_each(true);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_incident_counts_each_error_once_where_netmon_is_left_alone() {
    counts_each(false);
}
