//! An hour of healthy traffic: lost packets, retries, late answers, broken names. Nothing may open; and where one
//! server dies within the hour, nothing else.

use crate::model::{Kind, Severity};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::net::Ipv4Addr;

use netmon_common::{Address, Rcode, Transport};

use crate::detect::{Change, Decider, Scope, Thresholds};
use crate::model::Happened;
use crate::observation::{Answered, Asked, Counts, Details, Name, Observation, Seconds, Service, Side, What};
use crate::time::{SECOND_NS, Time};

/// A small generator (`SplitMix64`, Steele, Lea and Flood 2014), so that the hour is the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// What happens, in the order of time; the number keeps ties in the order in which they were planned.
type Plan = BinaryHeap<Reverse<(u64, u64, Event)>>;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// A query: client, server, name, how often it was sent before.
    Ask(u32, u32, u64, u32),
    /// An answer: client, server, name, when its query was sent, whether it is SERVFAIL.
    Answer(u32, u32, u64, u64, bool),
}

const HOUR: u64 = 3_600 * SECOND_NS;
const MS: u64 = 1_000_000;
const CLIENTS: u32 = 20;
const SERVERS: u32 = 4;
/// Names that no resolver can resolve.
const BROKEN: u64 = 2;

struct Hour {
    random: Random,
    plan: Plan,
    planned: u64,
    decider: Decider,
    seconds: HashMap<(u32, u64), Counts>,
    queries: u64,
    /// The server that is silent from some time on.
    dies: Option<(u32, u64)>,
}

impl Hour {
    fn at(&mut self, time: u64, event: Event) {
        self.planned += 1;
        self.plan.push(Reverse((time, self.planned, event)));
    }

    /// A client asks, and asks again when there was no answer: the next server after 5 s, twice.
    fn ask(&mut self, time: u64, client: u32, server: u32, name: u64, sent_before: u32) {
        self.queries += 1;
        let query = What::Asked(Asked {
            client: client_address(client),
            name: Some(Name::new(&format!("{name}.test"))),
            recursion_desired: true,
            is_syn: false,
            details: Details::default(),
        });
        self.see(time, server, query);
        self.count(time, server, time, |counts| counts.asked += 1);
        let dead = self
            .dies
            .is_some_and(|(dead, from)| server == dead && time >= from);
        let lost = self.random.percent(2) || self.random.percent(2) || dead;
        let broken = name < BROKEN;
        let late = broken || self.random.percent(3);
        let delay = if late {
            // A resolver that has to ask far away, or does not come to an end.
            2_000 * MS + self.random.below(6_000) * MS
        } else {
            MS + self.random.below(80) * MS
        };
        if !lost {
            self.at(time + delay, Event::Answer(client, server, name, time, broken));
        }
        if (lost || delay > 5_000 * MS) && sent_before < 2 {
            let next = (server + 1) % SERVERS;
            self.at(time + 5_000 * MS, Event::Ask(client, next, name, sent_before + 1));
        }
    }

    fn count(&mut self, time: u64, server: u32, sent: u64, change: impl Fn(&mut Counts)) {
        let second = sent / SECOND_NS;
        let counts = self.seconds.entry((server, second)).or_default();
        change(counts);
        let counts = *counts;
        let seconds = Seconds {
            second,
            iterative: false,
            counts,
        };
        self.see(time, server, What::Seconds(seconds));
    }

    fn see(&mut self, time: u64, server: u32, what: What) {
        let time = Time::from_nanos(time);
        self.decider.advance(time, &|_| true);
        self.decider.observe(&Observation {
            time,
            service: Service {
                server: Ipv4Addr::from_bits(0xcb00_7101 + server).into(),
                port: 53,
                transport: Transport::Udp,
                interface: 0,
            },
            what,
        });
    }
}

fn client_address(client: u32) -> Address {
    Ipv4Addr::from_bits(0xc000_0201 + client).into()
}

/// The changes of an hour, and how many queries it had.
fn hour(seed: u64, dies: Option<(u32, u64)>) -> (Vec<Change>, u64) {
    let mut hour = Hour {
        random: Random(seed),
        plan: Plan::new(),
        planned: 0,
        decider: Decider::new(Thresholds::default(), Scope::default()),
        seconds: HashMap::new(),
        queries: 0,
        dies,
    };
    for client in 0..CLIENTS {
        // From one query in a minute or two to several a second.
        let pause = [200, 1_000, 5_000, 30_000, 100_000][client as usize % 5];
        let mut time = hour.random.below(pause) * MS;
        while time < HOUR {
            let server = if hour.random.percent(80) {
                client % 2
            } else {
                2 + client % 2
            };
            let name = hour.random.below(200);
            hour.at(time, Event::Ask(client, server, name, 0));
            time += MS + hour.random.below(2 * pause) * MS;
        }
    }
    while let Some(Reverse((time, _, event))) = hour.plan.pop() {
        match event {
            Event::Ask(client, server, name, before) => hour.ask(time, client, server, name, before),
            Event::Answer(client, server, name, sent, broken) => {
                let answer = What::Answered(Answered {
                    client: client_address(client),
                    side: Side::Only,
                    sent: Time::from_nanos(sent),
                    earlier: Vec::new(),
                    rcode: Some(if broken { Rcode::ServFail } else { Rcode::NoError }),
                    standard: true,
                    name: Some(Name::new(&format!("{name}.test"))),
                    recursion_desired: true,
                    details: Details::default(),
                });
                hour.count(time, server, sent, |counts| {
                    counts.answered += 1;
                    counts.faults.servfail += u32::from(broken);
                });
                hour.see(time, server, answer);
            }
        }
    }
    hour.decider
        .advance(Time::from_nanos(HOUR + 60 * SECOND_NS), &|_| true);
    (hour.decider.take_changes(), hour.queries)
}

#[test]
fn a_healthy_hour_opens_nothing() {
    for seed in 1..=5 {
        let (changes, queries) = hour(seed, None);
        assert!(queries > 50_000, "{queries} queries are an hour's work");
        assert!(changes.is_empty(), "seed {seed}: {changes:#?}");
    }
}

#[test]
fn of_a_healthy_hour_in_which_one_server_dies_only_that_one_is_told() {
    for seed in 1..=2 {
        let dies = 1_800 * SECOND_NS;
        let (changes, _) = hour(seed, Some((1, dies)));
        let [opened, rest @ ..] = changes.as_slice() else {
            panic!("seed {seed}: nothing opened");
        };
        assert_eq!(opened.kind, Happened::Opened);
        assert_eq!(opened.incident.kind, Kind::Unanswered);
        assert_eq!(opened.incident.server.to_string(), "203.0.113.2");
        assert_eq!(opened.incident.severity, Severity::Down);
        // Late answers to queries sent before may come for 8 s more; then its queries must be 5 s old.
        let after = opened.incident.opened.0.as_nanosecond() - i128::from(dies);
        assert!(
            after <= 14 * i128::from(SECOND_NS),
            "seed {seed}: opened {after} ns after it died"
        );
        assert!(
            rest.iter()
                .all(|c| c.kind == Happened::Updated && c.incident.id == opened.incident.id),
            "seed {seed}"
        );
    }
}
