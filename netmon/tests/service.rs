//! As a service: what systemd is told, and that a user with three capabilities is enough, in a file system like the unit's.
//! `cargo xtask deb --check` tries the unit itself, under a real systemd.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test may die of a surprise"
)]

mod support;

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use netmon::kernel::version;
use netmon_testkit::executable;
use netmon_testkit::lab::{DnsServer, SERVER_V4, two_hosts};
use nix::sys::signal::Signal;
use support::http::get;
use support::kernel::has_tcx;
use support::{NETMON, PATIENCE, ask_answered, ask_refused, assert_counts};
use tempfile::TempDir;

/// How long the test's systemd waits for a sign of life.
const WATCHDOG: Duration = Duration::from_secs(2);
const ALIVE: &str = "WATCHDOG=1\n";

/// The socket that systemd would listen on.
struct Systemd {
    _folder: TempDir,
    path: PathBuf,
    socket: UnixDatagram,
}

impl Systemd {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        Self {
            _folder: folder,
            path,
            socket,
        }
    }

    /// The next message, or nothing within that time.
    fn next(&self, within: Duration) -> Option<String> {
        let mut buffer = [0; 4_096];
        self.socket.set_read_timeout(Some(within)).unwrap();
        let length = self.socket.recv(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(buffer.get(..length)?).into_owned())
    }

    /// The next message that is no sign of life.
    #[track_caller]
    fn next_state(&self, within: Duration) -> String {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let left = left.max(Duration::from_millis(1));
            let message = self.next(left).expect("systemd is told nothing");
            if message != ALIVE {
                return message;
            }
        }
    }
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn systemd_hears_that_it_is_ready_alive_reloading_and_stopping_and_nothing_while_it_hangs() {
    let hosts = two_hosts().unwrap();
    let systemd = Systemd::new();
    let mut command = Command::new(NETMON);
    command
        .args([
            "run",
            "--config=/dev/null",
            "--interface=to-server",
            "--interval=200ms",
        ])
        .env("NOTIFY_SOCKET", &systemd.path)
        .env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string());
    let mut netmon = hosts.client.spawn(&mut command).unwrap();
    let status = |incidents: &str| format!("STATUS=watching 1 interface, {incidents} open\n");
    let ready = format!("READY=1\n{}", status("0 incidents"));
    assert_eq!(systemd.next(PATIENCE).unwrap(), ready);

    for _ in 0..4 {
        assert_eq!(systemd.next(PATIENCE).unwrap(), ALIVE);
    }

    ask_refused(&hosts.client, SERVER_V4, 1);
    assert_eq!(systemd.next_state(PATIENCE), status("1 incident"));

    netmon.signal(Signal::SIGHUP).unwrap();
    let reloading = systemd.next_state(PATIENCE);
    assert!(
        reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="),
        "{reloading}"
    );
    assert_eq!(
        systemd.next_state(PATIENCE),
        format!("READY=1\n{}", status("1 incident"))
    );

    netmon.suspend().unwrap();
    // What was sent before it stopped.
    while systemd.next(Duration::from_millis(1)).is_some() {}
    assert_eq!(systemd.next(WATCHDOG), None, "a sign of life of one that hangs");
    netmon.signal(Signal::SIGCONT).unwrap();
    assert_eq!(systemd.next(PATIENCE).unwrap(), ALIVE);

    netmon.signal(Signal::SIGTERM).unwrap();
    assert_eq!(
        systemd.next_state(PATIENCE),
        format!("STOPPING=1\n{}", status("1 incident"))
    );
    assert!(netmon.wait(PATIENCE).unwrap().success());
    assert_eq!(systemd.next(Duration::from_millis(1)), None);
}

/// A user that has no name, as far as anybody knows.
const USER: u32 = 64_738;

/// The unit's user, capabilities and view of the BPF file system, for the commands after it.
const SANDBOX: &str = r#"#!/bin/sh
# [what] [arguments]: in a mount namespace of its own.
[ "$1" = --inside ] || exec unshare --mount "$0" --inside "$@"
shift
set -e
hold=$(mktemp -d)
mount -t tmpfs none "$hold"
mkdir "$hold/pins"
mount -t bpf -o mode=700 bpf /sys/fs/bpf
mkdir -m 700 /sys/fs/bpf/netmon
chown USER:USER /sys/fs/bpf/netmon
mount --bind /sys/fs/bpf/netmon "$hold/pins"
mount -t tmpfs -o mode=755 none /sys/fs/bpf
mkdir /sys/fs/bpf/netmon
mount --bind "$hold/pins" /sys/fs/bpf/netmon
mount -o remount,bind,ro /sys/fs/bpf
umount "$hold/pins" "$hold"
rmdir "$hold"
# As the unit has it; only old kernels need it.
ulimit -l unlimited 2>/dev/null || true
kept=-all,+bpf,+perfmon,+net_admin
exec setpriv --reuid=USER --regid=USER --clear-groups --no-new-privs \
    --inh-caps="$kept" --ambient-caps="$kept" --bounding-set="$kept" -- NETMON "$@"
"#;

/// A directory of that user's, with the sandbox beside it, and a copy of netmon: where this one is built the user may have no
/// way.
fn sandbox() -> (TempDir, PathBuf, String) {
    let (folder, netmon) = executable::for_everybody(NETMON).unwrap();
    let netmon = netmon.to_str().unwrap().to_owned();
    let script = folder.path().join("sandbox");
    let text = SANDBOX.replace("USER", &USER.to_string());
    executable::script(&script, &text.replace("NETMON", &netmon)).unwrap();
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    chown(&state, Some(USER), Some(USER)).unwrap();
    (folder, script, netmon)
}

#[test]
#[ignore = "needs root: network namespaces, a mount namespace and TC"]
fn a_user_with_three_capabilities_watches_pins_keeps_and_serves() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let (folder, script, _netmon) = sandbox();
    let history = folder.path().join("state/history.db");
    let metrics: SocketAddr = "127.0.0.1:19053".parse().unwrap();
    let arguments = [
        "--interface=to-server",
        "--pin",
        "--history",
        history.to_str().unwrap(),
        "--metrics=127.0.0.1:19053",
    ];
    let mut netmon = netmon_testkit::lab::Netmon::start(&hosts.client, &script, &arguments).unwrap();
    let process = netmon.process().id();
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    assert!(status.contains(&format!("\nUid:\t{USER}\t{USER}\t")), "{status}");
    // CAP_NET_ADMIN alone is left, and CAP_BPF where maps are read with it.
    let left = if version::reading_needs_rights() {
        "0000008000001000"
    } else {
        "0000000000001000"
    };
    assert!(status.contains(&format!("\nCapEff:\t{left}\n")), "{status}");

    ask_answered(&hosts.client, SERVER_V4, 2);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    let scraped = hosts.client.enter(|| get(metrics, "/metrics")).unwrap();
    assert_eq!(scraped.status, 200);
    if has_tcx() {
        let links = fs::read_dir(format!("/proc/{process}/root/sys/fs/bpf/netmon/links")).unwrap();
        assert_eq!(links.count(), 2);
    }
    assert_counts(&netmon.stop().unwrap(), SERVER_V4, 3, 2, 1);
    assert!(history.exists());
}

#[test]
#[ignore = "needs root: network namespaces, a mount namespace and TC"]
fn detach_empties_a_directory_that_is_mounted_and_cannot_be_removed() {
    let hosts = two_hosts().unwrap();
    let (_folder, script, netmon) = sandbox();
    // Both in one sandbox: the second command is the shell's that stands in for netmon.
    let text = fs::read_to_string(&script).unwrap();
    let both = format!("sh -c '{netmon} \"$@\" && {netmon} detach && ls -A /sys/fs/bpf/netmon' sh");
    let text = text.replace(&format!("{netmon} \"$@\""), &format!("{both} \"$@\""));
    executable::script(&script, &text).unwrap();
    let mut command = Command::new(&script);
    command.args([
        "run",
        "--config=/dev/null",
        "--interface=lo",
        "--pin",
        "--duration=1s",
    ]);
    let printed = hosts.client.exec(&mut command).unwrap();
    let last = printed.lines().last().unwrap();
    assert!(last.starts_with("removed 1 links and "), "{printed}");
}
