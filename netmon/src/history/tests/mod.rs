//! The history in files of its own, without a monitor; netmon/tests/history has it with one.

mod aside;
mod cost;
mod keeper;
mod mail;
mod past;
mod reading;
mod rollup;
mod schema;
mod seconds;
mod store;
mod tidy;

use std::mem::offset_of;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use netmon_common::records::{Counters as _, Destination};
use netmon_common::{Address, Code, Outcome, Transport};
use tempfile::TempDir;

use super::Settings;
use super::rollup::{Minute, ServerMinute};
use super::store::Store;
use crate::model::{Incident, Latency, Memory, OwnClient, OwnService, Remembered, Totals};

/// 2026-11-24T13:00:00Z.
const START: i64 = 1_795_525_200;

/// A place for a history, gone with the test.
struct Place {
    _directory: TempDir,
    file: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("kept").join("history.db");
        std::fs::create_dir(directory.path().join("kept")).unwrap();
        Self {
            _directory: directory,
            file,
        }
    }

    fn settings(&self) -> Settings {
        Settings {
            file: self.file.clone(),
            keep: super::DEFAULT_KEEP,
            max_size: super::DEFAULT_MAX_SIZE,
        }
    }

    fn store(&self) -> Store {
        Store::open(&self.file).unwrap()
    }
}

fn moment(seconds: i64) -> Timestamp {
    Timestamp::from_second(START + seconds).unwrap()
}

/// An incident that opened then, seconds after the start.
fn incident(server: &str, opened: i64, closed: Option<i64>) -> Incident {
    let at = |seconds: i64| format!("{:.6}", moment(seconds));
    let closed = closed.map_or("null".to_owned(), |closed| format!("\"{}\"", at(closed)));
    let (state, because) = if closed == "null" {
        ("open", "null")
    } else {
        ("closed", "\"answered\"")
    };
    serde_json::from_str(&format!(
        r#"{{"id": "{opened}-unreachable-{server}-53-udp", "server": "{server}", "port": 53, "transport": "udp",
            "kind": "unreachable", "state": "{state}", "severity": "down", "began": "{began}", "opened": "{opened}",
            "last_seen": "{last_seen}", "closed": {closed}, "closed_because": {because}, "reopened": 0, "queries": 3,
            "answers": 0, "errors": {{"net": 0, "host": 0, "protocol": 0, "port": 3, "admin": 0, "other": 0}},
            "verified": 3, "reporters": ["{server}"], "clients": ["192.51.100.15"], "clients_more": 0,
            "names": ["yummyrecipesforme.com", "\\195\\164\".test"], "names_more": 0,
            "causes": [{{"cause": "service-down", "likelihood": "likely", "evidence": "3 of 3 errors"}}]}}"#,
        opened = at(opened),
        began = at(opened - 1),
        last_seen = at(opened + 30),
    ))
    .unwrap()
}

fn remembered(incident: Incident) -> Remembered {
    Remembered {
        incident,
        memory: Memory {
            errors: 3,
            hit_are_answered: true,
            ..Memory::default()
        },
    }
}

fn address(text: &str) -> Address {
    text.parse::<std::net::IpAddr>().unwrap().into()
}

/// A client of a server of this host's on UDP port 53.
fn own_client(server: &str, client: &str) -> OwnClient {
    let service = OwnService {
        server: address(server),
        port: 53,
        transport: Transport::Udp,
    };
    OwnClient {
        service,
        client: address(client),
    }
}

/// So many queries, and `port` errors about them.
fn counters(queries: u64, errors: u64) -> Destination {
    let mut counters = Destination {
        dns_queries: queries,
        ..Destination::ZERO
    };
    for place in [
        offset_of!(Destination, icmp_unreachable),
        offset_of!(Destination, dns_unreachable),
    ] {
        counters.add(place / size_of::<u64>() + Code::Port as usize, errors);
    }
    counters
}

/// A minute in which that server got so many queries, and `port` errors about them.
fn minute(start: i64, server: Option<&str>, queries: u64, errors: u64) -> Minute {
    let mut totals = Totals::default();
    totals.counters.frames = queries + errors;
    totals.counters.outcomes[Outcome::DnsQuery as usize] = queries;
    Minute {
        start: START + start,
        totals,
        servers: vec![ServerMinute {
            address: server.map(address),
            counters: counters(queries, errors),
            latency: Latency::default(),
        }],
    }
}

fn mail(
    incidents: impl IntoIterator<Item = Incident>,
    minutes: impl IntoIterator<Item = Minute>,
) -> super::mail::Mail {
    super::mail::Mail {
        incidents: incidents
            .into_iter()
            .map(|incident| (incident.id.clone(), remembered(incident)))
            .collect(),
        minutes: minutes.into_iter().collect(),
        ..super::mail::Mail::default()
    }
}

/// Looks again and again for up to a minute, and gives up then: the machine may be busy.
#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    for _ in 0..6_000 {
        if let Some(found) = look() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("no {what}");
}
