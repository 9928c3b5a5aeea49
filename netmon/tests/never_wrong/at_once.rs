//! A busy server that dies: it is down as soon as those who ask it fail, and every outlet says so.

use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle, scope, sleep};
use std::time::{Duration, Instant};

use netmon_testkit::lab::{
    Asker, CLIENT_V4, DnsServer, End, Hook, Namespace, Netmon, Rules, SERVER_V4, Switched, eventually,
    switched,
};
use serde_json::Value;

use crate::support::incident::{since, time};
use crate::support::{PATIENCE, assert_adds_up, watch};

/// Five times a second.
const EVERY: Duration = Duration::from_millis(200);

/// Far less than the ten seconds after which an answer is forgotten, and far more than a busy machine takes.
const SOON: Duration = Duration::from_secs(5);

const OTHER_CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 51, 100, 16));

/// Asks at that pace until it is over, whatever becomes of it.
fn ask_steadily(client: &Namespace, from: IpAddr, is_over: &AtomicBool) {
    let asker = Asker::of(client, from, SERVER_V4).unwrap();
    let mut next = Instant::now();
    for id in 0.. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        asker.ask(id, &format!("busy{id}.test"), EVERY / 2).unwrap();
        next += EVERY;
        sleep(next.saturating_duration_since(Instant::now()));
    }
}

struct Scene {
    hosts: Switched,
    other: Namespace,
    folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let hosts = switched().unwrap();
        hosts.server.limit_no_errors().unwrap();
        let other = Namespace::new("other").unwrap();
        let addresses = [OTHER_CLIENT, "2001:db8:1::16".parse().unwrap()];
        hosts.plug(&other, "to-server", addresses).unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self { hosts, other, folder }
    }

    /// The file that the notified command writes, a line each.
    fn notified(&self) -> std::path::PathBuf {
        self.folder.path().join("notified")
    }

    /// Netmon on the server's host, with further outlets.
    fn watch(&self) -> Netmon {
        let history = self.folder.path().join("history.db");
        let script = format!("cat >>{0}; echo >>{0}", self.notified().display());
        let arguments = [
            "--interface=to-client".to_owned(),
            format!("--history={}", history.display()),
            "--notify-command=/bin/sh".to_owned(),
            "--notify-command=-c".to_owned(),
            format!("--notify-command={script}"),
        ];
        watch(&self.hosts.server, &arguments.each_ref().map(String::as_str))
    }

    fn start<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        is_over: &'scope AtomicBool,
    ) -> [ScopedJoinHandle<'scope, ()>; 2] {
        [
            scope.spawn(|| ask_steadily(&self.hosts.client, CLIENT_V4, is_over)),
            scope.spawn(|| ask_steadily(&self.other, OTHER_CLIENT, is_over)),
        ]
    }
}

/// What the command was told, once the last of it is of that severity.
#[track_caller]
fn notifications(file: &Path, severity: &str) -> Vec<Value> {
    let told = || -> Vec<Value> {
        let text = fs::read_to_string(file).unwrap_or_default();
        let lines = text.lines().filter(|line| !line.is_empty());
        lines.filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    eventually(&format!("`{severity}` for the command"), told, |told| {
        told.last()
            .is_some_and(|last| last["incident"]["severity"] == severity)
    })
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_server_that_dies_under_its_clients_is_down_at_every_outlet_before_its_last_answer_is_old() {
    let scene = Scene::new();
    let mut server = DnsServer::new(&scene.hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = scene.watch();
    let is_over = AtomicBool::new(false);
    scope(|scope| {
        let end = End(&is_over);
        let clients = scene.start(scope, &is_over);
        sleep(Duration::from_secs(3));
        server.stop().unwrap();
        let down = netmon
            .wait_for("`down`", PATIENCE, |event| event.incident()["severity"] == "down")
            .unwrap();
        let delay = time(&down.value["time"])
            .duration_since(time(&down.incident()["began"]))
            .unwrap();
        assert!(delay < SOON, "{delay:?}: {down:#?}");
        let told = notifications(&scene.notified(), "down");
        let last = &told.last().unwrap()["incident"];
        assert_eq!(last["id"], down.incident()["id"]);
        drop(end);
        for client in clients {
            client.join().unwrap();
        }
    });
    let incidents = crate::support::doors::incidents_of(&netmon);
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    assert_eq!(incidents[0]["answers"], 0, "{incidents:#?}");
    // What asks first after its death fails within a pace of the other client.
    let opened = since(&incidents[0]["opened"], &incidents[0]["began"]);
    assert!(opened < SOON, "{incidents:#?}");
    assert_adds_up(&netmon.stop().unwrap());
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_server_that_rejects_one_of_two_busy_clients_is_degraded_at_every_outlet() {
    let scene = Scene::new();
    let _server = DnsServer::new(&scene.hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = scene.watch();
    let is_over = AtomicBool::new(false);
    scope(|scope| {
        let end = End(&is_over);
        let clients = scene.start(scope, &is_over);
        sleep(Duration::from_secs(3));
        let rule = format!("ip saddr {CLIENT_V4} udp dport 53 reject");
        let rules = Rules::new(&scene.hosts.server, Hook::Input, &[&rule]).unwrap();
        netmon
            .wait_for("some answers to the other", PATIENCE, |event| {
                event.incident()["answers"].as_u64() > Some(10)
            })
            .unwrap();
        drop(rules);
        netmon.wait_event("incident_closed", PATIENCE).unwrap();
        for told in notifications(&scene.notified(), "degraded") {
            assert_eq!(told["incident"]["severity"], "degraded", "{told:#}");
        }
        drop(end);
        for client in clients {
            client.join().unwrap();
        }
    });
    let incidents = crate::support::doors::incidents_of(&netmon);
    assert_eq!(incidents.len(), 1, "{incidents:#?}");
    assert_eq!(incidents[0]["severity"], "degraded", "{incidents:#?}");
    assert_adds_up(&netmon.stop().unwrap());
}
