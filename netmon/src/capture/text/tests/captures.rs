//! Real captures: what tcpdump prints of each packet must mean what its bytes mean.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use netmon_common::Outcome;

use super::read;
use super::sense::Sense;
use super::tcpdump;

/// Where captures are: `$NETMON_CAPTURES`, or beside the repository.
fn directory() -> PathBuf {
    match std::env::var_os("NETMON_CAPTURES") {
        Some(directory) => directory.into(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures"),
    }
}

/// The frames of a capture of Ethernet in the classic form: what was captured of each, and its length.
fn ethernet_frames(file: &[u8]) -> Option<Vec<(&[u8], usize)>> {
    let number: fn([u8; 4]) -> u32 = match file.get(..4)? {
        [0xd4, 0xc3, 0xb2, 0xa1] => u32::from_le_bytes,
        [0xa1, 0xb2, 0xc3, 0xd4] => u32::from_be_bytes,
        _ => return None,
    };
    let at = |place: usize| Some(number(file.get(place..place + 4)?.try_into().ok()?) as usize);
    if at(20)? != tcpdump::ETHERNET as usize {
        return None;
    }
    let mut frames = Vec::new();
    let mut place = 24;
    while let (Some(captured), Some(len)) = (at(place + 8), at(place + 12)) {
        let Some(frame) = file.get(place + 16..place + 16 + captured) else {
            break;
        };
        frames.push((frame, len));
        place += 16 + captured;
    }
    Some(frames)
}

/// Whether tcpdump has a time and more to print of all these frames.
fn are_printable(frames: &[(&[u8], usize)]) -> bool {
    frames
        .iter()
        .all(|(frame, len)| !frame.is_empty() && *len >= frame.len())
}

#[test]
fn real_captures_read_like_their_bytes() {
    let Ok(entries) = std::fs::read_dir(directory()) else {
        println!("SKIPPED: no captures in {}", directory().display());
        return;
    };
    let (mut alike, mut lost) = (0_u32, 0_u32);
    let mut different: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        let file = std::fs::read(&path).unwrap();
        let Some(frames) = ethernet_frames(&file).filter(|frames| are_printable(frames)) else {
            continue;
        };
        let Some(text) = tcpdump::print_file(&path, &["-n"]) else {
            return;
        };
        let (packets, warnings) = read(&text);
        if packets.len() != frames.len() {
            // Some link protocol that is not known by its first word, or a time that tcpdump cannot print:
            // but then it says so.
            assert_ne!(warnings, [], "{}", path.display());
            lost += 1;
            continue;
        }
        for (packet, (frame, len)) in packets.iter().zip(&frames) {
            let (read, expected) = (Sense::of_text(&packet.what), Sense::of_bytes(frame, *len));
            if read == expected {
                alike += 1;
                continue;
            }
            let line = text
                .lines()
                .nth(usize::try_from(packet.line).unwrap() - 1)
                .unwrap_or_default();
            let kind = format!("{:?} for {:?}", read.outcome, expected.outcome);
            different
                .entry(kind)
                .or_default()
                .push(format!("{}: {line}", path.display()));
        }
    }
    let kinds: Vec<&str> = different.keys().map(String::as_str).collect();
    // tcpdump does not tell what ends too early from what was cut, looks into MACsec, and gives up on lengths
    // of zero and beyond 64 KiB. No packet of DNS and no error is among these.
    let excused = [
        (Outcome::Fragment, Outcome::Malformed),
        (Outcome::Fragment, Outcome::Truncated),
        (Outcome::Other, Outcome::Malformed),
        (Outcome::Other, Outcome::NotIp),
        (Outcome::Truncated, Outcome::Malformed),
        (Outcome::Truncated, Outcome::Other),
    ]
    .map(|(read, is)| format!("{read:?} for {is:?}"));
    assert!(
        kinds
            .iter()
            .all(|kind| excused.iter().any(|excused| excused == kind)),
        "{different:#?}"
    );
    let different: usize = different.values().map(Vec::len).sum();
    assert!(
        alike > 5_000 && different < 30 && lost < 20,
        "{alike} alike, {different} different, {lost} lost"
    );
}
