//! SIGHUP on a running netmon: what can change does, what cannot is named, a wrong file changes nothing, and nothing is
//! detached.
#![expect(clippy::unwrap_used, reason = "a test may die of a surprise")]

mod support;

use std::fs;
use std::path::PathBuf;

use netmon_testkit::lab::{DnsServer, Line, Namespace, Netmon, SERVER_V4, Stream, eventually, two_hosts};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use support::{PATIENCE, ask_answered, ask_refused, assert_adds_up, assert_counts, watch};
use tempfile::TempDir;

const FIRST: &str = "interface = \"to-server\"\nhook = \"xdp-native\"\ninterval = \"500ms\"\n";

/// A configuration file that changes, and the netmon that reads it.
struct Scene {
    _folder: TempDir,
    file: PathBuf,
    netmon: Netmon,
    reloads: usize,
}

impl Scene {
    fn new(host: &Namespace, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("netmon.toml");
        fs::write(&file, FIRST).unwrap();
        let config = format!("--config={}", file.display());
        let netmon = watch(host, &[&[config.as_str()], flags].concat());
        Self {
            _folder: folder,
            file,
            netmon,
            reloads: 0,
        }
    }

    /// Writes the file anew, and lets netmon read it.
    fn reload(&mut self, text: &str) -> Value {
        fs::write(&self.file, text).unwrap();
        self.signal()
    }

    /// Lets netmon read the file, and gives back what it says of it.
    fn signal(&mut self) -> Value {
        self.netmon.process().signal(Signal::SIGHUP).unwrap();
        self.reloads += 1;
        // Where none comes, the netmon shows all that it printed.
        let told = || self.netmon.events_named("reloaded").unwrap();
        let told = eventually("event `reloaded`", told, |told| told.len() >= self.reloads);
        told.into_iter().nth(self.reloads - 1).unwrap().value
    }
}

/// The kernel's id of the attached program.
fn program(host: &Namespace) -> String {
    let link = host.ip("-details link show to-server").unwrap();
    let id = link.split("prog/xdp id ").nth(1).unwrap();
    id.split_whitespace().next().unwrap().to_owned()
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn what_can_change_does_at_sighup_what_cannot_is_named_and_nothing_is_detached() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let taken = folder.path().join("taken");
    let mut scene = Scene::new(&hosts.client, &["--iterative=false"]);
    let before = program(&hosts.client);
    ask_answered(&hosts.client, SERVER_V4, 1);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    scene.netmon.wait_event("incident_opened", PATIENCE).unwrap();

    let second = format!(
        "interface = \"to-server\"\nhook = \"tc\"\nport = [53, 5353]\niterative = true\nlog-level = \"info\"\n\
         [thresholds]\nunreachable_quiet = \"1s\"\nidle = \"10m\"\n\
         [notify.command]\ncommand = [\"/bin/sh\", \"-c\", \"cat >>{}\"]\n\
         [[server]]\naddress = \"203.0.113.2\"\nname = \"ns1\"\nowner = \"Network team\"\n",
        taken.display()
    );
    let told = scene.reload(&second);
    // The interval is back at its default; the flag still rules over `iterative`; `idle` says the default.
    let changed = [
        "interval",
        "log-level",
        "notify.command.command",
        "server",
        "thresholds.unreachable_quiet",
    ];
    assert_eq!(told["changed"], json!(changed), "{told:#}");
    assert_eq!(told["restart"], json!(["hook", "port"]), "{told:#}");
    assert_eq!(told["error"], Value::Null);
    let again = scene.reload(&second);
    assert_eq!(again["changed"], json!([]), "{again:#}");
    assert_eq!(again["restart"], json!(["hook", "port"]), "{again:#}");

    // The new threshold closes the incident far sooner than the old one, and the new command and log level are heard.
    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 1);
    let closed = scene.netmon.wait_event("incident_closed", PATIENCE).unwrap();
    let notified = |line: &Line| line.stream == Stream::Err && line.text.contains("notified the command");
    scene
        .netmon
        .process()
        .wait_for("log", PATIENCE, notified)
        .unwrap();
    let taken: Value = serde_json::from_str(&fs::read_to_string(taken).unwrap()).unwrap();
    assert_eq!(taken["event"], "incident_closed");
    assert_eq!(taken["incident"], *closed.incident());
    // The incident had opened before the server had a name.
    let info = json!({"name": "ns1", "owner": "Network team", "note": null});
    assert_eq!(closed.incident()["server_info"], info);

    assert_eq!(program(&hosts.client), before);
    let stopped = scene.netmon.stop().unwrap();
    assert_counts(&stopped, SERVER_V4, 3, 2, 1);
    assert_adds_up(&stopped);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_wrong_file_changes_nothing_and_is_told_with_its_line() {
    let hosts = two_hosts().unwrap();
    let mut scene = Scene::new(&hosts.client, &[]);
    let before = program(&hosts.client);
    let told = scene.reload("interval = \"2s\"\n[thresholds]\nidel = \"1s\"\n");
    let error = told["error"].as_str().unwrap();
    let file = scene.file.display();
    let expected = format!("{file}:3:1: there is no key `thresholds.idel`; did you mean `thresholds.idle`?");
    assert_eq!(error, expected);
    fs::remove_file(&scene.file).unwrap();
    let told = scene.signal();
    let error = told["error"].as_str().unwrap();
    assert!(error.contains("No such file"), "{error}");
    // What ran still runs: a reload of the first file finds nothing to change.
    let told = scene.reload(FIRST);
    assert_eq!(told["changed"], json!([]), "{told:#}");
    assert_eq!(told["restart"], json!([]), "{told:#}");
    assert_eq!(program(&hosts.client), before);
    scene.netmon.stop().unwrap();
}
