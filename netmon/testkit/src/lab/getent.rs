//! A real stub resolver: that of the C library, as most programs use it, with servers to turn to in order.

use std::{fmt::Write as _, io::Write as _, net::IpAddr, process::Command};

use anyhow::{Context as _, Result};
use tempfile::NamedTempFile;

use super::namespace::Namespace;

/// Looks up the IPv4 address of a name, as a program on that host would whose `/etc/resolv.conf` names these
/// servers; `None` when none of them tells. The real file stays as it is: only the program started sees another.
pub fn getent(from: &Namespace, servers: &[IpAddr], name: &str) -> Result<Option<String>> {
    let mut text = "options timeout:1 attempts:1\n".to_owned();
    for server in servers {
        writeln!(text, "nameserver {server}")?;
    }
    let mut file = NamedTempFile::with_prefix("netmon-resolv-").context("cannot make a file")?;
    file.write_all(text.as_bytes())
        .context("cannot write resolv.conf")?;
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "sh", "-ec"])
        .arg("mount --bind \"$1\" /etc/resolv.conf; exec getent ahostsv4 \"$2\"")
        .arg("sh")
        .arg(file.path())
        .arg(name);
    let output = from.output(&mut command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text.split_whitespace().next().map(str::to_owned))
}
