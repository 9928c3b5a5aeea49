//! Real containers of podman, from an image with one static program. One in the host's network is named with its container; one
//! behind a bridge with masquerading has a network namespace of its own, and nobody is named for it. The control: dig on the host.

use std::fs;
use std::net::IpAddr;
use std::process::Command;

use netmon_testkit::lab::{Event, Namespace, Netmon, SERVER_V4, two_hosts};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{PATIENCE, ask_refused, watch};
use crate::who::build;

/// Everything of it lies in a directory of its own.
const CONFIGURATION: &str = r#"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "none"
lock_type = "file"
runtime = "runc"
[network]
network_backend = "netavark"
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
log_driver = "none"
"#;

struct Podman<'lab> {
    host: &'lab Namespace,
    directory: TempDir,
}

impl<'lab> Podman<'lab> {
    fn new(host: &'lab Namespace) -> Self {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("containers.conf"), CONFIGURATION).unwrap();
        let root = directory.path().join("image");
        fs::create_dir(&root).unwrap();
        build(&root);
        let podman = Self { host, directory };
        let image = podman.directory.path().join("image.tar").display().to_string();
        let tar = Command::new("tar")
            .arg("-C")
            .arg(&root)
            .args(["-cf", &image, "."])
            .status();
        assert!(tar.unwrap().success());
        podman.run(&["import", &image, "asks:latest"]);
        podman
    }

    #[track_caller]
    fn run(&self, arguments: &[&str]) {
        let path = |name: &str| self.directory.path().join(name);
        let mut command = Command::new("podman");
        command
            .env("CONTAINERS_CONF", path("containers.conf"))
            .args(["--storage-driver", "vfs", "--root"])
            .arg(path("root"))
            .arg("--runroot")
            .arg(path("run"))
            .arg("--tmpdir")
            .arg(path("tmp"))
            .arg("--network-config-dir")
            .arg(path("networks"))
            .args(arguments);
        let output = self.host.output(&mut command).unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    }

    /// Has a container in that network ask that server; its id.
    fn ask(&self, network: &str, server: IpAddr) -> String {
        let id = self.directory.path().join(network).display().to_string();
        let server = server.to_string();
        self.run(&[
            "run",
            "--rm",
            "--cidfile",
            &id,
            "--network",
            network,
            "--dns",
            &server,
            "--dns-opt",
            "timeout:1",
            "--dns-opt",
            "attempts:1",
            "localhost/asks:latest",
            "/ask-musl",
            "contained.test",
        ]);
        fs::read_to_string(id).unwrap().trim().to_owned()
    }
}

impl Drop for Podman<'_> {
    fn drop(&mut self) {
        // Its mounts.
        if !std::thread::panicking() {
            self.run(&["system", "reset", "--force"]);
        }
    }
}

#[track_caller]
fn askers(netmon: &Netmon, server: IpAddr) -> Value {
    let about =
        |event: &Event| event.name() == "incident_opened" && event.incident()["server"] == server.to_string();
    let opened = netmon
        .wait_for(&format!("an incident of {server}"), PATIENCE, about)
        .unwrap();
    opened.incident()["askers"].clone()
}

#[test]
#[ignore = "needs root: network namespaces, control groups, TC and podman"]
fn a_container_in_the_hosts_network_is_named_and_for_one_behind_a_bridge_nobody_is() {
    let hosts = two_hosts().unwrap();
    hosts.client.set("net/ipv4/ip_forward", "1").unwrap();
    let (bridged, control): (IpAddr, IpAddr) = ([203, 0, 113, 3].into(), [203, 0, 113, 4].into());
    for server in [bridged, control] {
        hosts.server.add_address(server, "to-client").unwrap();
    }
    let podman = Podman::new(&hosts.client);
    podman.run(&["network", "create", "--subnet", "10.89.7.0/24", "bridged"]);
    let netmon = watch(&hosts.client, &["--interface", "to-server", "--interface", "lo"]);

    let id = podman.ask("host", SERVER_V4);
    let of_host = askers(&netmon, SERVER_V4);
    let about = |asker: &Value| {
        let words = ["process", "container", "unit", "pod"].map(|word| asker[word].clone());
        (words, asker["queries"].clone())
    };
    assert_eq!(of_host.as_array().unwrap().len(), 1, "{of_host:#}");
    assert_eq!(
        about(&of_host[0]),
        ([json!("ask-musl"), json!(id), Value::Null, Value::Null], json!(1)),
        "{of_host:#}"
    );

    podman.ask("bridged", bridged);
    assert_eq!(askers(&netmon, bridged), json!([]));

    ask_refused(&hosts.client, control, 1);
    let of_dig = askers(&netmon, control);
    assert_eq!(
        (&of_dig[0]["process"], &of_dig[0]["container"]),
        (&json!("dig"), &Value::Null),
        "{of_dig:#}"
    );
}
