//! How long it takes, against tcpdump and tshark over the same file.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};
use netmon_testkit::captures::{silences, textbook};
use netmon_testkit::figures::{Figure, Figures};

use crate::rounds::{compare, processor, time};
use crate::{Capture, Captures};

const NETMON: &str = env!("CARGO_BIN_EXE_netmon");
/// How often two commands are measured.
const ROUNDS: u32 = 9;
/// The same where one takes many seconds.
const SLOW_ROUNDS: u32 = 7;

/// Measures all of it.
pub fn measure(captures: &Captures, figures: &mut Figures<'_>) -> Result<()> {
    textbook(captures, figures)?;
    silences(captures, figures)?;
    filtering(captures, figures)?;
    printing(captures, figures)?;
    counting(captures, figures)
}

fn netmon(file: &Path) -> Command {
    let mut netmon = Command::new(NETMON);
    netmon.arg("analyze").arg(file);
    netmon
}

fn textbook(captures: &Captures, figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "textbook log";
    const MOST_MS: f64 = 50.0;
    if !figures.wants(NAME) {
        return Ok(());
    }
    let path = captures.folder.join("textbook.txt");
    std::fs::write(&path, textbook::TEXT).context("cannot write the textbook log")?;
    let taken = time(ROUNDS * 3, &mut netmon(&path))?;
    figures.take(Figure::new(NAME, taken.as_secs_f64() * 1_000.0, "ms").at_most(MOST_MS));
    Ok(())
}

/// Seconds in which nothing happens: 700 of them after each query, or after each server was asked once.
fn silences(captures: &Captures, figures: &mut Figures<'_>) -> Result<()> {
    const MOST_S: f64 = 2.0;
    const SILENCE: Duration = Duration::from_secs(700);
    for (name, after) in [
        ("120,000 queries to 4,000 servers, 700 s after each query", 1),
        (
            "120,000 queries to 4,000 servers, 700 s after each round",
            silences::SERVERS,
        ),
    ] {
        if !figures.wants(name) {
            continue;
        }
        let path = captures.folder.join("silences.pcap");
        std::fs::write(&path, silences::file(after, SILENCE)).context("cannot write the silences")?;
        let taken = processor(SLOW_ROUNDS, &mut netmon(&path))?;
        figures.take(
            Figure::new(name, taken.as_secs_f64(), "s")
                .at_most(MOST_S)
                .note("of a processor"),
        );
    }
    Ok(())
}

/// Against tcpdump when it does nothing but choose the packets.
fn filtering(captures: &Captures, figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "mixed, 1 GiB, to tcpdump that only filters";
    const MOST: f64 = 1.2;
    if !figures.wants(NAME) {
        return Ok(());
    }
    let path = captures.path(Capture::MIXED)?;
    let mut tcpdump = Command::new("tcpdump");
    tcpdump
        .arg("-r")
        .arg(&path)
        .args(["-w", "/dev/null", "udp port 53 or icmp or icmp6"]);
    let ratio = compare(ROUNDS, &mut netmon(&path), &mut tcpdump)?;
    figures.take(
        Figure::new(NAME, ratio.first_to_second, "x")
            .at_most(MOST)
            .note(ratio),
    );
    Ok(())
}

/// Against tcpdump when it prints every packet.
fn printing(captures: &Captures, figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "DNS and ICMP, 256 MiB, faster than tcpdump that prints";
    const LEAST: f64 = 3.0;
    if !figures.wants(NAME) {
        return Ok(());
    }
    let path = captures.path(Capture::DNS_AND_ICMP)?;
    let mut tcpdump = Command::new("tcpdump");
    tcpdump.arg("-nn").arg("-r").arg(&path);
    let ratio = compare(ROUNDS, &mut tcpdump, &mut netmon(&path))?;
    figures.take(
        Figure::new(NAME, ratio.first_to_second, "x")
            .at_least(LEAST)
            .note(ratio),
    );
    captures.remove(Capture::DNS_AND_ICMP)
}

/// Against tshark when it counts DNS packets.
///
/// How long tshark takes depends on the streams: it remembers the segments of each that nobody has acknowledged yet,
/// and searches them for each new one. The target was set where it took 295 s for 1 GiB, which is what long streams
/// come to; over short ones it takes a tenth of that.
fn counting(captures: &Captures, figures: &mut Figures<'_>) -> Result<()> {
    const LONG: &str = "mixed, long streams, 64 MiB, faster than tshark -z dns,tree";
    const SHORT: &str = "mixed, short streams, 64 MiB, faster than tshark -z dns,tree";
    for (name, capture, least) in [
        (LONG, Capture::MIXED_LONG, Some(300.0)),
        (SHORT, Capture::MIXED_SLICE, None),
    ] {
        if !figures.wants(name) {
            continue;
        }
        let path = captures.path(capture)?;
        let mut tshark = Command::new("tshark");
        tshark.arg("-r").arg(&path).args(["-q", "-z", "dns,tree"]);
        let ratio = compare(SLOW_ROUNDS, &mut tshark, &mut netmon(&path))?;
        figures.take(
            Figure::new(name, ratio.first_to_second, "x")
                .at_least(least)
                .note(ratio),
        );
        captures.remove(capture)?;
    }
    Ok(())
}
