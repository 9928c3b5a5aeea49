//! A long life. People ask, packets are lost, strangers forge errors, monitors are restarted, and without end faults happen that
//! chance picks. Each is reported as what it is, nothing else is, what clients have logged is what was counted, and a netmon
//! that sees all of it from the first to the last moment holds no more at its end than at its beginning.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use fastrand::Rng;
use netmon_testkit::figures::{Figure, Figures, median};
use netmon_testkit::lab::{Asker, End, Event, Forger, Reply};
use netmon_testkit::resources::Resources;

use crate::company::clients::ask_as_people_do;
use crate::company::faults::Fault;
use crate::company::happening;
use crate::company::world::{LOGGED, Watcher, World, client};
use crate::flood::lies;
use crate::support::{ANSWER, destination};

/// How many clients keep a log.
const LOGS: u8 = 4;
/// How many forged errors come each second, and in a flood.
const FORGED: u32 = 500;
const FLOOD: u32 = 20_000;
/// How many services faults happen to, in turn: each is well for more than a minute in between, so that the next fault is an incident
/// of its own, and all are known to netmon soon.
const SERVICES: u8 = 24;
/// How many points a plot has.
const POINTS: u32 = 240;
/// How many times what it held in the second quarter of its life a netmon may hold in the last one. It remembers ten minutes of each
/// service: in a short life these fill meanwhile.
fn growth() -> f64 {
    if crate::duration() < Duration::from_mins(40) {
        1.1
    } else {
        1.05
    }
}

/// What a client has logged.
#[derive(Default)]
struct Log {
    sent: u64,
    answered: u64,
}

/// What a netmon held, and after how many minutes.
type Sample = (f64, Resources);

/// What happened in a life.
#[derive(Default)]
struct Life {
    minutes: f64,
    faults: usize,
    troubles: usize,
    reloads: usize,
    forged: u64,
    log: Log,
    samples: Vec<Sample>,
}

#[test]
#[ignore = "needs root: network namespaces, TC and nftables; as long as the soak, and at least half a minute"]
fn whatever_happens_in_a_long_life_is_reported_as_it_is_and_nothing_grows() {
    let world = World::new();
    let _resolvers = world.resolvers();
    let _losses = world.losses();
    let mut steady = world.steady();
    let life = live(&world, &steady);
    let stopped = steady.finish(life.faults);
    // One that is reported again within a minute would be the same one.
    let opened = steady.netmon().events_named("incident_opened").unwrap();
    assert_eq!(opened.len(), life.faults, "{opened:#?}");
    let counted = destination(&stopped, LOGGED);
    assert_eq!(counted["dns_queries"], life.log.sent, "{counted:#}");
    assert_eq!(counted["dns_responses"], life.log.answered, "{counted:#}");
    assert!(life.log.answered > 0);
    tell(&life, &stopped);
}

/// Lets life go on as long as the soak lasts.
fn live(world: &World, steady: &Watcher<'_>) -> Life {
    let began = Instant::now();
    let is_over = AtomicBool::new(false);
    let mut life = Life::default();
    scope(|scope| {
        let end = End(&is_over);
        let mut watchers = world.watchers();
        let people = ask_as_people_do(world, scope, &is_over);
        let logs: Vec<_> = (0..LOGS)
            .map(client)
            .map(|from| {
                scope.spawn({
                    let is_over = &is_over;
                    move || keep_log(world, from, is_over)
                })
            })
            .collect();
        let samples = scope.spawn(|| sample(steady, began, &is_over));
        let forged = scope.spawn(|| forge(world, &is_over));
        let mut chance = Rng::with_seed(1);
        let mut first = 0;
        while life.faults == 0 || began.elapsed() < crate::duration() {
            let mut faults = Fault::by_chance(&mut chance, first);
            faults.truncate(if crate::is_slice() { 2 } else { usize::MAX });
            let next = first + u8::try_from(faults.len()).unwrap();
            first = next % SERVICES;
            happening::happen(world, &watchers, &faults);
            life.faults += faults.len();
            println!(
                "{:.1} min: {} faults were reported as they were",
                minutes(began),
                life.faults
            );
            // Who is killed may lose what it told within the last second (docs/history.md).
            sleep(Duration::from_secs(1));
            let count = watchers.len();
            watchers[life.troubles % count].trouble(life.troubles / count);
            life.troubles += 1;
            if life.troubles.is_multiple_of(4) {
                steady.reload(life.troubles);
                life.reloads += 1;
            }
            sleep(Duration::from_millis(if crate::is_slice() {
                0
            } else {
                chance.u64(..10_000)
            }));
        }
        life.minutes = minutes(began);
        drop(end);
        for log in logs {
            let Log { sent, answered } = log.join().unwrap();
            life.log.sent += sent;
            life.log.answered += answered;
        }
        for person in people {
            person.join().unwrap();
        }
        life.forged = forged.join().unwrap();
        life.samples = samples.join().unwrap();
        for watcher in &mut watchers {
            watcher.finish(0);
        }
    });
    life
}

fn minutes(began: Instant) -> f64 {
    began.elapsed().as_secs_f64() / 60.0
}

/// A client that asks one query after the other, and logs what it sent and what came back.
fn keep_log(world: &World, from: IpAddr, is_over: &AtomicBool) -> Log {
    let asker = Asker::of(&world.hosts.client, from, LOGGED).unwrap();
    let mut log = Log::default();
    for id in (0..=u16::MAX).cycle() {
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        // A lost packet is given up late: what comes meanwhile is its answer, if anything.
        let reply = asker
            .ask(id, &format!("logged{id}.site{}.test", id % 30), ANSWER / 10)
            .unwrap();
        log.sent += 1;
        log.answered += u64::from(matches!(reply, Reply::Answered(_)));
        sleep(Duration::from_millis(20));
    }
    log
}

/// Sends forged errors all the time, and a flood of them now and then.
fn forge(world: &World, is_over: &AtomicBool) -> u64 {
    let forger = Forger::new(&world.hosts.server).unwrap();
    let lies = lies();
    let mut sent = 0;
    while !is_over.load(Ordering::Relaxed) {
        for (rate, seconds) in [(FORGED, 4), (FLOOD, 1)] {
            let flood = forger.flood(&lies, rate, Duration::from_secs(seconds)).unwrap();
            sent += flood.packets;
        }
    }
    sent
}

/// Looks at what a netmon holds, again and again.
fn sample(steady: &Watcher<'_>, began: Instant, is_over: &AtomicBool) -> Vec<Sample> {
    let every = (crate::duration() / POINTS).max(Duration::from_secs(1));
    let process = steady.netmon().process().id();
    let mut samples = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        samples.push((minutes(began), Resources::of(process).unwrap()));
        sleep(every);
    }
    samples
}

/// A figure of what a netmon holds: its name, its unit, the plot, and how it is read from a sample.
type Held = (&'static str, &'static str, fn(&Resources) -> f64);

const MIB: f64 = 1_048_576.0;

#[expect(clippy::cast_precision_loss, reason = "all are far below 2^52")]
const HELD: [Held; 4] = [
    ("resident memory", "MiB", |held| {
        held.resident_kib as f64 * 1_024.0 / MIB
    }),
    ("memory of maps", "MiB", |held| held.maps as f64 / MIB),
    ("open descriptors", "", |held| held.descriptors as f64),
    ("threads", "", |held| held.threads as f64),
];

/// Tells what happened, and insists that nothing has grown.
fn tell(life: &Life, stopped: &Event) {
    let mut figures = Figures::new(&[]);
    figures.heading("a long life: what happened");
    #[expect(clippy::cast_precision_loss, reason = "all are far below 2^52")]
    let happened = [
        ("minutes", life.minutes),
        ("faults, each reported as what it was", life.faults as f64),
        (
            "restarts, kills, stops and reloads of the monitors that reported them",
            life.troubles as f64,
        ),
        ("reloads of the one that saw all of it", life.reloads as f64),
        ("forged errors", life.forged as f64),
        ("of these, counted by the one that saw all of it", {
            stopped.value["totals"]["unsolicited"].as_f64().unwrap()
        }),
        ("queries in the clients' logs, and counted", life.log.sent as f64),
        (
            "answers in the clients' logs, and counted",
            life.log.answered as f64,
        ),
    ];
    for (name, value) in happened {
        figures.take(Figure::new(name, value, ""));
    }
    figures.heading("a long life: what it held");
    for (name, unit, of) in HELD {
        let held: Vec<f64> = life.samples.iter().map(|(_, held)| of(held)).collect();
        let quarter = held.len() / 4;
        // In the first quarter it fills what is bounded.
        let early = median(held[quarter..2 * quarter].to_vec());
        let late = median(held[3 * quarter..].to_vec());
        let is_long = !crate::is_slice();
        figures.take(
            Figure::new(format!("{name}, last quarter"), late, unit)
                .at_most(is_long.then_some(early * growth()))
                .note(format!("second quarter {early:.2}")),
        );
    }
    figures.heading("a long life: its plots");
    for (name, unit, of) in HELD {
        for (minute, held) in &life.samples {
            figures.keep(Figure::new(name, of(held), unit).point(name, name, *minute));
        }
    }
    assert!(figures.finish().unwrap(), "what it holds has grown");
}
