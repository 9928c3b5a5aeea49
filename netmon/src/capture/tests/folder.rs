//! Public captures, many of them malformed on purpose: tcpdump's own test suite.

use std::path::{Path, PathBuf};

use netmon_common::DnsPorts;

use crate::capture::{Door, Frames, Opened, Progress, open};

fn folder() -> PathBuf {
    std::env::var_os("NETMON_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures"),
        PathBuf::from,
    )
}

#[test]
fn every_public_capture_is_read_and_its_counts_add_up() {
    let Ok(directory) = std::fs::read_dir(folder()) else {
        println!("SKIPPED: there are no captures in {}", folder().display());
        return;
    };
    let mut captures = 0;
    for entry in directory {
        let path = entry.unwrap().path();
        let progress = Progress::default();
        let Opened::Packets(file) = open(&path, &progress).unwrap() else {
            continue;
        };
        captures += 1;
        let mut frames = Frames::new(vec![*file]);
        let mut door = Door::new(DnsPorts::DEFAULT);
        let (mut packets, mut observations) = (0, 0);
        while let Some(frame) = frames.next() {
            packets += 1;
            door.take(&frame, &mut |_| observations += 1);
        }
        let counts = door.counts();
        assert!(counts.add_up(), "{}", path.display());
        assert_eq!(counts.totals.frames, packets, "{}", path.display());
    }
    assert!(captures > 0, "no capture in {}", folder().display());
}
