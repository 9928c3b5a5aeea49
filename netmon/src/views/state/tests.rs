//! What becomes of servers that lose their places.

use std::collections::BTreeMap;

use super::*;
use crate::model::Kind;
use crate::observation::Name;
use crate::time::{Time, WallOffset};
use crate::views::limits::SEEN;
use crate::views::{Changed, Seen, Sightings};

const HERE: Address = Address::v4([192, 0, 2, 1]);
const LEAVES: Address = Address::v4([192, 0, 2, 2]);

fn at(second: u64) -> Moment {
    Moment {
        time: Time::at_second(second),
        offset: WallOffset::NONE,
    }
}

/// A reading of so many queries to each of these.
fn reading(second: u64, queries: &[(Address, u64)], is_all: bool) -> Reading {
    let changed = queries.iter().map(|&(address, dns_queries)| Changed {
        address,
        counters: Destination {
            dns_queries,
            ..Destination::ZERO
        },
        not_served: 0,
    });
    Reading {
        at: at(second),
        is_first: false,
        totals: Totals::default(),
        changed: changed.collect(),
        is_all,
        latencies: None,
        seen: Sightings::default(),
        resolvers: Vec::new(),
        tables: Vec::new(),
        outlets: BTreeMap::new(),
    }
}

fn servers(state: &State) -> Vec<Address> {
    state
        .servers(&Query {
            sort: By::Server,
            ..Query::default()
        })
        .servers
        .iter()
        .map(|one| one.address)
        .collect()
}

#[test]
fn servers_that_lose_their_places_are_forgotten() {
    let mut state = State::new(About::default(), at(0));
    state.reading(reading(1, &[(HERE, 5), (LEAVES, 5)], true));
    assert_eq!(servers(&state), [HERE, LEAVES]);
    state.gone(&[LEAVES]);
    assert_eq!(servers(&state), [HERE]);
    assert!(state.server(LEAVES).is_none());
    // Where it was missed who is gone, a reading of all says who is there.
    state.reading(reading(2, &[(LEAVES, 6)], false));
    assert_eq!(servers(&state), [HERE, LEAVES]);
    state.reading(reading(3, &[(HERE, 6)], true));
    assert_eq!(servers(&state), [HERE]);
}

#[test]
fn a_server_that_came_again_has_been_asked_all_that_it_counts_since() {
    let mut state = State::new(About::default(), at(0));
    state.reading(reading(101, &[(HERE, 100)], false));
    state.reading(reading(103, &[(HERE, 7)], false));
    let page = state.server(HERE).unwrap();
    assert_eq!(page.server.queries, 7);
    let mut recent = page.server.recent.queries;
    recent.reverse();
    assert_eq!(recent.get(..3), Some([7, 100, 0].as_slice()));
}

#[test]
fn who_is_seen_asking_a_healthy_server_is_shown_and_found() {
    let client = Address::v4([192, 0, 2, 77]);
    let mut state = State::new(About::default(), at(0));
    let mut reading = reading(1, &[(HERE, 5), (LEAVES, 5)], true);
    for number in 0..20 {
        let name = format!("name{number:02}.test");
        reading.seen.note(HERE, Seen::Name(Name::new(&name)));
    }
    reading.seen.note(HERE, Seen::Client(client));
    reading.seen.note(HERE, Seen::Process("dig (pid 812)".into()));
    state.reading(reading);
    let page = state.server(HERE).unwrap();
    assert_eq!(
        (page.clients, page.processes),
        (vec![client], vec!["dig (pid 812)".to_owned()])
    );
    assert_eq!(page.names.len(), SEEN, "the latest: {:?}", page.names);
    assert_eq!(page.names.first().map(String::as_str), Some("name19.test"));
    for filter in ["client:192.0.2.7", "name:name19"] {
        let query = Query {
            filter: filter.to_owned(),
            ..Query::default()
        };
        let found = state.servers(&query).servers;
        assert_eq!(
            found.iter().map(|one| one.address).collect::<Vec<_>>(),
            [HERE],
            "{filter}"
        );
    }
}

#[test]
fn the_bar_of_a_servers_incidents_spans_the_oldest_and_shows_the_worst_of_each_step() {
    const NOW: i64 = 1_000_000_020;
    let wall = |second| Wall(Timestamp::from_second(second).unwrap());
    let incident = |began, closed: Option<i64>, severity| Incident {
        closed: closed.map(wall),
        severity,
        ..Incident::opened("one", HERE, Kind::Unreachable, wall(began))
    };
    let bar = |incidents: &[Incident]| {
        let bar = outages::outages(incidents, Timestamp::from_second(NOW).unwrap());
        let marks = bar.states.iter().map(|state| match state {
            Health::Down => '!',
            Health::Degraded => '~',
            _ => '.',
        });
        (bar.step_s, marks.collect::<String>())
    };
    let quiet = ".".repeat(60);
    assert_eq!(bar(&[]), (60, quiet.clone()));
    let open = incident(NOW - 130, None, Severity::Down);
    assert_eq!(
        bar(std::slice::from_ref(&open)),
        (60, format!("{}!!!!", &quiet[4..]))
    );
    let earlier = incident(NOW - 3_600, Some(NOW - 3_500), Severity::Degraded);
    assert_eq!(bar(&[open, earlier]).0, 360, "an hour has no room for it");
    let of_last_year = incident(NOW - 40_000_000, Some(NOW - 30_000_000), Severity::Down);
    assert_eq!(bar(&[of_last_year]), (43_200, quiet));
}
