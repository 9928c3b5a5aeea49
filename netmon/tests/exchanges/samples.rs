//! Of which queries the kernel tells, while it counts each.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;
use std::thread;
use std::time::Duration;

use netmon::kernel::Events;
use netmon_common::limits::{DOES_WELL_PER_CPU, LONG_QUIET_NS, QUIET_NS};
use netmon_common::records::EventKind;
use netmon_testkit::frames::build::prelude::*;

use super::events_of;
use super::programs::*;

const SERVERS: u8 = 250;
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
    // Every tenth says that it failed.
    for n in 0..SERVERS {
        run(xdp, &asked(n));
        run(xdp, &answered(n, if n % 10 == 0 { 2 } else { 0 }));
    }
    told(&mut events);

    // Each may be asked seldom, and do well; those that failed do not.
    thread::sleep(Duration::from_nanos(QUIET_NS + QUIET_NS / 10));
    (0..SERVERS).for_each(|n| run(xdp, &asked(n)));
    let seldom = told(&mut events);
    let do_well = seldom
        .iter()
        .filter(|(server, (at, answered))| server.octets()[3] % 10 != 0 && at - answered < LONG_QUIET_NS);
    let do_well: Vec<u64> = do_well.map(|(_, (at, _))| at >> SECOND_BITS).collect();
    let seconds = do_well.iter().collect::<BTreeSet<_>>().len();
    let cpus = thread::available_parallelism().unwrap().get();
    let most = usize::from(DOES_WELL_PER_CPU) * cpus * seconds;
    assert!(
        !do_well.is_empty() && do_well.len() <= most,
        "{} of at most {most}",
        do_well.len()
    );
    for n in (0..SERVERS).step_by(10) {
        assert!(seldom.contains_key(&server(n)), "{n} failed");
    }

    // Nobody has answered since.
    thread::sleep(Duration::from_nanos(LONG_QUIET_NS - QUIET_NS));
    (0..SERVERS).for_each(|n| run(xdp, &asked(n)));
    assert_eq!(told(&mut events).len(), usize::from(SERVERS));
}
