//! Frames as text: what is on the screen, calm and during an outage, and what keys do.

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use netmon_common::records::{self, Destination, Latency};
use netmon_common::{Address, Outcome, latency};

use super::app::{App, Data, Screen};
use super::screen::once;
use crate::model::view::{Replay, Summary};
use crate::model::{
    Cause, Diagnosis, Event, Happened, Incident, Kind, Likelihood, Moment, Names, ServerInfo, Started,
    Totals, Wall,
};
use crate::report::forms::{Style, form};
use crate::report::story::numbers::UTC;
use crate::time::{Time, WallOffset};
use crate::views::{About, By, Changed, Query, Reading, Sightings, State};

const SERVER: Address = Address::v4([203, 0, 113, 2]);
const OTHER: Address = Address::v4([198, 51, 100, 2]);

/// 13:24:32 on 19 March 2026, and so much later.
fn at(seconds: u64) -> Moment {
    Moment {
        time: Time::at_second(1_773_926_672).after(Duration::from_secs(seconds)),
        offset: WallOffset::NONE,
    }
}

/// Two servers over a minute, one of which stops to answer at the end.
fn state(is_outage: bool) -> State {
    let about = About {
        host: "ns1".to_owned(),
        pid: 1,
    };
    let mut state = State::new(about, at(0));
    state.event(at(0), &Event::Started(Started::default()));
    let info = ServerInfo {
        name: Some("ns2".to_owned()),
        owner: Some("Network team".to_owned()),
        note: None,
    };
    state.set_names(Names::from_iter([(OTHER, info)]));
    let mut times = Latency::ZERO;
    for micros in [300, 300, 700, 4_000] {
        times.counts[latency::bucket(micros)] += 1;
        times.max_us = micros;
    }
    for second in 1..=60 {
        let answers = if is_outage { second.min(50) } else { second };
        let mut one = Destination {
            dns_queries: second * 2,
            dns_responses: answers * 2,
            ..Destination::ZERO
        };
        one.rcodes[0][0] = answers * 2;
        one.dns_unreachable[0][3] = (second - answers) * 2;
        let two = Destination {
            dns_queries: second * 10,
            dns_responses: second * 10,
            ..Destination::ZERO
        };
        let mut counters = records::Totals::default();
        counters.outcomes[Outcome::DnsQuery as usize] = second * 12;
        counters.outcomes[Outcome::DnsResponse as usize] = second * 10 + answers * 2;
        counters.dns_unreachable = (second - answers) * 2;
        let changed = [(SERVER, one), (OTHER, two)].map(|(address, counters)| Changed {
            address,
            counters,
            not_served: 0,
        });
        state.reading(Reading {
            at: at(second),
            is_first: second == 1,
            totals: Totals {
                counters,
                not_served: 0,
            },
            changed: changed.into(),
            is_all: false,
            latencies: Some([(OTHER, times)].into()),
            seen: Sightings::default(),
            resolvers: Vec::new(),
            tables: Vec::new(),
            outlets: [("stdout", 0)].into(),
        });
    }
    if is_outage {
        state.event(at(60), &Event::Incident(Happened::Opened, Arc::new(incident())));
    }
    state
}

fn incident() -> Incident {
    let mut incident = Incident::opened("one", SERVER, Kind::Unreachable, Wall(at(50).wall()));
    incident.queries = 20;
    incident.errors.port = 20;
    incident.verified = 20;
    incident.last_seen = Wall(at(60).wall());
    incident.clients = vec![Address::v4([192, 51, 100, 15])];
    incident.names = vec![
        "yummyrecipesforme.com".to_owned(),
        "\u{1b}[31mred.test".to_owned(),
    ];
    incident.causes = vec![Diagnosis {
        cause: Cause::ServiceDown,
        likelihood: Likelihood::Likely,
        evidence: "20 of 20 errors say \"port unreachable\"".to_owned(),
    }];
    incident
}

/// The app, and the state that answers it.
struct Scene {
    app: App,
    state: State,
}

impl Scene {
    fn new(is_outage: bool) -> Self {
        let mut scene = Self {
            app: App::new(UTC.clone(), false, None),
            state: state(is_outage),
        };
        scene.ask();
        scene
    }

    fn ask(&mut self) {
        let data = self.data();
        self.app.take(Ok(data), self.app.ordered);
    }

    fn data(&self) -> Data {
        let query = Query {
            sort: self.app.sort,
            reverse: self.app.reverse,
            filter: self.app.filter.clone(),
            ..Query::default()
        };
        let (mut server, mut incident) = (None, None);
        match self.app.screen() {
            Screen::Server(address) => server = self.state.server(*address).map(Box::new),
            Screen::Incident(id) => {
                let style = Style {
                    colour: false,
                    width: self.app.width.into(),
                };
                let report = self.state.report(id, form("text").unwrap(), style, &UTC).unwrap();
                incident = self.state.incident_page(id, report).map(Box::new);
            }
            _ => {}
        }
        Data {
            summary: self.state.summary(),
            servers: self.state.servers(&query),
            server,
            incident,
        }
    }

    fn press(&mut self, keys: &[KeyCode]) {
        for key in keys {
            self.app.key(KeyEvent::new(*key, KeyModifiers::NONE));
            self.ask();
        }
    }

    fn frame(&mut self, width: u16, height: u16) -> String {
        let mut text = Vec::new();
        once(&mut self.app, (width, height), &mut text).unwrap();
        String::from_utf8(text).unwrap()
    }
}

#[test]
fn the_overview_while_all_is_well() {
    insta::assert_snapshot!(Scene::new(false).frame(100, 16));
}

#[test]
fn the_overview_during_an_outage() {
    insta::assert_snapshot!(Scene::new(true).frame(80, 24));
}

#[test]
fn the_overview_on_the_smallest_and_on_a_very_wide_terminal() {
    let mut scene = Scene::new(true);
    insta::assert_snapshot!(scene.frame(60, 15));
    let wide = scene.frame(300, 60);
    assert!(wide.contains("Network team"), "{wide}");
    assert_eq!(wide.lines().count(), 60);
    assert!(scene.frame(59, 15).contains("needs 60 columns"));
}

#[test]
fn the_page_of_a_server() {
    let mut scene = Scene::new(true);
    scene.press(&[KeyCode::Enter]);
    assert_eq!(*scene.app.screen(), Screen::Server(SERVER));
    insta::assert_snapshot!(scene.frame(100, 40));
    scene.press(&[KeyCode::Esc, KeyCode::Down, KeyCode::Enter]);
    let other = scene.frame(100, 40);
    assert!(other.contains("198.51.100.2 (ns2): well"), "{other}");
    assert!(other.contains("median 295 µs"), "{other}");
}

#[test]
fn the_page_of_an_incident_has_its_report() {
    let mut scene = Scene::new(true);
    scene.press(&[KeyCode::Tab, KeyCode::Enter]);
    let frame = scene.frame(80, 30);
    assert!(frame.contains("203.0.113.2 udp port 53\n"), "{frame}");
    assert!(frame.contains("DOWN"), "{frame}");
    assert!(frame.contains("1 incident: down, still open"), "{frame}");
    scene.press(&[KeyCode::PageDown]);
    assert_ne!(scene.frame(80, 30), frame);
    scene.press(&[KeyCode::Home]);
    assert_eq!(scene.frame(80, 30), frame);
}

#[test]
fn keys_sort_filter_freeze_and_choose_columns() {
    let mut scene = Scene::new(true);
    let first = |frame: &str| {
        let row = frame.lines().skip_while(|line| !line.contains("SERVER")).nth(1);
        row.unwrap().split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(first(&scene.frame(80, 24)), "203.0.113.2", "who is down is first");
    scene.press(&[KeyCode::Char('s')]);
    assert_eq!(scene.app.sort, By::Server);
    assert_eq!(first(&scene.frame(80, 24)), "198.51.100.2");
    scene.press(&[KeyCode::Char('r')]);
    assert_eq!(first(&scene.frame(80, 24)), "203.0.113.2");
    let typed: Vec<KeyCode> = "/name:ns2".chars().map(KeyCode::Char).collect();
    scene.press(&typed);
    assert!(scene.frame(80, 24).contains("filter: name:ns2_"));
    scene.press(&[KeyCode::Enter]);
    let frame = scene.frame(80, 24);
    assert!(
        frame.contains("Servers (1 of 2), by server, reversed, filter: name:ns2"),
        "{frame}"
    );
    assert_eq!(first(&frame), "198.51.100.2");
    scene.press(&[
        KeyCode::Char('c'),
        KeyCode::Down,
        KeyCode::Char(' '),
        KeyCode::Esc,
    ]);
    assert!(!scene.frame(80, 24).contains("STATE"));
    scene.press(&[KeyCode::Char('?')]);
    assert!(scene.frame(80, 24).contains("freeze, and go on"));
    scene.press(&[KeyCode::Esc, KeyCode::Char(' ')]);
    scene
        .state
        .event(at(61), &Event::Incident(Happened::Closed, Arc::new(incident())));
    scene.ask();
    let frozen = scene.frame(80, 24);
    assert!(
        frozen.contains("FROZEN at") && frozen.contains("DOWN"),
        "{frozen}"
    );
    scene.press(&[KeyCode::Char(' ')]);
    assert!(scene.frame(80, 24).contains("All is well"));
    scene.press(&[KeyCode::Char('q')]);
    assert!(scene.app.is_over());
}

#[test]
fn esc_and_a_key_right_after_it_are_two_keys() {
    let mut scene = Scene::new(true);
    scene.press(&[KeyCode::Char('?')]);
    scene
        .app
        .key(KeyEvent::new(KeyCode::Char('q'), KeyModifiers::ALT));
    assert!(scene.app.is_over());
}

#[test]
fn the_mouse_sorts_and_opens() {
    let mut scene = Scene::new(true);
    let click = |scene: &mut Scene, words: &str| {
        let frame = scene.frame(100, 24);
        let (row, line) = frame
            .lines()
            .enumerate()
            .find(|(_, line)| line.contains(words))
            .unwrap();
        let column = line.split(words).next().unwrap().chars().count();
        scene.app.mouse(MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: u16::try_from(column).unwrap(),
            row: u16::try_from(row).unwrap(),
            modifiers: KeyModifiers::NONE,
        });
        scene.ask();
    };
    click(&mut scene, "QUERIES/S");
    assert_eq!(scene.app.sort, By::Queries);
    click(&mut scene, "203.0.113.2         down");
    click(&mut scene, "203.0.113.2         down");
    assert_eq!(*scene.app.screen(), Screen::Server(SERVER));
    scene.press(&[KeyCode::Esc]);
    click(&mut scene, "DOWN     203.0.113.2");
    assert_eq!(*scene.app.screen(), Screen::Incident("one".to_owned()));
}

#[test]
fn what_came_from_packets_moves_no_cursor_and_a_daemon_that_is_gone_is_said() {
    let mut scene = Scene::new(true);
    let frame = scene.frame(120, 24);
    assert!(
        !frame.contains('\u{1b}') && frame.contains("[31mred.test"),
        "{frame}"
    );
    scene
        .app
        .take(Err("no netmon answers at /run/netmon/netmon.sock".to_owned()), 0);
    let frame = scene.frame(120, 24);
    assert!(frame.contains("no netmon answers at"), "{frame}");
    assert!(frame.contains("203.0.113.2"), "what was known stays: {frame}");
}

#[test]
fn what_was_asked_for_before_a_key_takes_nothing_back() {
    let mut scene = Scene::new(false);
    let replayed = |scene: &Scene, paused: bool| Data {
        summary: Summary {
            replay: Some(Replay {
                file: "textbook.pcap".to_owned(),
                from: Wall(at(0).wall()),
                to: Wall(at(60).wall()),
                speed: 10.0,
                paused,
                over: false,
            }),
            ..scene.state.summary()
        },
        ..scene.data()
    };
    let is_paused = |scene: &mut Scene| scene.frame(120, 24).contains("10 times as fast, paused");
    let runs = replayed(&scene, false);
    scene.app.take(Ok(runs.clone()), 0);
    scene.app.key(KeyEvent::from(KeyCode::Char('p')));
    assert!(is_paused(&mut scene), "at once");
    scene.app.take(Ok(runs.clone()), 0);
    assert!(is_paused(&mut scene), "it was asked for before");
    let waits = replayed(&scene, true);
    scene.app.take(Ok(waits), 1);
    assert!(is_paused(&mut scene), "what came of it");
    scene.app.take(Ok(runs), 1);
    assert!(!is_paused(&mut scene), "somebody else has it run again");
}
