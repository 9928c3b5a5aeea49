//! Disks and files that fail the history. Incidents are reported as ever, one warning a minute says what is
//! wrong, and when it is mended everything is written that has happened meanwhile.

use std::time::Duration;

use netmon_testkit::lab::{Namespace, Netmon, SERVER_V4, Stream, two_hosts};
use rusqlite::Connection;

use crate::disk::Disk;
use crate::place::{Place, netmon};
use crate::support::incident::assert_flow;
use crate::support::{PATIENCE, ask_refused, watch};

fn start(host: &Namespace, place: &Place) -> Netmon {
    watch(host, &place.watched("xdp-native", "to-server"))
}

/// An outage begins, and is reported, whatever the disk does. Some seconds later there was one warning, with these
/// words.
#[track_caller]
fn outage(host: &Namespace, netmon: &Netmon, words: &str) {
    ask_refused(host, SERVER_V4, 1);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    netmon.wait_event("warning", PATIENCE).unwrap();
    // Twice as long as it takes to try again, and the monitor tells of it as of any change.
    for _ in 0..4 {
        std::thread::sleep(Duration::from_secs(1));
        ask_refused(host, SERVER_V4, 1);
    }
    let warnings = netmon.events_named("warning").unwrap();
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert_eq!(warnings[0].value["warning"], "history");
    let message = warnings[0].value["message"].as_str().unwrap();
    println!("{message}");
    assert!(message.contains(words), "{message}");
    let lines = netmon.process().lines();
    let log = lines
        .iter()
        .filter(|line| line.stream == Stream::Err && line.text.contains("history"));
    assert_eq!(log.count(), 1, "the log says it once, too: {lines:#?}");
}

/// All that has happened meanwhile is written.
#[track_caller]
fn mended(place: &Place, mut netmon: Netmon) {
    let kept = place.wait_for("incident with 5 errors", |incident| {
        incident["errors"]["port"] == 5
    });
    assert_flow(&kept, 5, 0);
    netmon.stop().unwrap();
    assert_eq!(place.incidents(&["--open"]), [kept]);
}

#[test]
#[ignore = "needs root: network namespaces, XDP and a small disk"]
fn a_full_disk() {
    let hosts = two_hosts().unwrap();
    let mut place = Place::new();
    let disk = Disk::new(&place.directory().join("disk"));
    place.file = place.directory().join("disk/history.db");
    // It fills up while netmon runs.
    let netmon = start(&hosts.client, &place);
    place.wait_until_made();
    disk.fill();
    outage(&hosts.client, &netmon, "free some space");
    disk.free();
    mended(&place, netmon);
}

#[test]
#[ignore = "needs root: network namespaces, XDP and a small disk"]
fn a_disk_that_is_full_from_the_start() {
    let hosts = two_hosts().unwrap();
    let mut place = Place::new();
    let disk = Disk::new(&place.directory().join("disk"));
    place.file = place.directory().join("disk/history.db");
    disk.fill();
    let netmon = start(&hosts.client, &place);
    outage(&hosts.client, &netmon, "cannot be written");
    disk.free();
    mended(&place, netmon);
}

#[test]
#[ignore = "needs root: network namespaces, XDP and a small disk"]
fn a_read_only_disk() {
    let hosts = two_hosts().unwrap();
    let mut place = Place::new();
    let disk = Disk::new(&place.directory().join("disk"));
    place.file = place.directory().join("disk/history.db");
    disk.set_read_only(true);
    let netmon = start(&hosts.client, &place);
    outage(&hosts.client, &netmon, "Read-only file system");
    disk.set_read_only(false);
    mended(&place, netmon);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_lock_that_another_process_holds() {
    let hosts = two_hosts().unwrap();
    let place = Place::new();
    let lock = Connection::open(&place.file).unwrap();
    lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let netmon = start(&hosts.client, &place);
    outage(&hosts.client, &netmon, "database is locked");
    drop(lock);
    mended(&place, netmon);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_corrupt_file() {
    let hosts = two_hosts().unwrap();
    let place = Place::new();
    std::fs::write(&place.file, vec![7; 100_000]).unwrap();
    let listed = netmon(&["incidents", "--history", place.file()]);
    assert_eq!(listed.status.code(), Some(3));
    let complaint = String::from_utf8_lossy(&listed.stderr);
    assert!(complaint.contains("will put it aside"), "{complaint}");

    let netmon = start(&hosts.client, &place);
    outage(&hosts.client, &netmon, "it was put aside as");
    let aside = place.files_with(".corrupt-");
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(std::fs::read(&aside[0]).unwrap(), vec![7; 100_000]);
    mended(&place, netmon);
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_lock_that_another_process_holds_does_not_prevent_the_end() {
    let hosts = two_hosts().unwrap();
    let place = Place::new();
    let mut netmon = start(&hosts.client, &place);
    place.wait_until_made();
    let lock = Connection::open(&place.file).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    netmon.stop().unwrap();
    drop(lock);
}
