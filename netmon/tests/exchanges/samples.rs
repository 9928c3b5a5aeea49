//! Of which queries the kernel tells, while it counts each.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use netmon::kernel::Events;
use netmon_common::limits::{LONG_QUIET_NS, QUIET_NS, SELDOM_PER_CPU};
use netmon_common::records::EventKind;
use netmon_testkit::frames::build::prelude::*;

use nix::sched::{CpuSet, sched_getcpu, sched_setaffinity};
use nix::unistd::Pid;

use super::events_of;
use super::programs::*;

const SERVERS: u8 = 250;
const QUIET: Duration = Duration::from_nanos(QUIET_NS);
/// The programs count their seconds by this power of two of nanoseconds.
const SECOND_BITS: u32 = 30;

fn server(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 9, 0, n)
}

fn asked(n: u8) -> Vec<u8> {
    (frame() / ipv4(CLIENT, server(n)) / udp(4_000, 53) / query("a.test")).bytes()
}

fn answered(n: u8, rcode: u16) -> Vec<u8> {
    (frame() / ipv4(server(n), CLIENT) / udp(53, 4_000) / response("a.test").rcode(rcode)).bytes()
}

/// A query that was told of: when it was sent, and when its server had answered last.
type Told = BTreeMap<Ipv4Addr, (u64, u64)>;

fn told(events: &mut Events) -> Told {
    let mut told = Told::new();
    events.drain(usize::MAX, |event| {
        let header = event.header;
        if header.kind == EventKind::Query as u8 {
            let server = header.server.ip().to_string().parse().unwrap();
            told.insert(server, (header.time_ns, header.last_answer_ns));
        }
    });
    told
}

#[test]
#[ignore = "needs root: runs the programs"]
fn of_servers_that_answered_a_moment_ago_few_queries_are_told_and_of_those_that_may_fail_each() {
    let (mut kernel, _poller) = load(&[53]);
    let (_runtime, mut events) = events_of(&mut kernel);
    let xdp = kernel.xdp().unwrap();
    // A CPU has a budget of its own.
    let mut one = CpuSet::new();
    one.set(sched_getcpu().unwrap()).unwrap();
    sched_setaffinity(Pid::from_raw(0), &one).unwrap();
    // Every tenth says that it failed.
    let is_well = |server: u8| !server.is_multiple_of(10);
    let times = |run: &dyn Fn(u8)| -> Vec<Duration> {
        let each = (0..SERVERS).map(|n| {
            run(n);
            now()
        });
        each.collect()
    };
    let mut round = || {
        let answers = times(&|n| {
            run(xdp, &asked(n));
            run(xdp, &answered(n, if is_well(n) { 0 } else { 2 }));
        });
        told(&mut events);
        // Each may be asked seldom, and do well; those that failed do not.
        thread::sleep(QUIET + QUIET / 10);
        let queries = times(&|n| run(xdp, &asked(n)));
        let all = told(&mut events);
        for n in (0..SERVERS).filter(|n| !is_well(*n)) {
            assert!(all.contains_key(&server(n)), "{n} failed");
        }
        let well: Vec<_> = (0..SERVERS).filter(|n| is_well(*n)).collect();
        let seldom: Vec<u64> = well
            .iter()
            .filter_map(|n| all.get(&server(*n)))
            .filter(|(at, answered)| at - answered < LONG_QUIET_NS)
            .map(|(at, _)| at >> SECOND_BITS)
            .collect();
        let seconds = seldom.iter().collect::<BTreeSet<_>>().len();
        let most = usize::from(SELDOM_PER_CPU) * seconds;
        assert!(seldom.len() <= most, "{} of at most {most}", seldom.len());
        // On a machine that has no time for this the queries come too late, and all are told.
        let in_time = answers
            .iter()
            .zip(&queries)
            .all(|(answer, query)| *query < *answer + 2 * QUIET);
        in_time.then(|| {
            assert!(well.len() > most, "{most} of {} may be told", well.len());
            seldom.len()
        })
    };
    let told_seldom = (0..10).find_map(|_| round()).unwrap();
    assert!(told_seldom > 0);

    // Nobody has answered since.
    thread::sleep(QUIET);
    times(&|n| run(xdp, &asked(n)));
    assert_eq!(told(&mut events).len(), usize::from(SERVERS));
}
