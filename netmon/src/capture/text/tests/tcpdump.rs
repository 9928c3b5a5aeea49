//! The witness: tcpdump itself.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use netmon_common::Address;

/// When the first frame was captured: 2024-11-24 13:44:32.192571 UTC. The others follow 3.905993 s apart.
pub const START_US: u64 = 1_732_455_872_192_571;
pub const STEP_US: u64 = 3_905_993;

/// Link types of capture files.
pub const ETHERNET: u32 = 1;
pub const SLL2: u32 = 276;

/// A capture file of these frames.
pub fn capture<'a>(link: u32, snap: usize, frames: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut file = Vec::new();
    file.extend(0xa1b2_c3d4_u32.to_le_bytes());
    file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(u32::try_from(snap).unwrap().to_le_bytes());
    file.extend(link.to_le_bytes());
    for (number, frame) in (0..).zip(frames) {
        let captured = &frame[..snap.min(frame.len())];
        let time = START_US + number * STEP_US;
        for field in [
            time / 1_000_000,
            time % 1_000_000,
            captured.len() as u64,
            frame.len() as u64,
        ] {
            file.extend(u32::try_from(field).unwrap().to_le_bytes());
        }
        file.extend(captured);
    }
    file
}

/// What tcpdump prints of a capture file, in UTC; `None`, and a word about it, where there is no tcpdump.
pub fn print(capture: &[u8], arguments: &[&str]) -> Option<String> {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("frames.pcap");
    std::fs::write(&file, capture).unwrap();
    print_file(&file, arguments)
}

/// The same of a file.
pub fn print_file(file: &Path, arguments: &[&str]) -> Option<String> {
    let mut tcpdump = Command::new("tcpdump");
    // Without -n it would ask real name servers for the names of made-up addresses; no attempt, no answer.
    tcpdump
        .arg("-r")
        .arg(file)
        .args(arguments)
        .env("TZ", "UTC")
        .env("RES_OPTIONS", "attempts:0");
    match tcpdump.output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            println!("SKIPPED: tcpdump is missing");
            None
        }
        Err(error) => panic!("tcpdump: {error}"),
    }
}

/// An address.
pub fn address(text: &str) -> Address {
    text.parse::<std::net::IpAddr>().unwrap().into()
}
