//! The wall clock is stepped while netmon runs, as by an administrator, or by NTP after a boot with a dead battery. netmon judges by
//! the boot clock: a step makes no incident and hides none. Times are shown as the wall clock has them at that moment.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use netmon_testkit::lab::{
    Asker, CLIENT_V4, CLIENT_V6, DnsServer, End, Netmon, SERVER_V4, SERVER_V6, Scripted, TwoHosts, WallClock,
    eventually, respond, two_hosts,
};
use serde_json::Value;

use crate::place::Place;
use crate::support::incident::{assert_errors, assert_flow, assert_no_incident, refusal, time};
use crate::support::{NETMON, ask_answered, ask_refused, assert_adds_up};

const HOUR: i64 = 3_600;

/// How far a time may be from the test's own reading: much less than the step.
const NEAR: Duration = Duration::from_mins(5);

/// Insists that a time that netmon printed is what the clock shows, give or take how long the test took to look.
#[track_caller]
fn assert_now(clock: &WallClock, printed: &Value) {
    let apart = apart(clock, printed);
    assert!(apart < NEAR, "{printed} is {apart:?} from {:?}", clock.now());
}

/// How far a time that netmon printed is from what the clock shows.
fn apart(clock: &WallClock, printed: &Value) -> Duration {
    let passed = clock.now().duration_since(time(printed));
    passed.unwrap_or_else(|before| before.duration())
}

/// Steps the clock, and waits until netmon prints times of it.
#[track_caller]
fn step(clock: &mut WallClock, seconds: i64, netmon: &Netmon) {
    let printed = netmon.events().unwrap().len();
    clock.step(seconds).unwrap();
    let times = || -> Vec<Value> {
        let events = netmon.events().unwrap().into_iter().skip(printed);
        let snapshots = events.filter(|event| event.name() == "snapshot");
        snapshots.map(|event| event.value["time"].clone()).collect()
    };
    eventually("snapshot by the new clock", times, |times| {
        times.iter().any(|time| apart(clock, time) < NEAR)
    });
}

/// Asks a server that takes half a second to answer, so that queries wait at any moment, until it is told to end.
fn ask_slow_server(hosts: &TwoHosts, ended: &AtomicBool) -> u64 {
    let asker = Asker::of(&hosts.client, CLIENT_V6, SERVER_V6).unwrap();
    let mut sent = 0;
    while !ended.load(Ordering::Relaxed) {
        asker.send(sent, &format!("slow{sent}.test")).unwrap();
        sent += 1;
        thread::sleep(Duration::from_millis(50));
    }
    sent.into()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_wall_clock_that_is_stepped_makes_no_incident_hides_none_and_shows_in_all_times() {
    for there in [HOUR, -HOUR] {
        scene(there);
    }
}

/// The clock is stepped once, an outage opens, and in the outage the clock is stepped back.
fn scene(there: i64) {
    let hosts = two_hosts().unwrap();
    let place = Place::new();
    let mut clock = WallClock::new().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let slow = SocketAddr::new(SERVER_V6, 53);
    let _slow = Scripted::start_late(&hosts.server, slow, |query| {
        Some((Duration::from_millis(500), respond(query, 0)))
    })
    .unwrap();
    let mut netmon = start(&hosts, &clock, &place);
    assert_now(&clock, &netmon.started().value["time"]);

    let ended = AtomicBool::new(false);
    let (kept, asked) = thread::scope(|scope| {
        let asking = scope.spawn(|| ask_slow_server(&hosts, &ended));
        let end = End(&ended);
        ask_answered(&hosts.client, SERVER_V4, 2);
        step(&mut clock, there, &netmon);
        ask_answered(&hosts.client, SERVER_V4, 2);
        assert_no_incident(&netmon);

        let outage = refusal(CLIENT_V4, SERVER_V4);
        server.stop().unwrap();
        ask_refused(&hosts.client, SERVER_V4, 3);
        let opened = outage.opened(&netmon);
        for name in ["began", "opened"] {
            assert_now(&clock, &opened[name]);
        }
        step(&mut clock, -there, &netmon);
        ask_refused(&hosts.client, SERVER_V4, 2);
        server.start().unwrap();
        ask_answered(&hosts.client, SERVER_V4, 1);
        let closed = outage.closed(&netmon, &opened, "answered");
        for name in ["last_seen", "recovered", "closed"] {
            assert_now(&clock, &closed[name]);
        }
        assert_eq!(closed["opened"], opened["opened"]);
        assert_errors(&closed, "port", 5);
        assert_flow(&closed, 5, 0);
        drop(end);
        (closed, asking.join().unwrap())
    });
    assert!(asked > 20, "{asked}");
    let stopped = netmon.stop().unwrap();
    assert_now(&clock, &stopped.value["time"]);
    assert_adds_up(&stopped);
    let opened = netmon.events_named("incident_opened").unwrap();
    assert_eq!(opened.len(), 1, "{opened:#?}");
    assert!(netmon.events_named("warning").unwrap().is_empty());

    // What was kept is read, and the next one goes on with it.
    assert_eq!(place.incidents(&[]), std::slice::from_ref(&kept));
    assert_read(&place, &kept);
    let mut next = start(&hosts, &clock, &place);
    ask_answered(&hosts.client, SERVER_V4, 1);
    next.stop().unwrap();
    for name in ["incident_opened", "incident_updated", "warning"] {
        assert!(next.events_named(name).unwrap().is_empty(), "{name}");
    }
    assert_eq!(place.incidents(&[]), [kept]);
}

fn start(hosts: &TwoHosts, clock: &WallClock, place: &Place) -> Netmon {
    let program = clock.program(NETMON).unwrap();
    Netmon::start(&hosts.client, program, &place.watched("tc", "to-server")).unwrap()
}

/// Insists that the report has all minutes in which the incident was, by both clocks, and seconds of both.
#[track_caller]
fn assert_read(place: &Place, incident: &Value) {
    let id = incident["id"].as_str().unwrap();
    for format in ["text", "brief", "markdown", "html"] {
        let report = place.report(id, format);
        assert!(report.contains("203.0.113.2"), "{format}: {report}");
    }
    let report: Value = serde_json::from_str(&place.report(id, "json")).unwrap();
    assert_eq!(report["incidents"][0], *incident);
    let destinations = report["destinations"].as_array().unwrap();
    let own = destinations
        .iter()
        .find(|one| one["address"] == "203.0.113.2")
        .unwrap();
    // 4 answered, 5 refused, 1 answered.
    assert_eq!(own["dns_queries"], 10, "{report:#}");
    assert_eq!(own["dns_responses"], 5, "{report:#}");
    let text = place.report(id, "text");
    for words in ["The seconds around its beginning", "The seconds around its end"] {
        assert!(text.contains(words), "{words}: {text}");
    }
}
