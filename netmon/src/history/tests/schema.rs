use std::collections::BTreeSet;

use netmon_common::records::Destination;
use rusqlite::Connection;

use super::super::columns;
use super::super::error::Trouble;
use super::super::read::{Reader, Wanted};
use super::super::schema::{self, VERSION};
use super::super::store::Store;
use super::{Place, incident, mail, minute, moment};
use crate::model::{Incident, Totals};

/// A database as the netmon with that schema made it.
fn of_schema(place: &Place, version: usize) -> Connection {
    std::fs::create_dir_all(place.file.parent().unwrap()).unwrap();
    let mut connection = Connection::open(&place.file).unwrap();
    schema::migrate(&mut connection, version).unwrap();
    connection
}

#[test]
fn a_database_of_schema_1_becomes_one_of_the_present_schema_and_keeps_all_rows() {
    let place = Place::new();
    let old = of_schema(&place, 1);
    let open = incident("203.0.113.2", 60, None);
    old.execute(
        "INSERT INTO incidents VALUES (?1, '203.0.113.2', 1795525260000000, 1795525290000000, NULL, ?2, '{\"errors\": 3}')",
        [&open.id, &serde_json::to_string(&open).unwrap()],
    )
    .unwrap();
    // As many columns as schema 1 has, which never changes.
    let ones = vec!["1"; 25].join(", ");
    old.execute(
        &format!("INSERT INTO minutes VALUES (1795525200, '203.0.113.2', {ones})"),
        [],
    )
    .unwrap();
    let twos = vec!["2"; 21].join(", ");
    old.execute(&format!("INSERT INTO totals VALUES (1795525200, {twos})"), [])
        .unwrap();
    drop(old);

    let mut store = place.store();
    let recalled = store.recall(moment(0)).unwrap();
    assert_eq!(recalled.incidents.len(), 1);
    assert_eq!(recalled.incidents[0].incident, open);
    assert_eq!(recalled.incidents[0].memory.errors, 3);
    // What comes now is added to what was there.
    store
        .write(&mail([], [minute(0, Some("203.0.113.2"), 5, 0)]))
        .unwrap();
    drop(store);
    let reader = Reader::open(&place.file).unwrap();
    assert_eq!(reader.incidents(&Wanted::default()).unwrap(), [open]);
    let sums = reader.servers(0, i64::MAX).unwrap();
    assert_eq!(sums.len(), 1);
    assert_eq!(
        (sums[0].counters.dns_queries, sums[0].counters.unsolicited()),
        (6, 1)
    );
    assert_eq!(sums[0].latency.count, 0);
    assert_eq!(
        reader.totals(0, i64::MAX).unwrap().unwrap().totals.counters.bytes,
        2
    );
}

#[test]
fn a_step_that_fails_leaves_the_old_schema_whole() {
    let place = Place::new();
    let mut old = of_schema(&place, 1);
    // In the way of the second step's table.
    old.execute_batch("CREATE TABLE served (x)").unwrap();
    assert!(schema::migrate(&mut old, 2).is_err());
    let version: i64 = old
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap();
    assert_eq!(version, 1);
    let added = "SELECT count(*) FROM pragma_table_info('minutes') WHERE name LIKE 'latency%'";
    let added: i64 = old.query_row(added, [], |row| row.get(0)).unwrap();
    assert_eq!(added, 0, "the first half of the step is undone");
}

#[test]
fn the_tables_have_exactly_the_columns_that_are_written() {
    let place = Place::new();
    let store = place.store();
    for (table, others, counts) in [
        (
            "minutes",
            &[
                "minute",
                "server",
                "latency_count",
                "latency_p50",
                "latency_p90",
                "latency_p99",
                "latency_max",
            ][..],
            columns::names::<Destination>(),
        ),
        ("totals", &["minute"], columns::names::<Totals>()),
    ] {
        let expected: BTreeSet<&str> = others.iter().copied().chain(counts).collect();
        let there = columns_of(&store.connection, table);
        assert_eq!(
            there.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            expected,
            "{table}"
        );
    }
}

fn columns_of(connection: &Connection, table: &str) -> Vec<String> {
    let mut names = connection
        .prepare("SELECT name FROM pragma_table_info(?1)")
        .unwrap();
    let names = names.query_map([table], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

#[test]
fn a_counter_that_is_younger_than_the_file_is_0_in_it_and_gets_its_column_when_it_is_written() {
    let place = Place::new();
    let mut store = place.store();
    let passed = minute(0, Some("203.0.113.2"), 5, 2);
    store.write(&mail([], [passed.clone()])).unwrap();
    // As a netmon left it that did not know these counters.
    store
        .connection
        .execute_batch(
            "ALTER TABLE minutes DROP COLUMN unsolicited; ALTER TABLE totals DROP COLUMN traces_overwritten",
        )
        .unwrap();
    drop(store);
    let read = || Reader::open(&place.file).unwrap();
    assert_eq!(
        read().servers(0, i64::MAX).unwrap()[0].counters,
        passed.servers[0].counters
    );
    assert_eq!(read().totals(0, i64::MAX).unwrap().unwrap().totals, passed.totals);
    let (mut later, mut store) = (passed.clone(), place.store());
    later.servers[0].counters.unsolicited[0][0] = 3;
    later.totals.counters.traces_overwritten = 4;
    store.write(&mail([], [later])).unwrap();
    drop(store);
    let sum = &read().servers(0, i64::MAX).unwrap()[0].counters;
    assert_eq!((sum.dns_queries, sum.unsolicited()), (10, 3));
    let totals = read().totals(0, i64::MAX).unwrap().unwrap().totals;
    assert_eq!(
        (totals.counters.frames, totals.counters.traces_overwritten),
        (14, 4)
    );
}

#[test]
fn a_newer_schema_and_another_programs_database_are_left_alone() {
    type Make = fn(&Connection);
    let newer = format!("it has schema 99, of a newer netmon; this one knows schemas up to {VERSION}");
    let cases: [(&str, Make, &str); 3] = [
        (
            "newer",
            |connection| connection.pragma_update(None, "user_version", 99).unwrap(),
            &newer,
        ),
        (
            "of another program",
            |connection| connection.pragma_update(None, "application_id", 42).unwrap(),
            "it is a database of another program",
        ),
        (
            "without a mark",
            |connection| connection.pragma_update(None, "application_id", 0).unwrap(),
            "it is a database of another program",
        ),
    ];
    for (case, make, words) in cases {
        let place = Place::new();
        let connection = of_schema(&place, VERSION);
        make(&connection);
        drop(connection);
        let before = std::fs::read(&place.file).unwrap();
        let error = Store::open(&place.file).unwrap_err();
        assert_eq!(error.to_string(), words, "{case}");
        assert_eq!(error.trouble(), Trouble::NotOurs, "{case}");
        let error = Reader::open(&place.file).unwrap_err().to_string();
        assert!(error.contains(words), "{case}: {error}");
        assert_eq!(
            std::fs::read(&place.file).unwrap(),
            before,
            "{case}: it is as it was"
        );
    }
}

#[test]
fn an_older_schema_is_not_read_but_said() {
    let place = Place::new();
    drop(of_schema(&place, 1));
    let error = Reader::open(&place.file).unwrap_err().to_string();
    assert!(error.contains("of an older netmon"), "{error}");
    assert!(
        error.contains("start `netmon run --history` with it once"),
        "{error}"
    );
    assert!(Store::open(&place.file).is_ok());
}

#[test]
fn an_empty_file_becomes_a_history() {
    let place = Place::new();
    std::fs::create_dir_all(place.file.parent().unwrap()).unwrap();
    std::fs::write(&place.file, "").unwrap();
    let error = Reader::open(&place.file).unwrap_err().to_string();
    assert!(error.contains("nothing is in it yet"), "{error}");
    drop(place.store());
    assert!(Reader::open(&place.file).is_ok());
}

#[test]
fn the_words_of_an_unknown_kind_or_cause_are_not_guessed() {
    let text = serde_json::to_string(&incident("203.0.113.2", 0, None)).unwrap();
    for (known, unknown) in [
        ("\"unreachable\"", "\"asleep\""),
        ("\"service-down\"", "\"gremlins\""),
        ("\"udp\"", "\"quic\""),
    ] {
        let error = serde_json::from_str::<Incident>(&text.replacen(known, unknown, 1)).unwrap_err();
        assert!(error.to_string().contains(unknown.trim_matches('"')), "{error}");
    }
}
