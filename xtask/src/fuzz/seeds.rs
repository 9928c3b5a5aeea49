//! What the fuzz targets start from, written again before each run: the table of named frames, the DNS messages in it, captures
//! of the textbook incident, and the files below `fuzz/seeds/`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use netmon_common::classify::{Meaning, Message};
use netmon_common::wire::Captured;
use netmon_common::{DnsPorts, Offload, classify};
use netmon_testkit::captures::{Link, Order, Pcap, pcapng, textbook};
use netmon_testkit::frames::build::prelude::*;
use netmon_testkit::frames::input::Input;
use netmon_testkit::frames::{Case, table};

use crate::workspace;

/// One longer seed would let the fuzzer make all its inputs as long, which takes time and finds nothing: headers
/// stand at the start.
const LONGEST: usize = 4_096;

/// Writes the seeds of a target into its corpus, where the fuzzer keeps what it finds too.
pub fn write(target: &str, corpus: &Path) -> Result<()> {
    let seeds: Vec<Vec<u8>> = match target {
        "frame" => table()
            .iter()
            .map(Input::bytes)
            .filter(|seed| seed.len() <= LONGEST)
            .collect(),
        "name" => messages(),
        "pcap" => pcaps(),
        "pcapng" => pcapngs(),
        _ => Vec::new(),
    };
    let seeds = seeds.into_iter().chain(files(target)?);
    fs::create_dir_all(corpus).with_context(|| format!("cannot make {}", corpus.display()))?;
    for (number, seed) in seeds.enumerate() {
        let file = corpus.join(format!("seed-{number:04}"));
        fs::write(&file, seed).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// The files that are kept for the target.
fn files(target: &str) -> Result<Vec<Vec<u8>>> {
    let directory = workspace::root().join("fuzz/seeds").join(target);
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let files = fs::read_dir(&directory).with_context(|| format!("cannot read {}", directory.display()))?;
    files
        .map(|file| {
            let file = file?.path();
            fs::read(&file).with_context(|| format!("cannot read {}", file.display()))
        })
        .collect()
}

/// The textbook incident, and the shortest frames of the table.
fn captured() -> Vec<(u64, Vec<u8>)> {
    let mut packets = textbook::frames(Link::Ethernet);
    let after = packets.last().map_or(0, |(nanos, _)| *nanos);
    let mut frames: Vec<Vec<u8>> = table().into_iter().map(|case| case.frame).collect();
    frames.sort_unstable_by_key(Vec::len);
    packets.extend((after..).zip(frames.into_iter().take(20)));
    packets
}

fn pcaps() -> Vec<Vec<u8>> {
    let packets = captured();
    let mut files = Vec::new();
    for magic in [Pcap::MICROSECONDS, Pcap::NANOSECONDS, Pcap::MODIFIED] {
        for order in [Order::Little, Order::Big] {
            let link = Pcap::USUAL.link;
            files.push(Pcap { order, magic, link }.file(&packets));
        }
    }
    files
}

fn pcapngs() -> Vec<Vec<u8>> {
    let packets = captured();
    let mut files = Vec::new();
    for order in [Order::Little, Order::Big] {
        for resolution in [6, 9] {
            files.push(pcapng::file(order, 1, resolution, &packets));
        }
    }
    files
}

/// The DNS messages of the table, and some with names that are written in an unusual way.
fn messages() -> Vec<Vec<u8>> {
    let mut messages: Vec<Vec<u8>> = table().iter().filter_map(message).collect();
    let long = "a".repeat(63);
    let names = [
        "",
        "WWW.Example.COM",
        "_dmarc.a\\b.c d",
        &[long.as_str(); 3].join("."),
        &["a"; 127].join("."),
    ];
    messages.extend(names.map(|name| (packet() / query(name)).bytes()));
    // A pointer to the name before it, one to itself, one forward, and a label of a kind that is not in use.
    let questions: [&[u8]; 4] = [
        b"\x01a\x00\0\x01\0\x01\x01b\xc0\x0c",
        b"\x01b\xc0\x0c",
        b"\xc0\x0e\x01a\x00",
        b"\x41a\x00",
    ];
    messages.extend(questions.map(|question| (packet() / query("").header_only() / raw(question)).bytes()));
    messages.sort_unstable();
    messages.dedup();
    messages
}

/// The DNS message that the case is about.
fn message(case: &Case) -> Option<Vec<u8>> {
    let ports = DnsPorts::new(case.ports)?;
    let classified = classify(&Captured::whole(&case.frame), Offload::default(), &ports);
    match classified.meaning {
        Meaning::Query(Message { offset, end, .. }) | Meaning::Response(Message { offset, end, .. }) => {
            case.frame.get(offset..end).map(<[u8]>::to_vec)
        }
        _ => None,
    }
}
