//! The third witness, from outside: tshark, Debian's package. It is asked for header fields only; what netmon
//! should count for them is derived from the contract (`expected`).

mod columns;
mod expected;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use super::reading::Reading;
use columns::{COLUMNS, Row, SEPARATOR, Untold};

/// What tshark dissects. Everything else is switched off: the outermost headers are asked for, no dissector is
/// to guess at what is inside a tunnel or behind a port, and frames of other link types are none of netmon's.
const PROTOCOLS: [&str; 16] = [
    "frame",
    "eth",
    "ethertype",
    "vlan",
    "ieee8021ad",
    "sll",
    "null",
    "raw",
    "ip",
    "ipv6",
    "ah",
    "udp",
    "tcp",
    "icmp",
    "icmpv6",
    "dns",
];

/// The same, by what their names begin with: IPv6's extension headers, options, and tshark's own.
const PROTOCOL_GROUPS: [&str; 4] = ["ipv6.", "ip.options.", "tcp.options.", "_ws."];

/// Each packet is looked at by itself, and read on where something in it is wrong.
const PREFERENCES: [&str; 9] = [
    "ip.defragment:FALSE",
    "ipv6.defragment:FALSE",
    "tcp.desegment_tcp_streams:FALSE",
    "tcp.analyze_sequence_numbers:FALSE",
    "tcp.no_subdissector_on_error:FALSE",
    "dns.desegment_dns_messages:FALSE",
    "ip.check_checksum:FALSE",
    "tcp.check_checksum:FALSE",
    "udp.check_checksum:FALSE",
];

/// What netmon should count for each frame, or which field is missing to say so.
pub type Readings = Vec<Result<Reading, Untold>>;

/// What tshark says of a file.
pub enum Told {
    /// Of each frame, what netmon should count.
    Frames(Readings),
    /// Nothing at all: why.
    Refused(String),
}

/// A tshark that is set up for these questions.
pub struct Tshark {
    /// Its configuration, instead of the user's.
    configuration: TempDir,
}

impl Tshark {
    /// Sets it up.
    pub fn new() -> Result<Self> {
        let configuration =
            tempfile::tempdir().context("cannot make a directory for tshark's configuration")?;
        let tshark = Self { configuration };
        let output = run(tshark.command().args(["-G", "protocols"]))?;
        ensure!(
            output.status.success(),
            "`tshark -G protocols` failed: {}",
            complaint(&output)
        );
        let protocols = String::from_utf8_lossy(&output.stdout);
        let disabled: Vec<&str> = protocols
            .lines()
            .filter_map(|line| line.split('\t').nth(2))
            .filter(|name| !is_wanted(name))
            .collect();
        let file = tshark.configuration.path().join("disabled_protos");
        fs::write(&file, disabled.join("\n") + "\n")
            .with_context(|| format!("cannot write {}", file.display()))?;
        Ok(tshark)
    }

    /// What it says of a file.
    pub fn ask(&self, file: &Path) -> Result<Told> {
        let mut command = self.command();
        command.arg("-n").arg("-r").arg(file);
        for preference in PREFERENCES {
            command.args(["-o", preference]);
        }
        command.args(["-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,"]);
        command.arg("-E").arg(format!("separator={SEPARATOR}"));
        for (_, name) in COLUMNS {
            command.args(["-e", name]);
        }
        let output = run(&mut command)?;
        // A file that ends too early makes it fail behind the last frame.
        if output.stdout.is_empty() && !output.status.success() {
            return Ok(Told::Refused(complaint(&output)));
        }
        let lines = String::from_utf8(output.stdout).context("tshark prints no UTF-8")?;
        let told = |line| Ok(expected::reading(&mut Row::parse(line)?));
        Ok(Told::Frames(lines.lines().map(told).collect::<Result<_>>()?))
    }

    fn command(&self) -> Command {
        let mut command = Command::new("tshark");
        command.env("WIRESHARK_CONFIG_DIR", self.configuration.path());
        command
    }
}

fn run(command: &mut Command) -> Result<Output> {
    command
        .output()
        .context("cannot start tshark; `cargo xtask setup conformance` installs it")
}

fn is_wanted(protocol: &str) -> bool {
    PROTOCOLS.contains(&protocol) || PROTOCOL_GROUPS.iter().any(|group| protocol.starts_with(group))
}

/// What it says on its error output, but for its warning that it runs as root.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = text.lines().filter(|line| !line.starts_with("Running as user"));
    lines.collect::<Vec<_>>().join(" ")
}
