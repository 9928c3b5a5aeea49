//! The running netmon, as those see it who ask at its socket, by HTTP, and by `netmon status`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use netmon_testkit::lab::{DnsServer, Namespace, SERVER_V4, eventually, two_hosts};
use serde_json::Value;

use crate::support::{NETMON, ask_answered, ask_refused, watch};

fn curl(host: &Namespace, arguments: &[&str]) -> String {
    let mut command = Command::new("curl");
    command
        .args(["--silent", "--show-error", "--fail"])
        .args(arguments);
    host.exec(&mut command).unwrap()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What `ask` answers, once it is so.
#[track_caller]
fn until(ask: impl Fn() -> String, is_so: impl Fn(&Value) -> bool) -> Value {
    eventually("such answer", || json(&ask()), is_so)
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn the_socket_the_address_and_status_have_the_same_summary_of_an_outage() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("netmon.sock").display().to_string();
    let arguments = [
        "--interface",
        "to-server",
        "--socket",
        &socket,
        "--metrics",
        "127.0.0.1:19053",
        "--web",
        "127.0.0.1:19053",
    ];
    let mut netmon = watch(&hosts.client, &arguments);
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o660);
    ask_answered(&hosts.client, SERVER_V4, 2);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 3);

    let at_socket = || {
        curl(
            &hosts.client,
            &["--unix-socket", &socket, "http://localhost/api/v1/summary"],
        )
    };
    let summary = until(at_socket, |summary| {
        summary["state"] == "down" && summary["open"][0]["queries"] == 3
    });
    let id = summary["open"][0]["id"].as_str().unwrap();
    let by_http = |path: &str| curl(&hosts.client, &[&format!("http://127.0.0.1:19053{path}")]);
    let status = || {
        let mut status = Command::new(NETMON);
        status.args(["status", "--format", "json", "--socket", &socket]);
        hosts.client.exec(&mut status).unwrap()
    };
    let (status, by_address) = (json(&status()), json(&by_http("/api/v1/summary")));
    for other in [&status, &by_address] {
        for key in [
            "schema",
            "version",
            "host",
            "pid",
            "since",
            "state",
            "sentence",
            "open",
            "interfaces",
            "ports",
        ] {
            assert_eq!(other[key], summary[key], "{key}: {other:#}");
        }
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        let expected = keys(&summary).into_iter();
        assert!(
            expected.into_iter().all(|key| keys(other).contains(&key)),
            "{other:#}"
        );
    }
    let pids = status["instances"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| &one["pids"][0]);
    assert!(pids.into_iter().any(|pid| *pid == summary["pid"]), "{status:#}");

    // Counts are as old as the last reading.
    let servers = until(
        || by_http("/api/v1/servers"),
        |servers| servers["servers"][0]["errors"] == 3,
    );
    assert_eq!(
        servers["servers"][0]["address"],
        SERVER_V4.to_string(),
        "{servers:#}"
    );
    assert_eq!(servers["servers"][0]["queries"], 5);
    let page = json(&by_http(&format!("/api/v1/servers/{SERVER_V4}")));
    assert_eq!(page["counts"]["dns_unreachable"]["port"], 3, "{page:#}");
    assert!(by_http("/metrics").contains("netmon_incident_active"));
    let report = by_http(&format!("/api/v1/incidents/{id}/report?format=markdown"));
    assert!(report.contains("## Part 1"), "{report}");

    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 2);
    let incidents = until(
        || by_http("/api/v1/incidents"),
        |all| all["incidents"][0]["state"] == "closed",
    );
    assert_eq!(incidents["incidents"][0]["id"], id);
    netmon.stop().unwrap();
    assert!(!std::path::Path::new(&socket).exists());
}

/// The status of a request.
fn status(host: &Namespace, arguments: &[&str]) -> String {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--output", "/dev/null", "--write-out", "%{http_code}"])
        .args(arguments);
    host.exec(&mut curl).unwrap()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_server_that_has_lost_its_place_is_shown_no_more_and_strange_names_get_no_metrics() {
    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("netmon.sock").display().to_string();
    let arguments = [
        "--interface",
        "to-server",
        "--socket",
        &socket,
        "--idle-entries",
        "5s",
        "--metrics",
        "127.0.0.1:19053",
        "--allowed-host",
        "monitor.example",
    ];
    let mut netmon = watch(&hosts.client, &arguments);
    // Whoever answers recursive queries keeps its place for longer.
    let server = format!("@{SERVER_V4}");
    for name in ["one.test", "two.test"] {
        let mut dig = Command::new("dig");
        hosts
            .client
            .exec(dig.args(["+norecurse", server.as_str(), name]))
            .unwrap();
    }
    let servers = || {
        curl(
            &hosts.client,
            &["--unix-socket", &socket, "http://localhost/api/v1/servers"],
        )
    };
    let found = until(servers, |found| found["total"] == 1);
    // Also for the first one who looks.
    assert_eq!(found["servers"][0]["latency_us"]["count"], 2, "{found:#}");
    for (name, expected) in [
        ("127.0.0.1:19053", "200"),
        ("monitor.example", "200"),
        ("evil.example", "421"),
    ] {
        let host = format!("Host: {name}");
        let arguments = ["--header", &host, "http://127.0.0.1:19053/metrics"];
        assert_eq!(status(&hosts.client, &arguments), expected, "{name}");
    }
    until(servers, |found| found["total"] == 0);
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn an_address_for_everybody_needs_a_token_that_only_its_owner_can_read() {
    let hosts = two_hosts().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    fs::write(&file, "0123456789abcdef0123\n").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let token = file.display().to_string();
    let refused = |arguments: &[&str]| {
        let output = Command::new(NETMON)
            .args(["run", "--config", "/dev/null"])
            .args(arguments)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let words = refused(&["--web", "0.0.0.0:19054"]);
    assert!(
        words.contains("not a loopback address") && words.contains("--web-token-file"),
        "{words}"
    );
    let words = refused(&["--web", "0.0.0.0:19054", "--web-token-file", &token]);
    assert!(words.contains("chmod 600"), "{words}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let arguments = [
        "--interface",
        "to-server",
        "--socket",
        "none",
        "--web",
        "0.0.0.0:19054",
        "--web-token-file",
        &token,
    ];
    let mut netmon = watch(&hosts.client, &arguments);
    let url = "http://127.0.0.1:19054/api/v1/summary";
    let metrics = "http://127.0.0.1:19054/metrics";
    let shown = ["--header", "Authorization: Bearer 0123456789abcdef0123"];
    let with = |url| curl(&hosts.client, &[shown[0], shown[1], url]);
    for url in [url, metrics] {
        assert_eq!(status(&hosts.client, &[url]), "401");
    }
    // Who probes needs none.
    assert_eq!(status(&hosts.client, &["http://127.0.0.1:19054/healthz"]), "200");
    assert_eq!(json(&with(url))["schema"], 1);
    assert!(with(metrics).contains("netmon_packets_total"));
    netmon.stop().unwrap();
}
