use std::time::Duration;

use jiff::Timestamp;

use super::super::limits::{WAITING_CLIENTS, WAITING_INCIDENTS, WAITING_ROWS};
use super::super::mail::{Lost, Mail, Mailbox};
use super::{incident, minute, own_client, remembered};
use crate::model::Counted;

fn fetched(mailbox: &Mailbox) -> Mail {
    mailbox.fetch(Duration::ZERO).0
}

#[test]
fn of_an_incident_only_the_newest_state_waits() {
    let mailbox = Mailbox::default();
    let mut now = incident("203.0.113.2", 0, None);
    for queries in 0..100_000 {
        now.queries = queries;
        mailbox.incident(remembered(now.clone()));
    }
    let mail = fetched(&mailbox);
    assert_eq!(mail.incidents.len(), 1);
    assert_eq!(mail.incidents[&now.id].incident.queries, 99_999);
    assert!(fetched(&mailbox).is_empty());
}

#[test]
fn what_finds_no_room_is_counted_and_known_incidents_still_change() {
    let mailbox = Mailbox::default();
    let opened = |n: usize| incident("203.0.113.2", i64::try_from(n).unwrap(), None);
    for n in 0..WAITING_INCIDENTS + 7 {
        mailbox.incident(remembered(opened(n)));
    }
    let mut first = opened(0);
    first.queries = 42;
    mailbox.incident(remembered(first.clone()));
    let mail = fetched(&mailbox);
    assert_eq!(mail.incidents.len(), WAITING_INCIDENTS);
    assert_eq!(mail.lost.incidents, 7);
    assert_eq!(mail.incidents[&first.id].incident.queries, 42);
}

#[test]
fn the_oldest_minutes_go_first() {
    // Two rows each: of everything, and of the server.
    let room = i64::try_from(WAITING_ROWS / 2).unwrap();
    let mut mail = Mail::default();
    for n in 0..room + 3 {
        mail.minute(minute(n * 60, Some("203.0.113.2"), 1, 0));
    }
    assert_eq!(mail.minutes.len(), WAITING_ROWS / 2);
    assert_eq!(mail.lost.minutes, 3);
    assert_eq!(mail.minutes[0], minute(180, Some("203.0.113.2"), 1, 0));
}

#[test]
fn counts_that_wait_too_long_become_one_longer_minute() {
    let mailbox = Mailbox::default();
    for frames in 1..=3 {
        let mut counted = Counted::default();
        counted.totals.counters.frames = frames;
        mailbox.counted(60 * frames.cast_signed(), counted);
    }
    let (start, counted) = fetched(&mailbox).counted.unwrap();
    assert_eq!((start, counted.totals.counters.frames), (60, 3));
}

#[test]
fn what_could_not_be_written_waits_and_what_is_newer_stands() {
    let mailbox = Mailbox::default();
    let mut now = incident("203.0.113.2", 0, None);
    mailbox.incident(remembered(now.clone()));
    let mut old = fetched(&mailbox);
    old.minute(minute(0, None, 1, 0));
    now.queries = 42;
    mailbox.incident(remembered(now.clone()));
    mailbox.counted(60, Counted::default());
    mailbox.put_back(old);
    let mail = fetched(&mailbox);
    assert_eq!(mail.incidents[&now.id].incident.queries, 42);
    assert_eq!(Vec::from(mail.minutes), [minute(0, None, 1, 0)]);
    assert_eq!(mail.counted.map(|(start, _)| start), Some(60));
    assert_eq!(mail.lost, Lost::default());
}

#[test]
fn clients_of_own_services_are_bounded_too() {
    let mailbox = Mailbox::default();
    mailbox.own_clients((0..20_000_u16).map(|n| {
        let [high, low] = n.to_be_bytes();
        let client = own_client("203.0.113.2", &format!("10.0.{high}.{low}"));
        (client, Timestamp::UNIX_EPOCH)
    }));
    let mail = fetched(&mailbox);
    assert_eq!(mail.own_clients.len(), WAITING_CLIENTS);
    assert_eq!(mail.lost.total(), 20_000 - WAITING_CLIENTS as u64);
}

#[test]
fn whoever_waits_is_woken_by_mail_and_by_the_end() {
    let mailbox = std::sync::Arc::new(Mailbox::default());
    let waiting = std::sync::Arc::clone(&mailbox);
    let reader = std::thread::spawn(move || {
        let first = waiting.fetch(Duration::from_mins(1));
        let second = waiting.fetch_after(Duration::from_mins(1));
        (first, second)
    });
    mailbox.counted(0, Counted::default());
    super::wait_for("empty mailbox", || mailbox.is_empty().then_some(()));
    mailbox.stop();
    let ((mail, stop), (_, stopped)) = reader.join().unwrap();
    assert_eq!((mail.counted.is_some(), stop, stopped), (true, false, true));
}
