//! What the views of a monitor show, fed by a test.

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use netmon::clock;
use netmon::model::{Event, Happened, Incident, Kind, Moment, Started, Totals, Wall};
use netmon::outlets::Outlet as _;
use netmon::outlets::http::Hosts;
use netmon::report::story::numbers::UTC;
use netmon::views::{Changed, Controls, Options, Reading, Shown, Sightings, Token, Views};
use netmon_common::records::{self, Destination, Latency};
use netmon_common::{Address, Outcome, latency};
use netmon_testkit::lab::eventually;
use serde_json::Value;

use crate::support::http::{self, Answer};

/// The server that an incident is about.
pub const SERVER: Address = Address::v4([203, 0, 113, 2]);
/// A name that is meant to become markup.
pub const HOSTILE: &str = "<script>alert(1)</script>.test";

/// Views, and where they are served.
pub struct Served {
    pub views: Views,
    pub address: SocketAddr,
    queries: u64,
}

/// Now.
pub fn now() -> Moment {
    Moment {
        time: clock::boot_now(),
        offset: clock::wall_offset(),
    }
}

impl Served {
    /// On a loopback address.
    pub fn start(token: Option<&str>) -> Self {
        Self::with(token, None)
    }

    /// The same of a replay.
    pub fn with(token: Option<&str>, controls: Option<Controls>) -> Self {
        let mut shown = Shown::new(Options {
            token: token.map(|token| Arc::new(Token::new(token).unwrap())),
            history: None,
            clock: UTC.clone(),
            host: "ns1".to_owned(),
            hosts: Hosts::default(),
            controls,
        });
        let address = shown
            .at_address(([127, 0, 0, 1], 0).into(), Router::new())
            .unwrap();
        let mut views = shown.start().unwrap().unwrap();
        views.emit(now(), &Event::Started(Started::default()));
        Self {
            views,
            address,
            queries: 0,
        }
    }

    /// So many servers were asked, each once more than at the last reading.
    pub fn read(&mut self, servers: u32) {
        self.queries += 1;
        let queries = self.queries;
        let address = |number: u32| match number {
            0 => SERVER,
            number => Address::from(std::net::Ipv4Addr::from_bits(0x0a00_0000 + number)),
        };
        let changed = (0..servers).map(|number| Changed {
            address: address(number),
            counters: Destination {
                dns_queries: queries,
                dns_responses: queries.min(1),
                ..Destination::ZERO
            },
            not_served: 0,
        });
        let mut times = Latency::ZERO;
        for micros in [80, 300, 300, 4_000] {
            times.counts[latency::bucket(micros)] += 1;
        }
        times.max_us = 4_000;
        let mut counters = records::Totals::default();
        counters.outcomes[Outcome::DnsQuery as usize] = queries * u64::from(servers);
        self.views.read(Reading {
            at: now(),
            is_first: false,
            totals: Totals {
                counters,
                not_served: 0,
            },
            changed: changed.collect(),
            is_all: false,
            latencies: Some([(SERVER, times)].into()),
            seen: Sightings::default(),
            resolvers: Vec::new(),
            tables: Vec::new(),
            outlets: [("stdout", 0)].into(),
        });
    }

    /// The server is in trouble.
    pub fn incident(&mut self) -> Incident {
        let at = Wall(now().wall());
        let id = format!("{}-unreachable-{SERVER}-53-udp", now().offset.rfc3339(now().time));
        let mut incident = Incident::opened(id, SERVER, Kind::Unreachable, at);
        incident.queries = 3;
        incident.errors.port = 3;
        incident.verified = 3;
        incident.clients = vec![Address::v4([192, 51, 100, 15])];
        incident.names = vec![HOSTILE.to_owned()];
        let event = Event::Incident(Happened::Opened, Arc::new(incident.clone()));
        self.views.emit(now(), &event);
        incident
    }

    /// Gets a path, as a browser on this host does.
    pub fn get(&self, path: &str) -> Answer {
        self.get_with(path, "")
    }

    /// The same with another header.
    pub fn get_with(&self, path: &str, header: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{header}\r\n", self.address);
        http::exchange(&mut http::connect(self.address), request.as_bytes())
    }

    /// What a path answers.
    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        serde_json::from_str(&answer.body).unwrap()
    }

    /// What a path answers, once it is so.
    #[track_caller]
    pub fn json_until(&self, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        eventually("such answer", || self.json(path), is_so)
    }
}
