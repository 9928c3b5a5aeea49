//! The history of an earlier netmon is taken over: all of it is read, nothing of it is lost, and it goes on.

use netmon_testkit::lab::{DnsServer, Netmon, SERVER_V4, TwoHosts, two_hosts};
use rusqlite::Connection;
use serde_json::Value;

use crate::place::Place;
use crate::support::{PATIENCE, ask_answered, watch};

/// What the netmon of commit 035f192 left when it was killed, written by `sqlite3 FILE .dump`: one incident that is closed, and one
/// of 203.0.113.2 that is open.
const OF_035F192: &str = include_str!("of_035f192.sql");

/// What that netmon knew of a server's minute, and of a minute.
const MINUTES: &str = "SELECT minute, server, queries, answers, tcp_queries, tcp_answers, tcp_connects, tcp_resets, noerror, servfail,
    nxdomain, refused, rcode_other, icmp_net, icmp_host, icmp_protocol, icmp_port, icmp_admin, icmp_other, dns_net, dns_host,
    dns_protocol, dns_port, dns_admin, dns_other, late, unsolicited, latency_count, latency_p50, latency_p90, latency_p99, latency_max
    FROM minutes WHERE minute <= ?1 ORDER BY minute, server";
const TOTALS: &str = "SELECT minute, frames, bytes, queries, answers, tcp_queries, tcp_answers, tcp_connects, tcp_resets,
    icmp_unreachable, dns_unreachable, unsolicited, late, not_served, fragments, malformed, truncated, not_ip, other, overflow,
    events_lost, traces_overwritten FROM totals WHERE minute <= ?1 ORDER BY minute";

/// The rows of minutes up to that one.
fn rows(place: &Place, query: &str, last: i64) -> Vec<Vec<rusqlite::types::Value>> {
    let connection = Connection::open(&place.file).unwrap();
    let mut statement = connection.prepare(query).unwrap();
    let columns = statement.column_count();
    let rows = statement.query_map([last], |row| (0..columns).map(|column| row.get(column)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}

/// The incidents as they were written.
fn incidents(history: &Connection) -> Vec<Value> {
    let mut found = history
        .prepare("SELECT incident FROM incidents ORDER BY opened, id")
        .unwrap();
    let found = found.query_map([], |row| row.get::<_, String>(0)).unwrap();
    found
        .map(|text| serde_json::from_str(&text.unwrap()).unwrap())
        .collect()
}

fn start(hosts: &TwoHosts, place: &Place) -> Netmon {
    // However old these minutes have become.
    let all = ["--history-keep", "876000h"];
    let arguments = [&place.watched("tc", "to-server")[..], &all].concat();
    watch(&hosts.client, &arguments)
}

/// What every netmon has said of an incident.
fn known_then(incident: &Value, then: &Value) -> Value {
    let fields = then.as_object().unwrap().keys();
    fields
        .map(|name| (name.clone(), incident[name].clone()))
        .collect()
}

/// The same without the sentences that each netmon writes by itself.
fn without_words(incident: &Value) -> Value {
    let mut incident = incident.clone();
    for cause in incident["causes"].as_array_mut().unwrap() {
        cause["evidence"] = Value::Null;
    }
    incident
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn the_history_of_an_earlier_netmon_is_taken_over_and_its_open_incident_goes_on() {
    let place = Place::new();
    let old = Connection::open(&place.file).unwrap();
    old.execute_batch(OF_035F192).unwrap();
    let then = incidents(&old);
    let last: i64 = old
        .query_row("SELECT max(minute) FROM totals", [], |row| row.get(0))
        .unwrap();
    drop(old);
    let (minutes, totals) = (rows(&place, MINUTES, last), rows(&place, TOTALS, last));
    assert!(minutes.len() > 2 && totals.len() > 2, "{minutes:?} {totals:?}");

    // Before any netmon writes to it, and after.
    let assert_read = |open: usize| {
        let now = place.incidents(&[]);
        assert_eq!(now.len(), then.len(), "{now:#?}");
        for (incident, then) in now.iter().zip(&then) {
            if then["state"] == "closed" {
                assert_eq!(known_then(incident, then), *then);
            }
            let id = incident["id"].as_str().unwrap();
            assert_eq!(id, then["id"]);
            let report = place.report(id, "text");
            assert!(report.contains(incident["server"].as_str().unwrap()), "{report}");
        }
        assert_eq!(place.incidents(&["--open"]).len(), open);
        assert_eq!(rows(&place, MINUTES, last), minutes);
        assert_eq!(rows(&place, TOTALS, last), totals);
    };
    assert_read(1);

    let hosts = two_hosts().unwrap();
    let _server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = start(&hosts, &place);
    let again = netmon.wait_event("incident_updated", PATIENCE).unwrap();
    let open = then.iter().find(|incident| incident["state"] == "open").unwrap();
    assert_eq!(
        without_words(&known_then(again.incident(), open)),
        without_words(open),
        "it goes on as it was kept"
    );
    ask_answered(&hosts.client, SERVER_V4, 1);
    let closed = netmon.wait_event("incident_closed", PATIENCE).unwrap();
    assert_eq!(closed.incident()["id"], open["id"]);
    assert_eq!(closed.incident()["closed_because"], "answered");
    netmon.stop().unwrap();
    for name in ["incident_opened", "warning"] {
        assert!(netmon.events_named(name).unwrap().is_empty(), "{name}");
    }
    assert_read(0);
    assert!(place.files_with(".corrupt-").is_empty());
}
