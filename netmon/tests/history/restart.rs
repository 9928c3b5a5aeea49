//! An outage that outlives the monitor: it is killed and started again, and the incident goes on.

use std::time::SystemTime;

use netmon_testkit::lab::{DnsServer, Namespace, Netmon, SERVER_V4, SERVER_V6, two_hosts};
use serde_json::Value;

use crate::place::{Place, netmon_as_nobody, said};
use crate::support::incident::{assert_flow, time};
use crate::support::{PATIENCE, ask_answered, ask_refused, watch};

fn start(host: &Namespace, interface: &str, place: &Place) -> Netmon {
    watch(host, &place.watched("xdp-native", interface))
}

/// Who it is, and when it began.
fn identity(incident: &Value) -> [&Value; 4] {
    ["id", "began", "opened", "reopened"].map(|name| &incident[name])
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn an_open_incident_is_the_same_one_after_kill_9_and_closes_when_the_server_is_mended() {
    let hosts = two_hosts().unwrap();
    let place = Place::new();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let netmon = start(&hosts.client, "to-server", &place);
    ask_answered(&hosts.client, SERVER_V4, 2);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 3);
    let opened = netmon.wait_event("incident_opened", PATIENCE).unwrap();
    let opened = opened.incident();
    let id = opened["id"].as_str().unwrap();

    // Listed and reported while the monitor runs.
    let kept = place.wait_for("incident with 3 queries and 3 errors", |incident| {
        incident["queries"] == 3 && incident["errors"]["port"] == 3
    });
    assert_eq!(identity(&kept), identity(opened));
    let listed = place.incidents(&["--open", "--server", "203.0.113.2", "--since", "1h"]);
    assert_eq!(listed.iter().map(identity).collect::<Vec<_>>(), [identity(&kept)]);
    assert!(place.incidents(&["--server", "203.0.113.3"]).is_empty());
    for (format, words) in [
        ("text", "203.0.113.2"),
        ("markdown", "# DNS incident report"),
        ("html", "<!doctype html>"),
        ("json", "\"kind\": \"history\""),
    ] {
        let report = place.report(id, format);
        assert!(report.contains(words), "{format}: {report}");
    }

    // The guard sends SIGKILL.
    drop(netmon);
    let [kept] = place.incidents(&["--open"]).try_into().unwrap();
    assert_flow(&kept, 3, 0);

    let mut netmon = start(&hosts.client, "to-server", &place);
    let again = netmon.wait_event("incident_updated", PATIENCE).unwrap();
    assert_eq!(again.incident(), &kept, "it goes on as it was kept");
    ask_refused(&hosts.client, SERVER_V4, 2);
    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 1);
    let closed = netmon.wait_event("incident_closed", PATIENCE).unwrap();
    let closed = closed.incident();
    assert_eq!(identity(closed), identity(&kept));
    assert_eq!(closed["closed_because"], "answered", "{closed:#}");
    assert_flow(closed, 6, 1);
    assert_eq!(
        (&closed["errors"]["port"], &closed["verified"]),
        (&5.into(), &5.into())
    );
    assert!(netmon.events_named("incident_opened").unwrap().is_empty());
    assert!(netmon.events_named("warning").unwrap().is_empty());
    netmon.stop().unwrap();

    // All of it is in the one file, to the last state and the last minute.
    assert!(place.files_with("-wal").is_empty());
    assert_eq!(place.incidents(&[]), std::slice::from_ref(closed));
    assert!(place.incidents(&["--open"]).is_empty());
    let report: Value = serde_json::from_str(&place.report(id, "json")).unwrap();
    assert_eq!(report["incidents"][0], *closed);
    let text = place.report(id, "text");
    let (_, close_up) = text
        .split_once("The seconds around")
        .unwrap_or_else(|| panic!("no seconds are kept: {text}"));
    let errors = close_up
        .lines()
        .find(|line| line.trim_start().starts_with("errors"));
    let is_bar = |letter: char| ('▁'..='█').contains(&letter);
    assert!(errors.is_some_and(|line| line.contains(is_bar)), "{text}");
    let counts = &report["destinations"][0];
    assert_eq!(counts["address"], "203.0.113.2");
    // What was counted in the minute in which it was killed is lost; the second run's 3 queries and 2 errors are there.
    let queries = counts["dns_queries"].as_u64().unwrap();
    let errors = counts["dns_unreachable"]["port"].as_u64().unwrap();
    assert!(
        (3..=8).contains(&queries) && (2..=5).contains(&errors),
        "{report:#}"
    );
    let markdown = place.report(id, "markdown");
    assert!(markdown.contains("### Timeline"), "{markdown}");
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_server_of_this_host_that_answered_before_the_restart_counts_after_it() {
    let hosts = two_hosts().unwrap();
    let place = Place::new();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V6]).unwrap();
    let mut netmon = start(&hosts.server, "to-client", &place);
    ask_answered(&hosts.client, SERVER_V6, 1);
    netmon.stop().unwrap();
    server.stop().unwrap();
    let netmon = start(&hosts.server, "to-client", &place);
    let before = SystemTime::now();
    ask_refused(&hosts.client, SERVER_V6, 1);
    let opened = netmon.wait_event("incident_opened", PATIENCE).unwrap();
    assert_eq!(opened.incident()["server"], SERVER_V6.to_string());
    assert!(time(&opened.incident()["opened"]) >= before);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn whoever_is_in_the_files_group_reads_it_and_nobody_else() {
    const READERS: u32 = 54_321;
    let hosts = two_hosts().unwrap();
    let place = Place::new();
    // Others may go through the directory; what is in the file is not theirs.
    let enter = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(place.directory(), enter).unwrap();
    let mut netmon = Some(start(&hosts.client, "to-server", &place));
    ask_refused(&hosts.client, SERVER_V4, 1);
    place.wait_for("incident", |_| true);
    let arguments = ["incidents", "--history", place.file()];
    for state in ["running", "killed", "stopped"] {
        match state {
            "killed" => drop(netmon.take()),
            "stopped" => drop(start(&hosts.client, "to-server", &place).stop().unwrap()),
            _ => {}
        }
        let refused = netmon_as_nobody(READERS, &arguments);
        let complaint = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(3), "{state}: {complaint}");
        assert!(
            complaint.contains("its owner and its group may read it"),
            "{state}: {complaint}"
        );
        give(&place, READERS);
        let list = said(netmon_as_nobody(READERS, &arguments));
        assert!(
            list.contains("203.0.113.2 udp port 53 unreachable"),
            "{state}: {list}"
        );
        give(&place, 0);
    }
}

/// Gives the files to a group, as an administrator does.
fn give(place: &Place, group: u32) {
    for suffix in ["", "-wal", "-shm"] {
        let file = format!("{}{suffix}", place.file());
        if std::path::Path::new(&file).exists() {
            std::os::unix::fs::chown(file, None, Some(group)).unwrap();
        }
    }
}
