//! netmon keeps no right that it no longer needs.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::fs;
use std::thread;

use aya::maps::{Array, MapData};
use netmon::kernel::{Kernel, Settings, version};
use netmon::rights;
use netmon_testkit::lab::{DnsServer, SERVER_V4, eventually, two_hosts};
use support::{PATIENCE, ask_answered, ask_refused, assert_counts, start};

/// `CAP_NET_ADMIN` (`include/uapi/linux/capability.h`).
const NET_ADMIN: u64 = 1 << 12;
/// `CAP_BPF`, without which old kernels let nobody read a map.
const BPF: u64 = 1 << 39;

/// Each thread's permitted and effective capabilities.
fn capabilities(process: u32) -> Vec<u64> {
    let mut found = Vec::new();
    for task in fs::read_dir(format!("/proc/{process}/task")).unwrap() {
        // A thread may have ended.
        let Ok(status) = fs::read_to_string(task.unwrap().path().join("status")) else {
            continue;
        };
        let sets = status
            .lines()
            .filter_map(|line| line.strip_prefix("CapPrm:").or(line.strip_prefix("CapEff:")));
        found.extend(sets.map(|set| u64::from_str_radix(set.trim(), 16).unwrap()));
    }
    found
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn once_it_watches_no_thread_has_more_than_the_right_to_attach() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = start(&hosts.client, &["--interface", "to-server"]);
    let needed = if version::reading_needs_rights() {
        NET_ADMIN | BPF
    } else {
        NET_ADMIN
    };
    let more = || -> Vec<String> {
        let found = capabilities(netmon.process().id());
        assert!(found.len() >= 2, "{found:?}");
        let more = found.iter().filter(|set| *set & !needed != 0);
        more.map(|set| format!("{set:x}")).collect()
    };
    // Threads that read the network when it started end soon.
    eventually("end of further rights", more, Vec::is_empty);
    ask_answered(&hosts.client, SERVER_V4, 2);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    assert_counts(&netmon.stop().unwrap(), SERVER_V4, 3, 2, 1);
}

#[test]
#[ignore = "needs root: loads programs"]
fn whoever_gave_up_loading_can_make_no_map_and_read_those_that_there_are() {
    // Capabilities are a thread's, and do not come back.
    let work = || {
        let mut kernel = Kernel::load(&Settings::default()).unwrap();
        let mut poller = kernel.poller().unwrap();
        let make = || Array::<MapData, u32>::create(1, 0).map(drop);
        make().unwrap();
        rights::give_up_loading(false).unwrap();
        let refused = make().unwrap_err();
        assert!(format!("{refused:?}").contains("PermissionDenied"), "{refused:?}");
        assert!(poller.counts().unwrap().add_up());
        assert!(Kernel::load(&Settings::default()).is_err());
    };
    thread::spawn(work).join().unwrap();
}

#[test]
#[ignore = "needs root: has capabilities to give up"]
fn a_thread_that_needs_no_rights_has_none() {
    let thread = rights::spawn("powerless", || Array::<MapData, u32>::create(1, 0).is_err());
    assert!(thread.unwrap().join().unwrap());
}
