//! The power fails while netmon writes. What the history had shown is there afterwards, nothing is corrupt, and netmon goes on.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{
    DnsServer, End, Netmon, SERVER_V4, TwoHosts, WallClock, is_guest, two_hosts, with_own_mounts,
};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::place::Place;
use crate::power::Disk;
use crate::support::{NETMON, PATIENCE, ask_answered, ask_refused};

/// What a reader of the history sees.
#[derive(Clone, Debug, Default)]
struct Kept {
    /// The packets of each minute.
    minutes: BTreeMap<i64, u64>,
    /// Incidents, and whether they are closed.
    incidents: BTreeMap<String, bool>,
}

impl Kept {
    fn read(file: &Path) -> Self {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(file, flags).unwrap();
        connection.busy_timeout(PATIENCE).unwrap();
        let mut minutes = connection.prepare("SELECT minute, frames FROM totals").unwrap();
        let minutes = minutes.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        let mut incidents = connection
            .prepare("SELECT id, closed IS NOT NULL FROM incidents")
            .unwrap();
        let incidents = incidents.query_map([], |row| Ok((row.get(0)?, row.get(1)?)));
        Self {
            minutes: minutes.unwrap().map(Result::unwrap).collect(),
            incidents: incidents.unwrap().map(Result::unwrap).collect(),
        }
    }

    /// Insists that everything is there that another reader has seen before.
    #[track_caller]
    fn assert_holds(&self, before: &Self) {
        for (minute, frames) in &before.minutes {
            let now = self.minutes.get(minute);
            assert!(
                now >= Some(frames),
                "minute {minute}: {frames} packets, and now {now:?}"
            );
        }
        for (id, closed) in &before.incidents {
            let now = self.incidents.get(id);
            assert!(now >= Some(closed), "{id}: closed is {closed}, and now {now:?}");
        }
    }
}

/// The file as it is after the power is back, before any netmon writes to it.
#[track_caller]
fn assert_whole(place: &Place, before: &Kept) {
    let connection = Connection::open(&place.file).unwrap();
    let found: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(found, "ok");
    drop(connection);
    Kept::read(&place.file).assert_holds(before);
}

fn start(hosts: &TwoHosts, clock: &WallClock, place: &Place) -> Netmon {
    let program = clock.program(NETMON).unwrap();
    let arguments = [&place.watched("tc", "to-server")[..], &["--interval", "200ms"]].concat();
    Netmon::start_without_snapshots(&hosts.client, program, &arguments).unwrap()
}

/// Has a minute pass ten times a second, each with queries, until it is told to end.
fn pass_minutes(clock: &mut WallClock, hosts: &TwoHosts, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        ask_refused(&hosts.client, SERVER_V4, 1);
        clock.step(60).unwrap();
        thread::sleep(Duration::from_millis(100));
    }
}

/// Waits until the history has so many more minutes, and the incident; then cuts the power at once. What was read last.
fn cut_amid(place: &Place, disk: &Disk, minutes: usize) -> Kept {
    let before = Kept::read(&place.file);
    let until = Instant::now() + PATIENCE;
    loop {
        let now = Kept::read(&place.file);
        let is_there = now.minutes.len() >= before.minutes.len() + minutes && !now.incidents.is_empty();
        if is_there {
            disk.cut_power();
            return now;
        }
        assert!(Instant::now() < until, "{now:?}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
#[ignore = "needs root: network namespaces, TC and loop devices"]
fn a_power_cut_in_mid_write_costs_nothing_that_the_history_had_shown() {
    with_own_mounts(cut_the_power_again_and_again).unwrap();
}

fn cut_the_power_again_and_again() {
    // Emulation takes ten times as long.
    let cuts = if is_guest() { 2 } else { 6 };
    let hosts = two_hosts().unwrap();
    // All queries are refused, however many they are.
    hosts.server.set("net/ipv4/icmp_ratelimit", "0").unwrap();
    let mut place = Place::new();
    let disk = Disk::new(place.directory());
    place.file = disk.path.join("history.db");
    let mut clock = WallClock::new().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut id = None;
    for cut in 0..cuts {
        let netmon = start(&hosts, &clock, &place);
        if cut == 0 {
            ask_answered(&hosts.client, SERVER_V4, 1);
            server.stop().unwrap();
            place.wait_until_made();
        } else {
            assert_goes_on(&netmon, id.as_ref());
        }
        let ended = AtomicBool::new(false);
        let kept = thread::scope(|scope| {
            scope.spawn(|| pass_minutes(&mut clock, &hosts, &ended));
            scope.spawn(|| disk.write_back_some(&ended));
            let _end = End(&ended);
            cut_amid(&place, &disk, 3 + cut)
        });
        // The guard sends SIGKILL: where the disk has no power, no process has any.
        drop(netmon);
        disk.restore_power();
        assert_whole(&place, &kept);
        let [incident] = place.incidents(&["--open"]).try_into().unwrap();
        id = Some(incident["id"].clone());
    }

    // It closes, and stays closed.
    let netmon = start(&hosts, &clock, &place);
    assert_goes_on(&netmon, id.as_ref());
    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 1);
    let closed = place.wait_for("incident that is closed", |incident| {
        incident["state"] == "closed"
    });
    let kept = Kept::read(&place.file);
    disk.cut_power();
    drop(netmon);
    disk.restore_power();
    assert_whole(&place, &kept);
    assert_eq!(place.incidents(&[]), std::slice::from_ref(&closed));
    let mut netmon = start(&hosts, &clock, &place);
    ask_answered(&hosts.client, SERVER_V4, 1);
    netmon.stop().unwrap();
    assert_eq!(place.incidents(&[]), [closed]);
    assert!(place.files_with(".corrupt-").is_empty());
    assert!(netmon.events_named("warning").unwrap().is_empty());
}

/// Insists that it continues the incident of before, and says nothing else.
#[track_caller]
fn assert_goes_on(netmon: &Netmon, id: Option<&Value>) {
    let again = netmon.wait_event("incident_updated", PATIENCE).unwrap();
    assert_eq!(Some(&again.incident()["id"]), id);
    for name in ["incident_opened", "warning"] {
        assert!(netmon.events_named(name).unwrap().is_empty(), "{name}");
    }
}
