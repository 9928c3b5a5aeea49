//! The RPM package, by rpmbuild from deploy/rpm/netmon.spec; and its life on a machine that a real systemd runs.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, ensure};

use super::{Target, directory};
use crate::{deb::machine::Machine, process, workspace};

/// Where the package lies in the machine.
const PACKAGE: &str = "/tmp/netmon.rpm";
const UNIT: &str = "netmon.service";

/// Builds it from the directory in which everything is laid out.
pub fn make(target: &Target, tree: &Path) -> Result<PathBuf> {
    let version = env!("CARGO_PKG_VERSION");
    let directory = directory()?;
    let define = |name: &str, value: &Path| format!("{name} {}", value.display());
    let mut rpmbuild = Command::new("rpmbuild");
    rpmbuild
        .args(["-bb", "--quiet", "--target", &format!("{}-linux", target.arch)])
        .args(["--define", &define("_topdir", &workspace::target().join("rpm"))])
        .args(["--define", &define("_rpmdir", &directory)])
        .args([
            "--define",
            "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm",
        ])
        .args(["--define", &define("netmon_version", Path::new(version))])
        .args(["--define", &define("netmon_tree", tree)])
        .args(["--define", &define("netmon_sources", workspace::root())])
        .arg(workspace::root().join("deploy/rpm/netmon.spec"))
        .env("SOURCE_DATE_EPOCH", workspace::epoch()?);
    process::run(&mut rpmbuild)?;
    Ok(directory.join(format!("netmon-{version}-1.{}.rpm", target.arch)))
}

/// rpmlint; then installs it, starts it, installs it again and removes it. Needs root.
pub fn check(target: &Target, tree: &Path) -> Result<()> {
    let package = make(target, tree)?;
    let mut rpmlint = Command::new("rpmlint");
    rpmlint
        .arg("--config")
        .arg(workspace::root().join("deploy/rpm/rpmlint.toml"))
        .arg(workspace::root().join("deploy/rpm/netmon.spec"))
        .arg(&package);
    process::run(&mut rpmlint)?;

    let machine = Machine::boot()?;
    machine.copy(&package, PACKAGE)?;
    live(&machine).with_context(|| {
        let journal = machine.run("journalctl", &["--no-pager", "--lines=40", "--unit", UNIT]);
        journal.unwrap_or_default()
    })?;
    println!(
        "dist: rpm: {}: installed, used, upgraded and removed",
        package.display()
    );
    Ok(())
}

/// What becomes of the package in the machine.
fn live(machine: &Machine) -> Result<()> {
    // This machine's programs come from Debian's packages, of which rpm knows nothing.
    let rpm = |arguments: &[&str]| machine.run("rpm", &[arguments, &["--nodeps", PACKAGE]].concat());
    rpm(&["--install"])?;
    machine.check_pages()?;
    machine.run("systemctl", &["start", UNIT])?;
    machine.run("systemctl", &["is-enabled", UNIT])?;
    let user = machine.run("systemctl", &["show", "--value", "--property", "User", UNIT])?;
    ensure!(user == "netmon\n", "it runs as {user}");
    let mode = machine.run("stat", &["-c", "%a %U:%G", "/etc/netmon/netmon.toml"])?;
    ensure!(mode == "640 root:netmon\n", "the configuration file has {mode}");
    machine.run(
        "curl",
        &[
            "--fail",
            "--silent",
            "--retry",
            "20",
            "--retry-connrefused",
            "http://127.0.0.1:19053/readyz",
        ],
    )?;
    rpm(&["--upgrade", "--replacepkgs", "--replacefiles"])?;
    machine.run("systemctl", &["is-active", UNIT])?;
    machine.run("rpm", &["--verify", "--nodeps", "netmon"])?;
    machine.run("rpm", &["--erase", "netmon"])?;
    ensure!(
        !machine.succeeds("systemctl", &["is-active", UNIT]),
        "the service still runs"
    );
    for path in ["/usr/bin/netmon", "/sys/fs/bpf/netmon", "/usr/share/doc/netmon"] {
        ensure!(!machine.succeeds("test", &["-e", path]), "{path} is left behind");
    }
    Ok(())
}
