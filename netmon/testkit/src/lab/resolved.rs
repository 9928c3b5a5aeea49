//! The stub that most hosts have: the real systemd-resolved, without systemd and without D-Bus. It asks the servers of its
//! configuration, and writes its files where it always does.

use std::fmt::Write as _;
use std::fs::{self, create_dir_all};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::{PATIENCE, mounts, namespace::Namespace, process::Process};

/// Its user, as its package makes it. Where the package is only unpacked there is none.
const USER: &str = "systemd-resolve";
const ID: u32 = 64_053;

/// Where the package leaves the program, on older and newer Debian.
const PROGRAMS: [&str; 2] = ["lib/systemd/systemd-resolved", "usr/lib/systemd/systemd-resolved"];

/// Where set-up unpacks the package of a machine that does not have it installed.
const UNPACKED: &str = ".tools/resolved";

/// It asks nobody but its servers, about every name, and remembers nothing.
const ALWAYS: &str =
    "[Resolve]\nFallbackDNS=\nDomains=~.\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\nDNSOverTLS=no\nCache=no\n";

/// A running systemd-resolved; it ends with its guard.
#[derive(Debug)]
pub struct Resolved {
    /// Ends first.
    process: Process,
    _directory: TempDir,
}

impl Resolved {
    /// What the host's programs are to read as `/etc/resolv.conf`.
    pub const STUB: &str = "/run/systemd/resolve/stub-resolv.conf";
    /// What names its servers.
    pub const SERVERS: &str = "/run/systemd/resolve/resolv.conf";

    /// Starts it on a host, with these servers. This thread must have mounts of its own ([`super::with_own_mounts`]). Returns once it
    /// listens at 127.0.0.53 and has written its files.
    pub fn start(host: &Namespace, servers: &[IpAddr]) -> Result<Self> {
        let directory = TempDir::with_prefix("netmon-resolved-").context("cannot make a directory")?;
        mounts::cover("/run/systemd")?;
        let drop_ins = Path::new("/run/systemd/resolved.conf.d");
        create_dir_all(drop_ins).context("cannot make the directory of its configuration")?;
        let mut text = ALWAYS.to_owned();
        for server in servers {
            writeln!(text, "DNS={server}")?;
        }
        fs::write(drop_ins.join("netmon.conf"), text)?;
        for (file, line) in [
            (
                "/etc/passwd",
                format!("{USER}:x:{ID}:{ID}::/:/usr/sbin/nologin\n"),
            ),
            ("/etc/group", format!("{USER}:x:{ID}:\n")),
        ] {
            let known = fs::read_to_string(file).with_context(|| format!("cannot read {file}"))?;
            if known.lines().any(|line| line.starts_with(&format!("{USER}:"))) {
                continue;
            }
            let name = Path::new(file).file_name().context("no file")?;
            let with_user = directory.path().join(name);
            fs::write(&with_user, known + &line)?;
            mounts::replace(file, &with_user)?;
        }
        let process = host.spawn(&mut program()?)?;
        let resolved = Self {
            process,
            _directory: directory,
        };
        resolved.await_start(host)?;
        Ok(resolved)
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    fn await_start(&self, host: &Namespace) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let written = || {
            [Self::STUB, Self::SERVERS]
                .iter()
                .all(|file| Path::new(file).exists())
        };
        // Who may bind the address finds that nobody listens there.
        let listens = || host.enter(|| std::net::UdpSocket::bind("127.0.0.53:53").is_err());
        while !written() || !listens()? {
            ensure!(
                Instant::now() < deadline,
                "systemd-resolved does not serve\n{}",
                self.process.transcript()
            );
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

/// The program: the machine's own, or the one that set-up has unpacked, with the library of its version.
fn program() -> Result<Command> {
    let testkit = Path::new(env!("CARGO_MANIFEST_DIR"));
    let workspace = testkit.ancestors().nth(2).context("no workspace")?;
    let unpacked = workspace.join(UNPACKED);
    let found = [Path::new("/"), &unpacked]
        .iter()
        .flat_map(|root| PROGRAMS.map(|program| root.join(program)))
        .find(|program| program.exists());
    let found: PathBuf = found.context("systemd-resolved is missing: cargo xtask setup test")?;
    let mut command = Command::new(&found);
    if found.starts_with(&unpacked) {
        let libraries = format!("usr/lib/{}-linux-gnu/systemd", std::env::consts::ARCH);
        command.env("LD_LIBRARY_PATH", unpacked.join(libraries));
    }
    // It would tell systemd that it is ready.
    command.env_remove("NOTIFY_SOCKET");
    Ok(command)
}
