//! A real DNS server that can be told to do many things: unbound from Debian, as a resolver or with zones of
//! its own. What it does is told in its own words.

use std::{fmt::Write as _, fs, net::IpAddr, path::Path, process::Command};

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use super::{PATIENCE, namespace::Namespace, process::Process};

/// What every one is told. Nothing of the machine's own configuration is read.
const ALWAYS: &str = r#"
server:
    do-daemonize: no
    use-syslog: no
    logfile: ""
    pidfile: ""
    chroot: ""
    username: ""
    verbosity: 1
    access-control: 0.0.0.0/0 allow
    access-control: ::/0 allow
    do-not-query-localhost: no
remote-control:
    control-enable: no
"#;

/// A running unbound; it ends with its guard.
#[derive(Debug)]
pub struct Unbound {
    /// Ends first, while its files are still there.
    _process: Process,
    _directory: TempDir,
}

impl Unbound {
    /// Starts one that listens on port 53 of these addresses, with further configuration. Files named there
    /// are written beside it: their names and texts. Returns once it serves.
    pub fn start(
        namespace: &Namespace,
        addresses: &[IpAddr],
        configuration: &str,
        files: &[(&str, &str)],
    ) -> Result<Self> {
        let directory = TempDir::with_prefix("netmon-unbound-").context("cannot make a directory")?;
        let mut text = ALWAYS.to_owned();
        text.push_str("server:\n");
        for address in addresses {
            writeln!(text, "    interface: {address}")?;
        }
        writeln!(text, "    directory: \"{}\"", directory.path().display())?;
        text.push_str(configuration);
        write(directory.path(), "unbound.conf", &text)?;
        for (name, text) in files {
            write(directory.path(), name, text)?;
        }
        let mut command = Command::new("unbound");
        command.arg("-c").arg(directory.path().join("unbound.conf"));
        let process = namespace.spawn(&mut command)?;
        process.wait_for("start of unbound", PATIENCE, |line| {
            line.text.contains("start of service")
        })?;
        Ok(Self {
            _process: process,
            _directory: directory,
        })
    }
}

fn write(directory: &Path, name: &str, text: &str) -> Result<()> {
    let path = directory.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}
