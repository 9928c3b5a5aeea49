//! The textbook capture, played onto a cable that `netmon run` watches: the live monitor finds the incident that
//! `netmon analyze` finds in the file, and only the times differ, because it is played faster.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

mod support;

use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use netmon_testkit::captures::{Link, Pcap, textbook};
use netmon_testkit::lab::{Event, FrameSocket, Namespace, SERVER_V4, TwoHosts, two_hosts};
use serde_json::{Value, json};
use support::doors::ONLY_LIVE;
use support::incident::{assert_errors, assert_flow};
use support::{NETMON, PATIENCE, assert_adds_up, assert_counts, start};
use tempfile::TempDir;

/// Between two packets, longer than it takes to report an incident. In the log there are from 4 s to a minute and a half.
const PAUSE: Duration = Duration::from_millis(200);

/// What `netmon analyze` finds in the capture.
fn analyzed() -> Value {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("textbook.pcap");
    std::fs::write(&path, Pcap::USUAL.file(&textbook::frames(Link::Ethernet))).unwrap();
    let output = Command::new(NETMON)
        .args(["analyze", "--format", "json"])
        .arg(path)
        .output()
        .unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["incidents"].as_array().unwrap().len(), 1, "{document:#}");
    document["incidents"][0].clone()
}

/// Puts the capture's frames onto the cable as they are, each at the end of the host that sent it. They are
/// addressed to no network card at either end, so that neither kernel answers.
fn play(hosts: &TwoHosts) {
    let client = FrameSocket::open(&hosts.client, "to-server", false).unwrap();
    let server = FrameSocket::open(&hosts.server, "to-client", false).unwrap();
    for (packet, (_, frame)) in textbook::packets().iter().zip(textbook::frames(Link::Ethernet)) {
        let end = if packet.from_client { &client } else { &server };
        end.send(&frame).unwrap();
        sleep(PAUSE);
    }
}

/// The incident without what depends on when it was.
fn timeless(incident: &Value) -> Value {
    let mut incident = incident.clone();
    // Live they are counted by whole seconds; `assert_flow` looks at them.
    incident["queries"] = Value::Null;
    for name in ONLY_LIVE {
        incident[name] = Value::Null;
    }
    for time in ["began", "opened", "last_seen"] {
        assert!(incident[time].is_string(), "{incident:#}");
        incident[time] = json!("some time");
    }
    let (_, rest) = incident["id"].as_str().unwrap().split_once("Z-").unwrap();
    incident["id"] = json!(rest);
    incident
}

/// Watches one host with these arguments while the capture is played, and insists on the incident. The frames are for other
/// network cards, as on a mirror port.
fn replay(hosts: &TwoHosts, host: &Namespace, interface: &str, arguments: &[&str]) {
    let mirror = ["--interface", interface, "--mirror", interface];
    let mut netmon = start(host, &[&mirror, arguments].concat());
    play(hosts);
    let told =
        |event: &Event| event.name().starts_with("incident_") && event.incident()["errors"]["port"] == 3;
    let last = netmon
        .wait_for("incident with all errors", PATIENCE, told)
        .unwrap();
    assert_eq!(timeless(last.incident()), timeless(&analyzed()));
    assert_flow(last.incident(), 3, 0);

    let stopped = netmon.stop().unwrap();
    assert_counts(&stopped, SERVER_V4, 3, 0, 3);
    assert_adds_up(&stopped);
    let named = |name: &str| netmon.events_named(name).unwrap();
    assert_eq!(named("incident_opened").len(), 1);
    assert_eq!(named("incident_closed").len(), 0);
    assert_eq!(named("warning").len(), 0);
    let opened = &named("incident_opened")[0];
    // It opens at the first error.
    assert_errors(opened.incident(), "port", 1);
    assert_flow(opened.incident(), 1, 0);
    assert_eq!(opened.incident()["id"], last.incident()["id"]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_client_host_finds_the_textbook_incident_live() {
    let hosts = two_hosts().unwrap();
    replay(&hosts, &hosts.client, "to-server", &["--hook", "xdp-native"]);
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn the_client_host_finds_the_textbook_incident_by_tc_too() {
    let hosts = two_hosts().unwrap();
    replay(&hosts, &hosts.client, "to-server", &["--hook", "tc"]);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn the_server_host_finds_the_textbook_incident_live() {
    let hosts = two_hosts().unwrap();
    // It has never answered, so that it must be named for its failures to count on its own host.
    let server = SERVER_V4.to_string();
    let arguments = ["--hook", "xdp-native", "--server", &server];
    replay(&hosts, &hosts.server, "to-client", &arguments);
}
