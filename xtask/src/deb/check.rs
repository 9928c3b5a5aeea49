//! Whether the package is a good one: by those who judge packages and units (lintian, systemd-analyze), and by what it does
//! on a machine that a real systemd runs.

use std::{
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail, ensure};

use super::machine::Machine;
use crate::{process, workspace};

const UNIT: &str = "netmon.service";

/// Where its maps and links are pinned.
const PINS: &str = "/sys/fs/bpf/netmon";

/// The exposure that `systemd-analyze security` may find, in tenths.
const EXPOSURE: &str = "18";

/// `CAP_NET_ADMIN` alone (`include/uapi/linux/capability.h`).
const NET_ADMIN: &str = "0000000000001000";

/// How long what happens soon may take on a busy machine.
const SOON: Duration = Duration::from_secs(20);
const STEP: Duration = Duration::from_millis(200);

/// Does one thing with the machine, and fails if it does not come out as it should.
type Step = fn(&Machine) -> Result<()>;

/// What can be judged without installing it.
pub fn package(package: &Path) -> Result<()> {
    say("lintian");
    process::run(Command::new("lintian").args(["--fail-on", "error"]).arg(package))?;
    say("systemd-analyze security");
    let unit = workspace::root().join("deploy/systemd").join(UNIT);
    let mut security = Command::new("systemd-analyze");
    security
        .args([
            "security",
            "--no-pager",
            "--offline=true",
            "--threshold",
            EXPOSURE,
        ])
        .arg(&unit);
    let table = process::output(&mut security)?;
    println!("{}", table.lines().last().unwrap_or_default());
    Ok(())
}

/// Installs it, uses it, upgrades it, removes and purges it. Needs root.
pub fn installed(package: &Path) -> Result<()> {
    say("booting a machine");
    let machine = Machine::boot()?;
    machine.copy(package, PACKAGE)?;
    let steps: [(&str, Step); 7] = [
        ("install", install),
        ("sandbox", sandbox),
        ("use", use_it),
        ("upgrade", upgrade),
        ("start over", start_over),
        ("remove", remove),
        ("purge", purge),
    ];
    for (name, step) in steps {
        say(name);
        step(&machine).with_context(|| {
            let journal = machine.run("journalctl", &["--no-pager", "--lines=40", "--unit", UNIT]);
            format!("{name}\n{}", journal.unwrap_or_default())
        })?;
    }
    Ok(())
}

/// Where the package lies in the machine.
const PACKAGE: &str = "/tmp/netmon.deb";

fn install(machine: &Machine) -> Result<()> {
    machine.run("dpkg", &["--install", PACKAGE])?;
    machine.run("systemctl", &["is-active", UNIT])?;
    machine.run("systemctl", &["is-enabled", UNIT])?;
    let verified = machine.run("systemd-analyze", &["verify", UNIT])?;
    ensure!(verified.is_empty(), "systemd-analyze verify says: {verified}");
    machine.run("netmon", &["config", "check"])?;
    for page in ["netmon", "netmon-run", "netmon-config-check"] {
        machine.run("man", &["--where", page])?;
    }
    machine.check_pages()?;
    let completes = "source /usr/share/bash-completion/completions/netmon; complete -p netmon";
    machine.run("bash", &["-c", completes])?;
    let mode = machine.run("stat", &["-c", "%a %U:%G", "/etc/netmon/netmon.toml"])?;
    ensure!(mode == "640 root:netmon\n", "the configuration file has {mode}");
    Ok(())
}

/// What the process may do, and what its file system looks like.
fn sandbox(machine: &Machine) -> Result<()> {
    let pid = property(machine, "MainPID")?;
    let status = machine.run("cat", &[&format!("/proc/{pid}/status")])?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.unwrap_or_default().trim()
    };
    for (name, expected) in [
        ("CapEff:", NET_ADMIN),
        ("CapPrm:", NET_ADMIN),
        ("CapAmb:", "0000000000000000"),
        ("NoNewPrivs:", "1"),
        ("Seccomp:", "2"),
    ] {
        ensure!(field(name) == expected, "{name} {}", field(name));
    }
    ensure!(!field("Uid:").starts_with("0\t"), "it runs as root");
    let inside = |script: &str| {
        machine.succeeds(
            "nsenter",
            &["-t", &pid, "--mount", "--root", "--wd", "sh", "-c", script],
        )
    };
    for (script, expected) in [
        ("touch /var/lib/netmon/probe && rm /var/lib/netmon/probe", true),
        (
            "mkdir /sys/fs/bpf/netmon/probe && rmdir /sys/fs/bpf/netmon/probe",
            true,
        ),
        ("mkdir /sys/fs/bpf/probe", false),
        ("touch /etc/netmon/probe", false),
        ("touch /usr/bin/probe", false),
        ("test -e /proc/sys", false),
        ("touch /sys/class/net/lo/mtu", false),
    ] {
        ensure!(inside(script) == expected, "`{script}` should be {expected}");
    }
    Ok(())
}

/// It counts, serves metrics, opens an incident, runs a command, follows a reload.
fn use_it(machine: &Machine) -> Result<()> {
    let config = "sed -i -e 's|^#server = .*|server = [\"127.0.0.1\"]|' -e 's|^#\\[notify.command\\]|[notify.command]|' \
                  -e 's|^#command = .*|command = [\"/usr/bin/tee\", \"/var/lib/netmon/notified\"]|' \
                  /etc/netmon/netmon.toml";
    machine.run("sh", &["-c", config])?;
    machine.run("systemctl", &["reload", UNIT])?;
    until("the reload", || {
        let journal = machine.run("journalctl", &["--unit", UNIT, "NETMON_EVENT=reloaded"])?;
        Ok(journal.contains("the configuration was read again"))
    })?;
    ask(machine)?;
    until("an incident", || {
        let notified = machine.run("sh", &["-c", "cat /var/lib/netmon/notified || true"])?;
        Ok(notified.contains("incident_opened"))
    })?;
    until("the incident in the status", || {
        Ok(property(machine, "StatusText")?.ends_with("1 interface, 1 incident open"))
    })?;
    until("the incident in the history", || {
        Ok(machine
            .run("netmon", &["incidents", "--open"])?
            .contains("127.0.0.1"))
    })?;
    machine.run("curl", &["--fail", "--silent", "http://127.0.0.1:19053/readyz"])?;
    ensure!(!machine.succeeds("netmon", &["detach"]), "the pins are in use");
    Ok(())
}

/// What passes while it is stopped is counted by what is pinned, and an upgrade restarts it without losing a count.
fn upgrade(machine: &Machine) -> Result<()> {
    counted(machine, 1)?;
    machine.run("systemctl", &["stop", UNIT])?;
    ask(machine)?;
    machine.run("systemctl", &["start", UNIT])?;
    counted(machine, 2)?;
    let process = property(machine, "MainPID")?;
    machine.run("dpkg", &["--install", PACKAGE])?;
    machine.run("systemctl", &["is-active", UNIT])?;
    ensure!(
        property(machine, "MainPID")? != process,
        "the service was not restarted"
    );
    counted(machine, 2)?;
    let config = machine.run("cat", &["/etc/netmon/netmon.toml"])?;
    ensure!(
        config.contains("/var/lib/netmon/notified"),
        "the operator's configuration is gone"
    );
    Ok(())
}

/// What is pinned goes with `netmon detach`, and the next start makes its place again.
fn start_over(machine: &Machine) -> Result<()> {
    machine.run("systemctl", &["stop", UNIT])?;
    machine.run("netmon", &["detach"])?;
    expect(machine, PINS, false)?;
    machine.run("systemctl", &["start", UNIT])?;
    expect(machine, PINS, true)?;
    ask(machine)?;
    counted(machine, 1)
}

fn remove(machine: &Machine) -> Result<()> {
    machine.run("dpkg", &["--remove", "netmon"])?;
    ensure!(
        !machine.succeeds("systemctl", &["is-active", UNIT]),
        "the service still runs"
    );
    expect(machine, PINS, false)?;
    expect(machine, "/run/netmon", false)?;
    expect(machine, "/usr/bin/netmon", false)?;
    expect(machine, "/var/lib/netmon/history.db", true)?;
    expect(machine, "/etc/netmon/netmon.toml", true)
}

fn purge(machine: &Machine) -> Result<()> {
    machine.run("dpkg", &["--purge", "netmon"])?;
    let left = "find /etc /usr /var/lib /run /sys/fs/bpf -name 'netmon*' -o -name '_netmon' || true";
    let left = machine.run("sh", &["-c", left])?;
    ensure!(left.is_empty(), "these are left behind:\n{left}");
    let failed = machine.run(
        "systemctl",
        &["list-units", "--all", "--plain", "--no-legend", UNIT],
    )?;
    ensure!(!failed.contains(UNIT), "systemd still has the unit: {failed}");
    Ok(())
}

/// Sends one query to a server that is not there.
fn ask(machine: &Machine) -> Result<()> {
    const QUERY: &str =
        r"printf '\x12\x34\x01\0\0\x01\0\0\0\0\0\0\x08packaged\x04test\0\0\x01\0\x01' >/dev/udp/127.0.0.1/53";
    machine.run("bash", &["-c", QUERY]).map(drop)
}

/// Queries that were counted so far, from the metrics.
fn queries(machine: &Machine) -> Result<u64> {
    let metrics = machine.run("curl", &["--fail", "--silent", "http://127.0.0.1:19053/metrics"])?;
    let count = metrics
        .lines()
        .find_map(|line| line.strip_prefix("netmon_packets_total{outcome=\"dns_queries\"} "));
    count
        .and_then(|count| count.parse().ok())
        .with_context(|| format!("the metrics have no queries: {metrics}"))
}

/// Waits until so many queries were counted, and no other number.
fn counted(machine: &Machine, expected: u64) -> Result<()> {
    until(&format!("a count of {expected} queries"), || {
        let count = queries(machine)?;
        ensure!(count == expected, "{count} queries were counted");
        Ok(true)
    })
}

fn property(machine: &Machine, name: &str) -> Result<String> {
    let value = machine.run("systemctl", &["show", "--value", "--property", name, UNIT])?;
    Ok(value.trim().to_owned())
}

fn expect(machine: &Machine, path: &str, is_there: bool) -> Result<()> {
    ensure!(
        machine.succeeds("test", &["-e", path]) == is_there,
        "{path} should {}be there",
        if is_there { "" } else { "not " }
    );
    Ok(())
}

fn until(what: &str, is_so: impl Fn() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + SOON;
    loop {
        match is_so() {
            Ok(true) => return Ok(()),
            Ok(false) | Err(_) if Instant::now() < deadline => thread::sleep(STEP),
            Ok(false) => bail!("{what} did not come within {SOON:?}"),
            Err(error) => return Err(error.context(format!("waiting for {what}"))),
        }
    }
}

fn say(what: &str) {
    eprintln!("xtask: deb: {what}");
}
