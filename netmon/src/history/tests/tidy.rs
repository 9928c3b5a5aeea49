use std::time::Duration;

use super::super::read::{Reader, Wanted};
use super::super::tidy::{tidy, used};
use super::{Place, incident, mail, minute, moment};

const DAY: i64 = 86_400;

#[test]
fn what_is_older_than_asked_for_goes_but_never_an_open_incident() {
    let place = Place::new();
    let mut store = place.store();
    let incidents = [
        incident("203.0.113.1", 0, None),
        incident("203.0.113.2", 0, Some(60)),
        incident("203.0.113.3", 0, Some(2 * DAY)),
    ];
    // More than go at once.
    let minutes = (0..3 * 1_440).map(|n| minute(n * 60, Some("203.0.113.2"), 1, 0));
    store.write(&mail(incidents, minutes)).unwrap();
    let mut settings = place.settings();
    settings.keep = Duration::from_hours(24);
    let tidied = tidy(&store.connection, &settings, moment(2 * DAY)).unwrap();
    assert_eq!((tidied.old, tidied.too_many), (2 * 1_440 + 1, 0));
    let reader = Reader::open(&place.file).unwrap();
    let kept = reader.incidents(&Wanted::default()).unwrap();
    let kept: Vec<String> = kept.iter().map(|incident| incident.server.to_string()).collect();
    assert_eq!(kept, ["203.0.113.1", "203.0.113.3"]);
    let watched = reader.totals(0, i64::MAX).unwrap().unwrap();
    assert_eq!(
        (watched.first, watched.minutes),
        (moment(DAY).as_second(), 2 * 1_440)
    );
}

#[test]
fn when_it_is_too_large_the_oldest_minutes_go_and_the_file_shrinks() {
    let place = Place::new();
    let mut store = place.store();
    let busy = |n: i64| {
        let mut busy = minute(n * 60, None, 1, 0);
        let row = busy.servers[0].clone();
        busy.servers = (0..100_u8)
            .map(|server| super::super::rollup::ServerMinute {
                address: Some(netmon_common::Address::v4([10, 0, 0, server])),
                ..row.clone()
            })
            .collect();
        busy
    };
    let incidents = [
        incident("203.0.113.2", 0, Some(60)),
        incident("203.0.113.1", 0, None),
    ];
    store.write(&mail(incidents, (0..300).map(busy))).unwrap();
    store.checkpoint().unwrap();
    let mut settings = place.settings();
    settings.max_size = 1 << 20;
    let before = used(&store.connection).unwrap();
    assert!(before > 3 << 19, "{before}");
    let tidied = tidy(&store.connection, &settings, moment(0)).unwrap();
    assert!(tidied.too_many > 0 && tidied.old == 0, "{tidied:?}");
    let after = used(&store.connection).unwrap();
    assert!(after <= settings.max_size, "{after}");
    store.checkpoint().unwrap();
    let size = std::fs::metadata(&place.file).unwrap().len();
    assert!(size <= settings.max_size, "{size}: the pages are given back");
    let reader = Reader::open(&place.file).unwrap();
    assert_eq!(
        reader.incidents(&Wanted::default()).unwrap().len(),
        2,
        "minutes go first"
    );
    let newest = moment(299 * 60).as_second();
    assert_eq!(
        reader.servers(newest, i64::MAX).unwrap().len(),
        100,
        "the newest minute stays"
    );
    // Nothing more to do: the next look deletes nothing.
    let again = tidy(&store.connection, &settings, moment(0)).unwrap();
    assert_eq!((again.old, again.too_many), (0, 0));
}
