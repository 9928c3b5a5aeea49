//! Which process asks: real programs in control groups of their own ask a server that is gone, over a cable and over `lo`.
//! The control: queries that no socket of this host's processes sent, or that several may have sent.

use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use netmon_testkit::lab::{DnsServer, Event, Namespace, SERVER_V4, SERVER_V6, two_hosts};
use serde_json::{Value, json};

use crate::support::{PATIENCE, watch};

const CONTAINER: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// A control group that is removed with its guard.
pub(crate) struct Group(PathBuf);

impl Group {
    /// Below the root of the second version's hierarchy.
    pub(crate) fn new(path: &str) -> Self {
        let group = Self(
            netmon::askers::root()
                .unwrap()
                .join(format!("netmon-test-{}", std::process::id()))
                .join(path),
        );
        fs::create_dir_all(&group.0).unwrap();
        group
    }

    /// The same command, run by a process of the group, whose number it prints first.
    pub(crate) fn run(&self, host: &Namespace, command: &str) -> u64 {
        let script = format!(
            "echo $$ > {}/cgroup.procs; echo $$; exec {command}",
            self.0.display()
        );
        let output = host.output(Command::new("sh").args(["-c", &script])).unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.lines().next().and_then(|pid| pid.parse().ok()).unwrap()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let mut path: &Path = &self.0;
        while fs::remove_dir(path).is_ok() {
            path = path.parent().unwrap();
        }
    }
}

fn about(server: IpAddr) -> impl Fn(&Event) -> bool {
    move |event| event.name() == "incident_opened" && event.incident()["server"] == server.to_string()
}

fn dig(server: IpAddr, name: &str) -> String {
    format!("dig -r +tries=1 +timeout=5 @{server} {name} A")
}

#[test]
#[ignore = "needs root: network namespaces, control groups and TC"]
fn an_incident_says_which_process_asks_from_which_unit_and_container() {
    let hosts = two_hosts().unwrap();
    let netmon = watch(&hosts.client, &["--interface", "to-server", "--interface", "lo"]);
    let service = Group::new("system.slice/asks.service");
    let container = Group::new(&format!("machine.slice/libpod-{CONTAINER}.scope/container"));
    let local: IpAddr = [127, 0, 0, 53].into();
    let cases: [(&Group, IpAddr, Value, Value); 3] = [
        (&service, SERVER_V4, json!("asks.service"), Value::Null),
        (
            &container,
            SERVER_V6,
            json!(format!("libpod-{CONTAINER}.scope")),
            json!(CONTAINER),
        ),
        (&service, local, json!("asks.service"), Value::Null),
    ];
    for (group, server, unit, container) in cases {
        let pid = group.run(&hosts.client, &dig(server, "asked.test"));
        let opened = netmon
            .wait_for(&format!("an incident of {server}"), PATIENCE, about(server))
            .unwrap();
        let expected = json!([{
            "process": "dig", "pid": pid, "uid": 0, "unit": unit, "container": container, "pod": null, "queries": 1, "errors": 1,
        }]);
        assert_eq!(
            opened.incident()["askers"],
            expected,
            "{server}: {:#}",
            opened.incident()
        );
        assert_eq!(opened.incident()["askers_more"], 0);
    }
}

#[test]
#[ignore = "needs root: network namespaces, control groups and TC"]
fn of_a_socket_that_several_processes_use_nobody_is_named_and_without_askers_nobody_at_all() {
    /// Sends a query twice from one socket: itself, and by a child.
    const SHARED: &str = "python3 -c '
import os, socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
q = bytes.fromhex(\"beef01000001000000000000\") + b\"\\x05share\\x04test\\0\\0\\x01\\0\\x01\"
s.sendto(q, (\"203.0.113.99\", 53))
if os.fork() == 0:
    s.sendto(q, (\"203.0.113.2\", 53))
    os._exit(0)
os.wait()
time.sleep(1)
'";
    let hosts = two_hosts().unwrap();
    let netmon = watch(&hosts.client, &["--interface", "to-server", "--interface", "lo"]);
    let silent = watch(
        &hosts.client,
        &["--interface", "to-server", "--interface", "lo", "--no-askers"],
    );
    let group = Group::new("system.slice/shares.service");
    group.run(&hosts.client, SHARED);
    let opened = netmon
        .wait_for("an incident", PATIENCE, about(SERVER_V4))
        .unwrap();
    assert_eq!(opened.incident()["askers"], json!([]), "{:#}", opened.incident());
    let opened = silent
        .wait_for("an incident", PATIENCE, about(SERVER_V4))
        .unwrap();
    assert_eq!(opened.incident()["askers"], Value::Null);
    assert_eq!(opened.incident()["askers_more"], Value::Null);
    // The control: what one process sends is named.
    let pid = group.run(&hosts.client, &dig(SERVER_V6, "control.test"));
    let opened = netmon
        .wait_for("the control", PATIENCE, about(SERVER_V6))
        .unwrap();
    assert_eq!(opened.incident()["askers"][0]["pid"], pid);
}

#[test]
#[ignore = "needs root: network namespaces, control groups and TC"]
fn short_lived_clients_of_every_kind_are_named_and_none_is_mistaken() {
    const TIMES: usize = 20;
    let hosts = two_hosts().unwrap();
    let netmon = watch(&hosts.client, &["--interface", "to-server", "--interface", "lo"]);
    let group = Group::new("system.slice/many.service");
    let directory = tempfile::tempdir().unwrap();
    let resolv_conf = directory.path().join("resolv.conf");
    fs::write(
        &resolv_conf,
        format!("nameserver {SERVER_V4}\noptions attempts:1 timeout:1\n"),
    )
    .unwrap();
    let mut expected = std::collections::BTreeMap::new();
    for number in 0..TIMES {
        let name = format!("n{number}.test");
        let getent = format!(
            "unshare --mount sh -c 'mount --bind {} /etc/resolv.conf && exec getent ahostsv4 {name}'",
            resolv_conf.display()
        );
        for (command, process) in [
            (dig(SERVER_V4, &name), "dig"),
            (format!("kdig +retry=0 +timeout=1 @{SERVER_V4} {name} A"), "kdig"),
            (getent, "getent"),
        ] {
            expected.insert(group.run(&hosts.client, &command), process);
        }
    }
    let is_full =
        |event: &Event| event.incident()["askers_more"].as_u64() == Some(expected.len() as u64 - 16);
    let last = netmon.wait_for("all clients", PATIENCE, is_full).unwrap();
    for asker in last.incident()["askers"].as_array().unwrap() {
        let pid = asker["pid"].as_u64().unwrap();
        assert_eq!(
            asker["process"],
            *expected.get(&pid).expect("one of them"),
            "{asker}"
        );
        assert_eq!(asker["unit"], "many.service");
    }
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
}
