//! With pins nothing is lost when netmon is killed while entries retire.

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use aya::TestRun as _;
use aya::programs::TestRunOptions;
use netmon::kernel::{Kernel, Leaving, Pins, Policy, Poller, Settings, Step};
use netmon::time::Time;
use netmon_common::Address;
use netmon_testkit::frames::build::prelude::*;
use netmon_testkit::lab::with_silent_router;
use nix::sys::signal::Signal;

use crate::load::{self, RETIRING, number, retires_more};
use crate::support::pins::Directory;
use crate::support::{assert_sums, start};

/// How many destinations there may be.
const DESTINATIONS: u32 = 64;

fn load(pins: &Path) -> (Kernel, Poller) {
    let settings = Settings {
        destinations: DESTINATIONS,
        ..Settings::default()
    };
    let pins = Pins::open(pins, DESTINATIONS).unwrap();
    pins.keep();
    let mut kernel = Kernel::load_pinned(&settings, Arc::new(pins)).unwrap();
    let poller = kernel.poller().unwrap();
    (kernel, poller)
}

/// A query to each of these servers.
pub fn ask(kernel: &mut Kernel, servers: std::ops::Range<u8>) {
    for server in servers {
        let to = Ipv4Addr::new(10, 0, 0, server);
        let frame = (frame() / ipv4(CLIENT, to) / udp(40_000, 53) / query("a.test")).bytes();
        let options = TestRunOptions {
            data_in: Some(&frame),
            ..TestRunOptions::new()
        };
        kernel.xdp().unwrap().test_run(options).unwrap();
    }
}

/// Those that would retire now: all.
fn all(poller: &mut Poller) -> Leaving {
    let policy = Policy {
        second: 1_000,
        idle: Duration::ZERO,
        keeps: &|_: Address| false,
        keeps_service: &|_| false,
    };
    poller.look_at_destinations(Time::at_second(1), |_server, _before, _now| {});
    poller.services(1, |_service| false, |_service, _exchanges| {});
    poller.leaving(&policy).unwrap().0
}

#[test]
#[ignore = "needs root: loads and pins programs"]
fn whatever_the_step_before_which_netmon_is_killed_nothing_is_lost_and_all_places_are_there() {
    const SERVERS: u8 = 20;
    for last in [
        Step::Mark,
        Step::Remove,
        Step::Forget,
        Step::Add,
        Step::Release,
        Step::Done,
    ] {
        let pins = Directory::new();
        {
            let (mut kernel, mut poller) = load(&pins.0);
            let mut switches = kernel.switches().unwrap();
            ask(&mut kernel, 0..SERVERS);
            ask(&mut kernel, 0..SERVERS / 2);
            let leaving = all(&mut poller);
            assert_eq!(leaving.destinations.len(), usize::from(SERVERS));
            assert_eq!(leaving.services.len(), usize::from(SERVERS));
            let mut batch = poller.places.batch(leaving);
            while batch.next() != last {
                batch.step(&mut poller.places, &mut switches).unwrap();
            }
            // Some come again meanwhile.
            ask(&mut kernel, 0..5);
            assert!(poller.counts().unwrap().add_up(), "before {last:?}");
        }
        let (mut kernel, mut poller) = load(&pins.0);
        let counts = poller.counts().unwrap();
        assert!(counts.add_up(), "killed before {last:?}: {counts:#?}");
        assert_eq!(counts.totals.counted(), 35);
        assert_eq!(counts.totals.overflow, 0);
        if last != Step::Mark {
            assert_eq!(
                counts.totals.retired + counts.destinations.len() as u64,
                35,
                "{last:?}"
            );
        }
        // Every place can be had again, and none twice.
        let room = u8::try_from(DESTINATIONS - DESTINATIONS / 8 - DESTINATIONS / 8).unwrap();
        ask(&mut kernel, 0..100);
        let counts = poller.counts().unwrap();
        assert!(counts.add_up(), "killed before {last:?}: {counts:#?}");
        assert_eq!(
            counts.destinations.len(),
            usize::from(room),
            "killed before {last:?}"
        );
        assert_eq!(
            counts.totals.overflow,
            u64::from(100 - room),
            "killed before {last:?}"
        );
        let services = services(&mut poller);
        assert_eq!(services, 100, "killed before {last:?}");
    }
}

fn services(poller: &mut Poller) -> usize {
    let mut services = 0;
    poller.services(2, |_service| false, |_service, _exchanges| services += 1);
    services
}

/// netmon is killed at random moments while entries retire all the time.
#[test]
#[ignore = "needs root: network namespaces, TC and pins"]
fn what_is_sent_is_counted_when_netmon_is_killed_again_and_again() {
    const TIME: Duration = Duration::from_secs(25);
    const ASKING: Duration = Duration::from_millis(500);
    let hosts = with_silent_router().unwrap();
    let pins = Directory::new();
    let arguments = [&RETIRING[..], &["--pin", pins.text()]].concat();
    let mut netmon = start(&hosts.client, &arguments);
    let began = Instant::now();
    let (mut kills, mut retired, mut sent) = (0_u32, 0, 0);
    while began.elapsed() < TIME || kills < 2 {
        sent += load::ask(&hosts.client, kills, Duration::from_millis(300));
        // Each lives until it has retired something, which takes a second, and a little longer, while others are asked.
        retired = retires_more(&netmon, retired);
        thread::scope(|scope| {
            let asking = scope.spawn(|| load::ask(&hosts.client, kills + 1, ASKING));
            thread::sleep(Duration::from_millis(u64::from(kills) * 137 % 400));
            netmon.process().signal(Signal::SIGKILL).unwrap();
            netmon.wait().unwrap();
            sent += asking.join().unwrap();
        });
        netmon = start(&hosts.client, &arguments);
        kills += 1;
    }
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    let totals = &stopped.value["totals"];
    println!(
        "{kills} kills; {sent} queries were sent; {} are retired, and {} found no place",
        totals["retired"], totals["overflow"]
    );
    assert_eq!(number(&totals["dns_queries"]), sent);
}
