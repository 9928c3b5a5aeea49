use super::super::limits::{SECONDS_AFTER, SECONDS_BEFORE, SECONDS_SHARE, SERVERS_A_SECOND, WAITING_SECONDS};
use super::super::mail::Mailbox;
use super::super::seconds::{Row, Seconds};
use super::super::tidy::tidy;
use super::{Place, address, mail, moment};
use crate::timeline::Activity;

/// How far the wall's clock is ahead.
const AHEAD: i64 = 1_000_000;

const SERVER: &str = "203.0.113.2";

fn queries(queries: u64) -> Activity {
    Activity {
        queries,
        ..Activity::default()
    }
}

fn take(seconds: &mut Seconds, second: u64, active: &[(&str, u64)]) -> Vec<Row> {
    let active = active
        .iter()
        .map(|(server, count)| (address(server), queries(*count)));
    seconds.take(second, AHEAD + second.cast_signed(), active.collect())
}

#[test]
fn the_seconds_around_an_opening_are_kept_once_each() {
    let mut seconds = Seconds::default();
    let mut rows = Vec::new();
    for second in 0..500 {
        // Asked every other second; another server always.
        let active = [("203.0.113.9", 9), (SERVER, 1)];
        let active = &active[..=usize::from(second % 2 == 0)];
        rows.extend(take(&mut seconds, second, active));
        if (200..=205).contains(&second) {
            seconds.want(address(SERVER), second);
        }
    }
    let kept: Vec<i64> = rows.iter().map(|row| row.second - AHEAD).collect();
    let expected: Vec<i64> = (200 - SECONDS_BEFORE..=205 + SECONDS_AFTER)
        .map(u64::cast_signed)
        .collect();
    assert_eq!(kept, expected);
    assert!(rows.iter().all(|row| row.server == address(SERVER)));
    assert!(
        rows.iter()
            .all(|row| row.activity.queries == u64::from(row.second % 2 == 0)),
        "{rows:?}"
    );
}

#[test]
fn a_second_that_is_read_twice_is_one_and_the_last_comes_at_the_end() {
    let mut seconds = Seconds::default();
    seconds.want(address(SERVER), 5);
    assert_eq!(take(&mut seconds, 5, &[(SERVER, 1)]), []);
    assert_eq!(take(&mut seconds, 5, &[(SERVER, 2)]), []);
    let rows = seconds.keep();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].activity, queries(3));
    assert_eq!(seconds.keep(), []);
}

#[test]
fn among_too_many_servers_the_one_with_an_incident_has_a_place() {
    let mut seconds = Seconds::default();
    seconds.want(address(SERVER), 0);
    let busy = (0..SERVERS_A_SECOND + 50).map(|n| {
        let [high, low] = u16::try_from(n).unwrap().to_be_bytes();
        (address(&format!("10.0.{high}.{low}")), queries(1_000))
    });
    let all = busy.chain([(address(SERVER), queries(1))]).collect();
    seconds.take(0, 0, all);
    assert_eq!(seconds.keep()[0].activity, queries(1));
}

fn rows(count: u64) -> Vec<Row> {
    let row = |second: u64| Row {
        second: moment(0).as_second() + second.cast_signed(),
        server: address(SERVER),
        activity: queries(1),
    };
    (0..count).map(row).collect()
}

#[test]
fn what_waits_is_bounded_and_what_is_lost_is_counted() {
    let mailbox = Mailbox::default();
    mailbox.seconds(rows(WAITING_SECONDS as u64 + 7));
    let mail = mailbox.fetch(std::time::Duration::ZERO).0;
    assert_eq!((mail.seconds.len(), mail.lost.seconds), (WAITING_SECONDS, 7));
    assert_eq!(mail.seconds[0], rows(8)[7], "the oldest went");
}

#[test]
fn seconds_have_a_share_of_the_size_and_an_age() {
    let place = Place::new();
    let mut store = place.store();
    let mut mail = mail([], []);
    mail.seconds = rows(10_000).into();
    store.write(&mail).unwrap();
    let mut settings = place.settings();
    settings.max_size = 1 << 20;
    let count = |store: &super::Store| -> u64 {
        let all = "SELECT count(*) FROM seconds";
        store.connection.query_row(all, [], |row| row.get(0)).unwrap()
    };
    tidy(&store.connection, &settings, moment(10_000)).unwrap();
    let left = count(&store);
    let share = settings.max_size / SECONDS_SHARE;
    assert_eq!(left, share / super::super::limits::SECOND_BYTES);
    let bytes = super::super::tidy::used(&store.connection).unwrap();
    assert!(
        bytes < share + (64 << 10),
        "{bytes}: a row is not larger than is said"
    );
    settings.keep = std::time::Duration::from_hours(1);
    tidy(&store.connection, &settings, moment(10_000 + 3_600 - 10)).unwrap();
    assert_eq!(count(&store), 10);
}
