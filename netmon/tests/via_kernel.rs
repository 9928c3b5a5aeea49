//! `analyze --via-kernel` says what `analyze` says, of every capture: the real XDP program, run by this kernel,
//! counts the same packets for the same destinations, and the same incidents come of it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may die of a surprise"
)]

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use netmon::capture::{Frame, Frames, LinkType, Opened, Progress, link, open};
use netmon_common::limits;
use netmon_common::wire::Captured;
use netmon_testkit::captures::pcapng::{RESOLUTION, enhanced, interface, section};
use netmon_testkit::captures::{Link, Order, Pcap, textbook, translated};
use netmon_testkit::executable;
use netmon_testkit::frames::build::prelude::*;
use serde_json::Value;
use tempfile::TempDir;

const NETMON: &str = env!("CARGO_BIN_EXE_netmon");

/// How many captures are analysed at once. The kernel's side takes half a second to load.
const AT_ONCE: usize = 64;

/// More bytes than any kernel takes: a page and 17 more.
const TOO_LONG: usize = 18 * 4_096;

fn run(files: &[PathBuf], via_kernel: bool) -> Output {
    let mut command = Command::new(NETMON);
    command.args(["analyze", "--format", "json"]).args(files);
    if via_kernel {
        command.arg("--via-kernel");
    }
    command.output().unwrap()
}

/// The document of these files, and what was said beside.
#[track_caller]
fn analyze(files: &[PathBuf], via_kernel: bool) -> (Value, String) {
    let output = run(files, via_kernel);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{}: {said}", output.status);
    (serde_json::from_slice(&output.stdout).unwrap(), said)
}

/// Insists that both say the same of the same packets: the kernel of all in `files`, user space of those in
/// `runnable`, which are all that can be run. Gives back the document of the kernel's.
#[track_caller]
fn assert_same(files: &[PathBuf], runnable: &[PathBuf], left_out: u64) -> Value {
    let (mut kernel, said) = analyze(files, true);
    let (user, _) = analyze(runnable, false);
    // Only the kernel has places for services, which may all be taken.
    kernel["totals"]["exchanges_overflow"] = 0.into();
    let warned = |word: &str| {
        let warnings = kernel["warnings"].as_array().unwrap();
        warnings
            .iter()
            .find(|warning| warning["warning"] == word)
            .cloned()
    };
    assert_eq!(warned("kernel_differs"), None);
    for part in ["totals", "destinations", "incidents"] {
        assert_eq!(kernel[part], user[part], "{part} of {files:?}");
    }
    for end in ["first", "last"] {
        assert_eq!(kernel["source"][end], user["source"][end], "{end}");
    }
    let ran = &kernel["totals"]["frames"];
    let check = format!("agrees with user space; frames run: {ran}, left out: ");
    let (_, rest) = said.split_once(&check).unwrap_or_else(|| panic!("{said}"));
    let number: u64 = rest.split_whitespace().next().unwrap().parse().unwrap();
    // Of a packet that is in two captures only one is looked at.
    assert!(number <= left_out, "{left_out} cannot be run: {said}");
    assert_eq!(warned("frames_left_out").is_some(), number > 0);
    assert_eq!(number > 0, left_out > 0, "{said}");
    kernel
}

/// Whether the kernel can run a frame.
fn can_be_run(frame: &Frame<'_>) -> bool {
    let captured = Captured::whole(frame.bytes);
    if link::is_for_another_host(frame.link, &captured) {
        return false;
    }
    let mut buffer = Vec::new();
    let framed = link::as_ethernet(frame.link, &captured, &mut buffer);
    frame.bytes.len() >= frame.wire_len
        && framed.is_some_and(|framed| framed.len() >= 14 && framed.len() < TOO_LONG)
}

const fn number(link: LinkType) -> u16 {
    match link {
        LinkType::Ethernet => Link::Ethernet.number(),
        LinkType::LinuxCookedV1 => Link::CookedV1.number(),
        LinkType::LinuxCookedV2 => Link::CookedV2.number(),
        LinkType::RawIp => Link::RawIp.number(),
        LinkType::RawIpv4 => Link::RawIpv4.number(),
        LinkType::RawIpv6 => Link::RawIpv6.number(),
        LinkType::BsdLoopback => Link::LoopbackOpenBsd.number(),
        LinkType::Unknown(number) => number,
    }
}

/// A file of those packets of a capture that the kernel can run, and how many others there are; `None` if it is
/// no capture.
fn runnable(path: &Path) -> Option<(Vec<u8>, u64)> {
    let Opened::Packets(file) = open(path, &Progress::default()).unwrap() else {
        return None;
    };
    let mut frames = Frames::new(vec![*file]);
    let (mut out, mut links, mut left_out) = (section(Order::Little), Vec::new(), 0);
    while let Some(frame) = frames.next() {
        if !can_be_run(&frame) {
            left_out += 1;
            continue;
        }
        let place = links
            .iter()
            .position(|link| *link == frame.link)
            .unwrap_or_else(|| {
                links.push(frame.link);
                // In nanoseconds.
                out.extend(interface(
                    Order::Little,
                    number(frame.link),
                    0,
                    &[(RESOLUTION, &[9])],
                ));
                links.len() - 1
            });
        let wire_len = u32::try_from(frame.bytes.len()).unwrap();
        let place = u32::try_from(place).unwrap();
        out.extend(enhanced(
            Order::Little,
            place,
            frame.time.nanos(),
            frame.bytes,
            wire_len,
        ));
    }
    Some((out, left_out))
}

fn captures() -> PathBuf {
    std::env::var_os("NETMON_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures"),
        PathBuf::from,
    )
}

#[test]
#[ignore = "needs root: runs the programs"]
fn every_public_capture_is_the_same_to_the_kernel() {
    let Ok(directory) = std::fs::read_dir(captures()) else {
        println!("SKIPPED: there are no captures in {}", captures().display());
        return;
    };
    let mut all: Vec<PathBuf> = directory.map(|entry| entry.unwrap().path()).collect();
    all.sort();
    let folder = TempDir::new().unwrap();
    let with_copy = |path: PathBuf| {
        let (bytes, left_out) = runnable(&path)?;
        let copy = folder.path().join(path.file_name()?);
        std::fs::write(&copy, bytes).unwrap();
        Some((path, copy, left_out))
    };
    let all: Vec<_> = all.into_iter().filter_map(with_copy).collect();
    assert!(!all.is_empty(), "no capture in {}", captures().display());
    for some in all.chunks(AT_ONCE) {
        let originals: Vec<_> = some.iter().map(|(original, ..)| original.clone()).collect();
        let copies: Vec<_> = some.iter().map(|(_, copy, _)| copy.clone()).collect();
        let left_out = some.iter().map(|(.., left_out)| left_out).sum();
        assert_same(&originals, &copies, left_out);
    }
}

#[test]
#[ignore = "needs root: runs the programs"]
fn the_textbook_incident_is_the_same_to_the_kernel_behind_every_link_header() {
    let folder = TempDir::new().unwrap();
    for link in Link::ALL.into_iter().filter(|link| link.carries(false)) {
        let pcap = Pcap {
            link: link.number().into(),
            ..Pcap::USUAL
        };
        let path = folder.path().join(format!("{link:?}.pcap"));
        std::fs::write(&path, pcap.file(&textbook::frames(link))).unwrap();
        let files = [path];
        let document = assert_same(&files, &files, 0);
        let incident = &document["incidents"][0];
        assert_eq!(incident["server"], "203.0.113.2", "{link:?}");
        assert_eq!(incident["verified"], 3, "{link:?}");
        assert_eq!(incident["causes"][0]["cause"], "service-down", "{link:?}");
        assert_eq!(incident["opened"], "2026-03-19T13:24:36.098564Z", "{link:?}");
    }
}

#[test]
#[ignore = "needs root: runs the programs"]
fn a_service_address_that_is_translated_is_the_same_to_the_kernel() {
    use translated::{POD, Pod, SERVICE};
    let folder = TempDir::new().unwrap();
    for (link, pod, incidents) in [
        (Link::CookedV1, Pod::Answers, 0),
        (Link::CookedV1, Pod::Refuses, 2),
        (Link::CookedV2, Pod::IsSilent, 2),
    ] {
        let pcap = Pcap {
            link: link.number().into(),
            ..Pcap::USUAL
        };
        let path = folder.path().join(format!("{pod:?}.pcap"));
        std::fs::write(&path, pcap.file(&translated::frames(link, SERVICE, pod))).unwrap();
        let files = [path];
        let document = assert_same(&files, &files, 0);
        let found = document["incidents"].as_array().unwrap();
        assert_eq!(found.len(), incidents, "{found:#?}");
        for server in [SERVICE, POD] {
            let is_there = found.iter().any(|one| one["server"] == server.to_string());
            assert_eq!(is_there, incidents > 0, "{server}");
        }
    }
}

#[test]
#[ignore = "needs root: runs the programs"]
fn a_full_table_overflows_as_it_must() {
    const SERVERS: u32 = limits::DESTINATIONS + 100;
    let query = |n: u32| {
        let server = (0x0a00_0000 + n).into();
        let frame = frame() / ipv4(CLIENT, server) / udp(40_000, 53) / query("a.test");
        (u64::from(n) * 1_000_000, frame.bytes())
    };
    // Each server twice: the last hundred find no place either time.
    let queries: Vec<_> = (0..SERVERS).chain(0..SERVERS).map(query).collect();
    let folder = TempDir::new().unwrap();
    let files = [folder.path().join("many.pcap")];
    std::fs::write(&files[0], Pcap::USUAL.file(&queries)).unwrap();
    let (document, said) = analyze(&files, true);
    assert_eq!(document["totals"]["overflow"], 200);
    assert!(
        said.contains(&format!(
            "agrees with user space; frames run: {}, left out: 0",
            2 * SERVERS
        )),
        "{said}"
    );
    // Programs never let a destination go: who reads their counts does, and so does whoever counts in memory.
    let (document, _) = analyze(&files, false);
    let totals = &document["totals"];
    assert_eq!(totals["overflow"], 0);
    assert!(totals["retired"].as_u64() > Some(200), "{totals}");
}

#[test]
#[ignore = "needs root: runs the programs"]
fn frames_that_cannot_be_run_are_listed_and_left_out() {
    let folder = TempDir::new().unwrap();
    let frames = textbook::frames(Link::Ethernet);
    let whole = |n: usize| Pcap::USUAL.record(frames[n].0, &frames[n].1, frames[n].1.len());
    let cut = Pcap::USUAL.record(frames[2].0, &frames[2].1[..60], frames[2].1.len());
    let short = Pcap::USUAL.record(frames[3].0, &frames[3].1[..13], 13);
    let path = folder.path().join("some.pcap");
    let records = [whole(0), whole(1), cut, short].concat();
    std::fs::write(&path, [Pcap::USUAL.header(), records].concat()).unwrap();
    let (document, said) = analyze(std::slice::from_ref(&path), true);
    assert_eq!(document["totals"]["frames"], 2);
    assert_eq!(document["totals"]["truncated"], 0);
    let warnings = document["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0]["warning"], "frames_left_out");
    let message = warnings[0]["message"].as_str().unwrap();
    let path = path.display();
    assert!(
        message.contains(&format!(
            "packet 3 of {path} (cut to 60 of {} bytes)",
            frames[2].1.len()
        )),
        "{message}"
    );
    assert!(
        message.contains(&format!("packet 4 of {path} (no whole link header in 13 bytes)")),
        "{message}"
    );
    assert!(said.contains("frames run: 2, left out: 2"), "{said}");
}

#[test]
#[ignore = "needs root: to become somebody else"]
fn without_rights_it_says_what_to_do() {
    const NOBODY: u32 = 65_534;
    let (folder, netmon) = executable::for_everybody(NETMON).unwrap();
    let path = folder.path().join("a.pcap");
    std::fs::write(&path, Pcap::USUAL.file(&textbook::frames(Link::Ethernet))).unwrap();
    let mut command = Command::new(netmon);
    command
        .args(["analyze", "--via-kernel"])
        .arg(path)
        .uid(NOBODY)
        .gid(NOBODY);
    let output = command.output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    assert!(said.contains("not permitted; run netmon as root"), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    assert!(output.stdout.is_empty());
}
