use std::os::unix::fs::MetadataExt as _;

use super::super::error::StoreError;
use super::super::mail::Mail;
use super::super::store::Store;
use super::{Place, incident, mail, minute, moment, own_client, remembered};
use crate::model::Latency;

#[test]
fn what_was_written_comes_back_word_for_word() {
    let place = Place::new();
    let mut store = place.store();
    let open = incident("2001:db8::2", 60, None);
    let closed = incident("203.0.113.2", 0, Some(45));
    store.write(&mail([open.clone(), closed.clone()], [])).unwrap();
    let recalled = store.recall(moment(40)).unwrap();
    assert_eq!(recalled.incidents, [remembered(open.clone()), remembered(closed)]);
    assert_eq!(recalled.garbled, 0);
    let recalled = store.recall(moment(50)).unwrap();
    assert_eq!(recalled.incidents, [remembered(open)], "the other closed before");
}

#[test]
fn a_newer_state_takes_the_place_of_the_older_one() {
    let place = Place::new();
    let mut store = place.store();
    let mut now = incident("203.0.113.2", 0, None);
    store.write(&mail([now.clone()], [])).unwrap();
    now.queries = 99;
    store.write(&mail([now.clone()], [])).unwrap();
    assert_eq!(store.recall(moment(0)).unwrap().incidents, [remembered(now)]);
}

#[test]
fn the_parts_of_a_minute_add_up() {
    let place = Place::new();
    let mut store = place.store();
    let with = |count, p50, max| {
        let mut minute = minute(0, Some("203.0.113.2"), 3, 1);
        minute.servers[0].latency = Latency {
            count,
            p50,
            p90: p50,
            p99: p50,
            max,
        };
        minute
    };
    let parts = [
        with(0, None, None),
        with(10, Some(100), Some(500)),
        with(3, Some(900), Some(1_000)),
        with(0, None, None),
    ];
    for part in parts {
        store.write(&mail([], [part])).unwrap();
    }
    let row: (i64, i64, i64, i64, i64) = store
        .connection
        .query_row(
            "SELECT queries, dns_port, latency_count, latency_p50, latency_max FROM minutes",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?)),
        )
        .unwrap();
    assert_eq!(row, (12, 4, 13, 100, 1_000));
    let frames: i64 = store
        .connection
        .query_row("SELECT frames FROM totals", [], |row| row.get(0))
        .unwrap();
    assert_eq!(frames, 16);
}

#[test]
fn one_that_cannot_be_understood_does_not_keep_the_others_back() {
    let place = Place::new();
    let mut store = place.store();
    let good = incident("203.0.113.2", 0, None);
    store
        .write(&mail([good.clone(), incident("203.0.113.3", 1, None)], []))
        .unwrap();
    let garble = "UPDATE incidents SET incident = replace(incident, 'unreachable', 'asleep') WHERE server = '203.0.113.3'";
    store.connection.execute(garble, []).unwrap();
    let recalled = store.recall(moment(0)).unwrap();
    assert_eq!(
        (recalled.incidents, recalled.garbled),
        (vec![remembered(good)], 1)
    );
}

#[test]
fn clients_of_own_services_are_known_until_the_latest_of_their_times() {
    let place = Place::new();
    let mut store = place.store();
    let client = own_client("2001:db8:2::2", "2001:db8:1::15");
    for until in [7, 9, 8] {
        let mail = Mail {
            own_clients: [(client, moment(until))].into(),
            ..Mail::default()
        };
        store.write(&mail).unwrap();
    }
    let known = store.recall(moment(0)).unwrap().own_clients;
    assert_eq!(known, [(client, moment(9))]);
}

#[test]
fn only_one_netmon_writes_to_a_file() {
    let place = Place::new();
    let first = place.store();
    assert!(matches!(Store::open(&place.file), Err(StoreError::Taken)));
    drop(first);
    assert!(Store::open(&place.file).is_ok());
}

#[test]
fn the_file_is_for_its_owner_and_group() {
    let place = Place::new();
    let mut store = place.store();
    store
        .write(&mail([incident("203.0.113.2", 0, None)], []))
        .unwrap();
    let directory = place.file.parent().unwrap();
    for entry in std::fs::read_dir(directory).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().mode();
        assert_eq!(mode & 0o007, 0, "{}: {mode:o}", entry.path().display());
    }
}

#[test]
fn a_file_that_was_replaced_is_noticed() {
    let place = Place::new();
    let store = place.store();
    assert!(!store.is_gone());
    std::fs::rename(&place.file, place.file.with_extension("moved")).unwrap();
    assert!(store.is_gone());
    std::fs::write(&place.file, "").unwrap();
    assert!(store.is_gone());
}

#[test]
fn after_the_checkpoint_everything_is_in_the_one_file() {
    let place = Place::new();
    let mut store = place.store();
    store
        .write(&mail([incident("203.0.113.2", 0, None)], []))
        .unwrap();
    let log = super::super::aside::beside(&place.file, "-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 0);
    store.checkpoint().unwrap();
    assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
    drop(store);
    assert!(!log.exists());
}

#[test]
fn a_directory_that_is_not_there_is_not_made_and_said_with_what_to_do() {
    let place = Place::new();
    let elsewhere = place.file.with_file_name("nowhere");
    let error = Store::open(&elsewhere.join("history.db")).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("there is no directory {}", elsewhere.display())
    );
    assert!(error.remedy_for_writing().starts_with("make it (mkdir -p)"));
    assert!(!elsewhere.exists());
    let error = Store::open(place.file.parent().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "it is a directory");
}
