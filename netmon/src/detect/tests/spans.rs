//! What an incident counts is what came between its beginning and its recovery, whatever came before and after: traffic by chance,
//! counted in another way.

use std::collections::HashSet;

use netmon_common::Rcode::NoError;

use super::scenario::{A, B, C, Error, Scenario, at};
use crate::model::Incident;
use crate::time::Time;

/// A generator of numbers: the same ones each time.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % end
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Fate {
    Answered,
    Failed,
    Silent,
}

/// A query: who sent it, each time, and what came when, in milliseconds.
struct Query {
    client: &'static str,
    sent: Vec<u64>,
    came: u64,
    fate: Fate,
}

impl Query {
    fn by_chance(chance: &mut Chance, start: u64, outage: (u64, u64)) -> Self {
        let mut sent = vec![start];
        if chance.below(4) == 0 {
            for _ in 0..=chance.below(2) {
                sent.push(sent[sent.len() - 1] + 300 + chance.below(900));
            }
        }
        let last = sent[sent.len() - 1];
        let is_out = (outage.0..outage.1).contains(&last);
        let fate = match (is_out, chance.below(10)) {
            (true, 0 | 1) | (false, 1..) => Fate::Answered,
            (true, 2..=5) => Fate::Failed,
            _ => Fate::Silent,
        };
        if fate == Fate::Failed {
            sent.truncate(1);
        }
        Self {
            client: [A, B, C][usize::try_from(chance.below(3)).unwrap()],
            came: sent[sent.len() - 1] + 1 + chance.below(2_500),
            sent,
            fate,
        }
    }
}

fn seconds(millis: u64) -> f64 {
    f64::from(u32::try_from(millis).unwrap()) / 1_000.0
}

/// What happens, in order: a query by its number, and which of its transmissions or what came.
fn play(queries: &[Query]) -> Scenario {
    let mut events = Vec::new();
    for (number, query) in queries.iter().enumerate() {
        events.extend(query.sent.iter().map(|sent| (*sent, number, true)));
        if query.fate != Fate::Silent {
            events.push((query.came, number, false));
        }
    }
    events.sort_unstable();
    let mut scenario = Scenario::new();
    for (time, number, is_sent) in events {
        let (query, time) = (&queries[number], seconds(time));
        let name = format!("{number}.test");
        match query.fate {
            _ if is_sent => {
                scenario.query(time, query.client, &name);
            }
            Fate::Answered => {
                let sent: Vec<f64> = query.sent.iter().rev().map(|sent| seconds(*sent)).collect();
                scenario.respond_to(time, query.client, &name, &sent, NoError);
            }
            Fate::Failed => {
                let error = Error {
                    client: query.client,
                    sent: seconds(query.sent[0]),
                    ..Error::default()
                };
                scenario.error(time, &error);
            }
            Fate::Silent => {}
        }
    }
    scenario
}

/// Queries and answers from the beginning of the incident to its recovery, that answer and its query left out.
fn counted(queries: &[Query], incident: &Incident) -> (u64, u64) {
    let wall = |wall: crate::model::Wall| Time::from_nanos(u64::try_from(wall.0.as_nanosecond()).unwrap());
    let began = wall(incident.began);
    let recovered = incident.recovered.map(wall);
    let inside = |time: u64| {
        let time = at(seconds(time));
        time >= began && recovered.is_none_or(|recovered| time < recovered)
    };
    let (mut asked, mut answered) = (0, 0);
    for query in queries {
        let count = query.sent.iter().filter(|sent| inside(**sent)).count() as u64;
        let ends = query.fate == Fate::Answered && Some(at(seconds(query.came))) == recovered;
        asked += count - u64::from(ends && count > 0);
        if query.fate == Fate::Answered && inside(query.came) {
            answered += count;
        }
    }
    (asked, answered)
}

#[test]
fn an_incident_counts_what_came_between_its_beginning_and_its_recovery() {
    let mut recovered = 0;
    for seed in 0..400 {
        let mut chance = Chance(seed);
        let mut queries = Vec::new();
        // Each answer has a moment of its own, so that what came first is no question.
        let mut moments = HashSet::new();
        let mut time = 1_000;
        while time < 14_000 {
            time += 1 + chance.below(350);
            let mut query = Query::by_chance(&mut chance, time, (4_000, 9_000));
            while !moments.insert(query.came) {
                query.came += 1;
            }
            queries.push(query);
        }
        let scenario = play(&queries);
        let open = scenario.decider.open_incidents();
        let Some(incident) = open.first() else { continue };
        recovered += u32::from(incident.recovered.is_some());
        assert_eq!(
            (incident.queries, incident.answers),
            counted(&queries, incident),
            "seed {seed}: from {} to {:?}",
            incident.began.0,
            incident.recovered.map(|recovered| recovered.0)
        );
    }
    assert!(recovered > 100, "{recovered}");
}
