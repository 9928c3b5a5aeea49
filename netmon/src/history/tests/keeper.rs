//! The thread that writes, with databases that are not as they should be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use super::super::keeper::Keeper;
use super::super::read::{Reader, Wanted};
use super::super::schema::VERSION;
use super::super::store::Recalled;
use super::{Place, incident, own_client, wait_for};
use crate::clock;
use crate::model::{Counted, Event, Memory, Moment, WarningState};
use crate::outlets::Outlet as _;
use crate::time::{Time, WallOffset};

/// A moment of wall time, in seconds after the start.
fn at(seconds: i64) -> Moment {
    Moment {
        time: Time::at_second(u64::try_from(super::START + seconds).unwrap()),
        offset: WallOffset::NONE,
    }
}

/// How many incidents can be read.
fn kept(place: &Place) -> usize {
    Reader::open(&place.file)
        .and_then(|reader| reader.incidents(&Wanted::default()))
        .map_or(0, |incidents| incidents.len())
}

fn wait_until_kept(place: &Place, incidents: usize) {
    wait_for(&format!("{incidents} incidents in the history"), || {
        (kept(place) == incidents).then_some(())
    });
}

#[test]
fn what_is_told_is_in_the_file_at_once_and_comes_back_after_a_restart() {
    let place = Place::new();
    let mut keeper = Keeper::start(&place.settings()).unwrap();
    assert_eq!(
        keeper.recall(),
        Some(Recalled::default()),
        "a new history knows nothing"
    );
    assert_eq!(keeper.recall(), None, "and says so once");
    let open = incident("203.0.113.2", 0, None);
    let until = clock::boot_now().after(Duration::from_hours(24));
    let known = own_client("203.0.113.2", "192.51.100.15");
    let offset = clock::wall_offset();
    keeper.own_clients(&[(known, until)], offset);
    keeper.remember(&open, Some(Memory::default()));
    wait_until_kept(&place, 1);
    drop(keeper);
    let mut keeper = Keeper::start(&place.settings()).unwrap();
    let recalled = keeper.recall().unwrap();
    assert_eq!(recalled.incidents.len(), 1);
    assert_eq!(recalled.incidents[0].incident, open);
    assert_eq!(recalled.own_clients.len(), 1);
    let (client, kept_until) = recalled.own_clients[0];
    assert_eq!(client, known);
    assert_eq!(kept_until.as_second(), offset.wall(until).as_second());
    assert_eq!(keeper.trouble(), None);
}

#[test]
fn counts_are_wanted_once_a_minute_and_at_the_end() {
    let place = Place::new();
    let mut keeper = Keeper::start(&place.settings()).unwrap();
    let mut counted = Counted::default();
    let mut wanted = Vec::new();
    keeper.minute = at(0).time.second().cast_signed();
    for second in 0..125 {
        counted.totals.counters.frames += 1;
        if keeper.is_due(at(second)) {
            wanted.push(second);
            keeper.counted(at(second), &Arc::new(counted.clone()));
            // A writer that is late would make one longer minute of two.
            wait_for("empty mailbox", || keeper.mailbox.is_empty().then_some(()));
        }
    }
    assert_eq!(wanted, [60, 120]);
    counted.totals.counters.frames += 1;
    keeper.emit(at(125), &Event::Stopped(Arc::new(counted), BTreeMap::new()));
    keeper.finish();
    let reader = Reader::open(&place.file).unwrap();
    let watched = reader.totals(0, i64::MAX).unwrap().unwrap();
    assert_eq!(
        (watched.first, watched.minutes, watched.totals.counters.frames),
        (super::START, 3, 126)
    );
}

#[test]
fn a_corrupt_file_is_put_aside_and_a_new_one_begun() {
    let place = Place::new();
    drop(place.store());
    std::fs::write(&place.file, vec![7; 10_000]).unwrap();
    let keeper = Keeper::start(&place.settings()).unwrap();
    keeper.remember(&incident("203.0.113.2", 0, None), None);
    wait_until_kept(&place, 1);
    let trouble = keeper.trouble().unwrap();
    assert_eq!(trouble.warning.name(), "history");
    assert!(
        trouble.message.contains("it was put aside as"),
        "{}",
        trouble.message
    );
    let aside: Vec<_> = std::fs::read_dir(place.file.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_str().unwrap().contains(".corrupt-"))
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(std::fs::read(&aside[0]).unwrap(), vec![7; 10_000]);
}

#[test]
fn a_file_that_is_overwritten_while_it_is_open_is_noticed_within_a_minute() {
    type Spoil = fn(&std::path::Path);
    let cases: [(&str, Spoil); 2] = [
        ("emptied", |file| std::fs::write(file, "").unwrap()),
        ("overwritten", |file| {
            for file in [file.to_owned(), super::super::aside::beside(file, "-wal")] {
                let bytes = std::fs::metadata(&file).unwrap().len();
                let file = std::fs::OpenOptions::new().write(true).open(&file).unwrap();
                let spoilt = vec![7; usize::try_from(bytes).unwrap()];
                std::os::unix::fs::FileExt::write_all_at(&file, &spoilt, 0).unwrap();
            }
        }),
    ];
    for (case, spoil) in cases {
        let place = Place::new();
        let keeper = Keeper::start(&place.settings()).unwrap();
        keeper.remember(&incident("203.0.113.1", 0, None), None);
        wait_until_kept(&place, 1);
        spoil(&place.file);
        keeper.mailbox.counted(0, Counted::default());
        let trouble = wait_for(case, || keeper.trouble());
        assert!(
            trouble.message.contains("it was put aside as"),
            "{case}: {}",
            trouble.message
        );
        keeper.remember(&incident("203.0.113.2", 1, None), None);
        wait_until_kept(&place, 1);
    }
}

#[test]
fn a_lock_of_another_process_delays_only_the_writing() {
    let place = Place::new();
    drop(place.store());
    let lock = Connection::open(&place.file).unwrap();
    lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")
        .unwrap();
    let mut keeper = Keeper::start(&place.settings()).unwrap();
    assert_eq!(keeper.recall(), None);
    for n in 0..1_000 {
        keeper.remember(&incident("203.0.113.2", n, None), None);
        keeper.mailbox.counted(n * 60, Counted::default());
    }
    let trouble = wait_for("warning", || keeper.trouble());
    assert!(trouble.message.contains("locked"), "{}", trouble.message);
    assert!(
        trouble.message.contains("Monitoring goes on"),
        "{}",
        trouble.message
    );
    drop(lock);
    wait_until_kept(&place, 1_000);
    assert_eq!(keeper.recall(), Some(Recalled::default()), "late, but it comes");
    let over = wait_for("end of the warning", || keeper.trouble());
    assert_eq!(over.state, Some(WarningState::Over));
    assert_eq!(keeper.trouble(), None);
}

#[test]
fn the_end_does_not_wait_for_a_lock_of_another_process() {
    let place = Place::new();
    let mut keeper = Keeper::start(&place.settings()).unwrap();
    let lock = Connection::open(&place.file).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    keeper.remember(&incident("203.0.113.2", 0, None), None);
    keeper.emit(at(0), &Event::Stopped(Arc::default(), BTreeMap::new()));
    keeper.finish();
    // Only now.
    drop(lock);
}

#[test]
fn a_newer_netmons_history_is_not_touched_and_said() {
    let place = Place::new();
    let store = place.store();
    store
        .connection
        .pragma_update(None, "user_version", VERSION + 1)
        .unwrap();
    drop(store);
    let keeper = Keeper::start(&place.settings()).unwrap();
    keeper.remember(&incident("203.0.113.2", 0, None), None);
    let trouble = wait_for("warning", || keeper.trouble());
    assert!(
        trouble.message.contains("of a newer netmon"),
        "{}",
        trouble.message
    );
    drop(keeper);
    let rows = Connection::open(&place.file).unwrap();
    let rows: i64 = rows
        .query_row("SELECT count(*) FROM incidents", [], |row| row.get(0))
        .unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn a_file_that_is_removed_is_made_again() {
    let place = Place::new();
    let keeper = Keeper::start(&place.settings()).unwrap();
    keeper.remember(&incident("203.0.113.1", 0, None), None);
    wait_until_kept(&place, 1);
    for suffix in ["", "-wal", "-shm"] {
        std::fs::remove_file(super::super::aside::beside(&place.file, suffix)).unwrap();
    }
    keeper.remember(&incident("203.0.113.2", 1, None), None);
    wait_until_kept(&place, 1);
}
