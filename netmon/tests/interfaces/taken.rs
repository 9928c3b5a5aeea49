//! What netmon is attached by is taken away: it is attached again, and nothing is judged by what it did not see until then.

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use aya::programs::loaded_links;
use netmon::kernel::{Hook, Inventory, occupied};
use netmon_testkit::lab::{DnsServer, Namespace, SERVER_V4, eventually, two_hosts};

use crate::support::kernel::{has_tcx, lacks_xdp};
use crate::support::{
    PATIENCE, ask_answered, ask_refused, assert_adds_up, assert_nothing_attached, destination, start,
};
use crate::{await_warning, words};

/// After so long an outage by silence would have been reported: five seconds wait, and some more.
const SILENT: Duration = Duration::from_secs(8);

/// Takes away what sees what arrives, or what leaves, as whoever else attaches there may do.
fn take_away(host: &Namespace, arrives: bool, by_link: bool) {
    if !by_link {
        let side = if arrives { "ingress" } else { "egress" };
        host.exec(Command::new("tc").args(["filter", "del", "dev", "to-server", side]))
            .unwrap();
        return;
    }
    let there = || occupied(&Inventory::read_here().unwrap()).unwrap();
    let there = host.enter(there).unwrap();
    let program = there
        .iter()
        .find(|one| one.interface == "to-server" && matches!(one.hook, Hook::In(_)) == arrives)
        .unwrap()
        .program;
    // Others' links may go meanwhile.
    let link = loaded_links()
        .filter_map(Result::ok)
        .find(|link| link.program_id() == program)
        .unwrap();
    host.exec(Command::new("bpftool").args(["link", "detach", "id", &link.id().to_string()]))
        .unwrap();
}

#[test]
#[ignore = "needs root: network namespaces, XDP and TC"]
fn what_somebody_takes_away_is_attached_again_and_silence_until_then_is_not_judged() {
    for hook in ["tc", "xdp-native"] {
        if hook != "tc" && lacks_xdp() {
            continue;
        }
        let hosts = two_hosts().unwrap();
        let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
        let mut netmon = start(&hosts.client, &["--hook", hook, "--interface", "to-server"]);
        ask_answered(&hosts.client, SERVER_V4, 2);
        take_away(&hosts.client, true, has_tcx() || hook != "tc");
        // All are answered, and netmon does not see the answers.
        ask_answered(&hosts.client, SERVER_V4, 6);
        await_warning(&netmon, "interface_attached", "to-server");
        sleep(SILENT);
        assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 0, "{hook}");
        // Nor would it know the queries that errors are about.
        take_away(&hosts.client, false, has_tcx());
        eventually("second warning", || words(&netmon), |told| told.len() == 2);
        server.stop().unwrap();
        ask_refused(&hosts.client, SERVER_V4, 2);
        netmon.wait_event("incident_opened", PATIENCE).unwrap();
        let stopped = netmon.stop().unwrap();
        assert_eq!(words(&netmon), ["interface_attached"; 2], "{hook}");
        let counts = destination(&stopped, SERVER_V4);
        assert_eq!(counts["dns_queries"], 10, "{hook}: {counts:#}");
        assert_eq!(counts["dns_unreachable"]["port"], 2, "{hook}: {counts:#}");
        assert_eq!(counts["unsolicited"], 0, "{hook}: {counts:#}");
        assert_adds_up(&stopped);
        assert_nothing_attached(&hosts.client);
    }
}
