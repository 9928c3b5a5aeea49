//! Who watches.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context as _, Result};
use netmon_testkit::cost::processor_time;
use netmon_testkit::lab::{Namespace, Netmon, PATIENCE, Process, Tmux};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::reader::Reader;

const INTERFACE: &str = "to-client";
/// What an analyst of the incident would ask for.
const FILTER: &str = "udp port 53 or icmp";
/// `dnstop` does not say when it begins, and shows what it has seen once a second.
const DNSTOP_BEGINS: Duration = Duration::from_millis(500);
const DNSTOP_SHOWS: Duration = Duration::from_millis(2_200);

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Monitor {
    NetmonXdp,
    NetmonTc,
    Reader,
    TcpdumpWrites,
    TcpdumpPrints,
    Dnstop,
    Tshark,
}

impl Monitor {
    pub const ALL: [Self; 7] = [
        Self::NetmonXdp,
        Self::NetmonTc,
        Self::Reader,
        Self::TcpdumpWrites,
        Self::TcpdumpPrints,
        Self::Dnstop,
        Self::Tshark,
    ];

    /// As the page calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NetmonXdp => "netmon, XDP",
            Self::NetmonTc => "netmon, TC",
            Self::Reader => "a reader of an AF_PACKET socket",
            Self::TcpdumpWrites => "tcpdump -w",
            Self::TcpdumpPrints => "tcpdump, text",
            Self::Dnstop => "dnstop",
            Self::Tshark => "tshark, text",
        }
    }
}

/// It runs.
pub struct Running<'lab> {
    host: &'lab Namespace,
    directory: TempDir,
    what: What<'lab>,
}

enum What<'lab> {
    Netmon(Netmon),
    Reader(Reader),
    Tcpdump(Process),
    Dnstop(Tmux<'lab>),
    Tshark(Process),
}

impl<'lab> Running<'lab> {
    /// Starts it; it sees what comes from now on.
    pub fn start(monitor: Monitor, host: &'lab Namespace) -> Result<Self> {
        let directory = tempfile::tempdir().context("no directory for a monitor")?;
        let file = directory.path().join("out");
        let netmon = |hook| {
            let arguments = ["--interface", INTERFACE, "--hook", hook];
            Netmon::start_without_snapshots(host, env!("CARGO_BIN_EXE_netmon"), &arguments)
        };
        let tcpdump = |arguments: &str| {
            let process = shell(
                host,
                &format!("exec tcpdump -Z root -nn -i {INTERFACE} {arguments} '{FILTER}'"),
                &file,
            )?;
            process.wait_for("start of tcpdump", PATIENCE, |line| {
                line.text.contains("listening on")
            })?;
            Ok::<_, anyhow::Error>(process)
        };
        let what = match monitor {
            Monitor::NetmonXdp => What::Netmon(netmon("xdp-native")?),
            Monitor::NetmonTc => What::Netmon(netmon("tc")?),
            Monitor::Reader => What::Reader(Reader::start(host, INTERFACE)?),
            Monitor::TcpdumpWrites => What::Tcpdump(tcpdump("-w -")?),
            Monitor::TcpdumpPrints => What::Tcpdump(tcpdump("")?),
            Monitor::Dnstop => {
                let screen = Tmux::start(host, ["120", "40"], &format!("dnstop -l 1 -r 1 {INTERFACE}"))?;
                sleep(DNSTOP_BEGINS);
                What::Dnstop(screen)
            }
            Monitor::Tshark => {
                let process = shell(
                    host,
                    &format!("exec tshark -n -i {INTERFACE} -f '{FILTER}'"),
                    &file,
                )?;
                process.wait_for("start of tshark", PATIENCE, |line| {
                    line.text.contains("Capturing on")
                })?;
                // It says so before its dumpcap listens.
                sleep(Duration::from_secs(1));
                What::Tshark(process)
            }
        };
        Ok(Self {
            host,
            directory,
            what,
        })
    }

    /// What it has taken of the processors so far: all processes of its host, or its thread.
    pub fn processor_time(&self) -> Result<Duration> {
        if let What::Reader(reader) = &self.what {
            return Ok(reader.processor_time());
        }
        let pids = Command::new("ip")
            .args(["netns", "pids", self.host.name()])
            .output()?;
        let pids = String::from_utf8_lossy(&pids.stdout);
        let mut sum = Duration::ZERO;
        for pid in pids.lines() {
            // One may end meanwhile.
            sum += processor_time(pid.trim().parse()?).unwrap_or_default();
        }
        Ok(sum)
    }

    /// How long what has passed may wait before it is handed on: libpcap does so in blocks, a second at most (`tcpdump`'s own
    /// timeout; pcap(3PCAP)).
    pub const fn hands_on_within(&self) -> Duration {
        match self.what {
            What::Tcpdump(_) => Duration::from_millis(1_100),
            _ => Duration::ZERO,
        }
    }

    /// Ends it: how many messages it has seen.
    pub fn stop(self) -> Result<u64> {
        let file = self.directory.path().join("out");
        match self.what {
            What::Netmon(mut netmon) => {
                let stopped = netmon.stop()?;
                let count = |name: &str| stopped.value.pointer(&format!("/totals/{name}"))?.as_u64();
                let seen = count("dns_queries").zip(count("dns_responses"));
                let (queries, responses) = seen.context("netmon counted nothing")?;
                Ok(queries + responses)
            }
            What::Reader(reader) => reader.stop(),
            What::Tcpdump(process) => {
                let line = end(process, "packets captured")?;
                let number = line.split_whitespace().next().context("an empty line")?;
                Ok(number.parse()?)
            }
            What::Tshark(process) => {
                end(process, "packets captured")?;
                lines(&file)
            }
            What::Dnstop(screen) => {
                sleep(DNSTOP_SHOWS);
                let page = screen.run(&["capture-pane", "-p"])?;
                // It counts queries, of which each has an answer here.
                let queries = total(&page).with_context(|| format!("dnstop shows no total: {page}"))?;
                Ok(2 * queries)
            }
        }
    }
}

/// Starts a command whose output goes to a file, as an analyst would have it.
fn shell(host: &Namespace, command: &str, file: &Path) -> Result<Process> {
    let mut shell = Command::new("sh");
    host.spawn(shell.arg("-c").arg(format!("{command} >'{}'", file.display())))
}

/// Ends a program as Ctrl+C does: the last line that says this.
fn end(mut process: Process, says: &str) -> Result<String> {
    process.signal(Signal::SIGINT)?;
    process.wait(PATIENCE)?;
    let line = process.wait_for("the end", PATIENCE, |line| line.text.contains(says))?;
    Ok(line.text)
}

fn lines(file: &Path) -> Result<u64> {
    let file = fs::File::open(file)?;
    let lines = BufReader::new(file).split(b'\n').count();
    Ok(u64::try_from(lines)?)
}

/// `Queries: 0 new, 70000 total` on its screen.
fn total(page: &str) -> Option<u64> {
    let line = page.lines().find(|line| line.starts_with("Queries:"))?;
    let before = line.split(" total").next()?;
    before.split_whitespace().last()?.parse().ok()
}
