//! Times in which nobody watches: netmon is stopped and continued, or ends and starts again on what is pinned. What was
//! answered then was answered; what is silent is reported when it has been silent after that.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use netmon_testkit::lab::{
    Asker, DnsServer, End, FAMILIES, Namespace, Netmon, SERVER_V4, SERVER_V6, Scripted, two_hosts,
};
use nix::sys::signal::Signal;

use crate::support::incident::{events_of, refusal, silence};
use crate::support::pins::Directory;
use crate::support::{ANSWER, assert_adds_up, watch};
use crate::trouble::{
    SECOND, add_second, ask_in_vain, ask_refused, assert_nothing_of, port_53, says_nothing, second,
};

/// Addresses of the server's host where nothing listens.
const REFUSING: [&str; 2] = ["203.0.113.4", "2001:db8:2::4"];

/// How netmon is kept from watching.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// SIGSTOP and SIGCONT.
    Stopped,
    /// SIGTERM, and a start on the same pins.
    Restarted,
}

/// The times of a scene, and the thresholds that belong to them.
#[derive(Clone, Copy)]
pub struct Times {
    /// How often the healthy server is asked.
    pub every: Duration,
    /// For how long netmon does not watch.
    pub pause: Duration,
    /// What netmon is told.
    pub thresholds: &'static [&'static str],
}

/// A tenth of what people use: a query that waits one second is silent, and a seldom asked server is judged by three
/// queries over two seconds.
pub const QUICK: Times = Times {
    every: Duration::from_millis(1_100),
    pause: Duration::from_millis(7_500),
    thresholds: &[
        "--threshold=unanswered_wait=1s",
        "--threshold=unanswered_spread_min=2s",
    ],
};

/// Asks until it is over, and insists that all is answered.
fn ask_steadily(client: &Namespace, from: IpAddr, server: IpAddr, every: Duration, is_over: &AtomicBool) {
    let asker = Asker::of(client, from, server).unwrap();
    let mut next = Instant::now();
    for id in 0.. {
        if is_over.load(Ordering::Relaxed) {
            return;
        }
        let reply = asker.ask(id, &format!("steady{id}.test"), ANSWER).unwrap();
        assert!(reply.is_answer(), "{reply:?}");
        next += every;
        sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// Two services that are healthy throughout, two that become silent meanwhile, and two that refuse meanwhile.
pub fn a_pause_says_nothing_about_healthy_servers(how: How, times: Times) {
    let hosts = two_hosts().unwrap();
    hosts.server.limit_no_errors().unwrap();
    add_second(&hosts.server, "to-client");
    let refusing: [IpAddr; 2] = REFUSING.map(|address| address.parse().unwrap());
    for address in refusing {
        hosts.server.add_address(address, "to-client").unwrap();
    }
    let _healthy = DnsServer::new(&hosts.server, &[SERVER_V4, SERVER_V6]).unwrap();
    let _silent = FAMILIES
        .map(|family| Scripted::start(&hosts.server, port_53(second(&family)), says_nothing).unwrap());
    let pins = Directory::new();
    let pinned = ["--interface", "to-server", "--pin", pins.text()];
    let arguments = [&pinned[..], times.thresholds].concat();
    let begin = || watch(&hosts.client, &arguments);
    let is_over = AtomicBool::new(false);
    let mut netmon = scope(|scope| {
        let end = End(&is_over);
        let mut netmon = begin();
        for family in &FAMILIES {
            let (hosts, is_over) = (&hosts, &is_over);
            scope.spawn(move || {
                ask_steadily(&hosts.client, family.client, family.server, times.every, is_over);
            });
        }
        // Long enough for three queries and their answers to be judged.
        sleep(4 * times.every);
        pause(&mut netmon, how, times.pause, &begin, || {
            // What is sent at the beginning of the pause has no answer at its end.
            for (family, refusing) in FAMILIES.iter().zip(refusing) {
                ask_in_vain(&hosts.client, family.client, second(family));
                ask_refused(&Asker::of(&hosts.client, family.client, refusing).unwrap(), 1);
            }
        });
        // The controls: the next error, and a silence after the pause. That takes as long as the wrong report would.
        for (family, refusing) in FAMILIES.iter().zip(refusing) {
            ask_refused(&Asker::of(&hosts.client, family.client, refusing).unwrap(), 1);
            ask_in_vain(&hosts.client, family.client, second(family));
        }
        for (family, refusing) in FAMILIES.iter().zip(refusing) {
            refusal(family.client, refusing).opened(&netmon);
            silence(family.client, second(family)).opened(&netmon);
        }
        sleep(4 * times.every);
        drop(end);
        netmon
    });
    assert_nothing_of(&netmon, [SERVER_V4, SERVER_V6]);
    for family in &FAMILIES {
        assert_eq!(events_of(&netmon, "incident_opened", second(family)).len(), 1);
    }
    assert_adds_up(&netmon.stop().unwrap());
}

fn pause(
    netmon: &mut Netmon,
    how: How,
    time: Duration,
    begin: &dyn Fn() -> Netmon,
    meanwhile: impl FnOnce(),
) {
    match how {
        How::Stopped => netmon.process().suspend().unwrap(),
        How::Restarted => {
            netmon.stop().unwrap();
        }
    }
    let paused = Instant::now();
    meanwhile();
    sleep(time.saturating_sub(paused.elapsed()));
    match how {
        How::Stopped => netmon.process().signal(Signal::SIGCONT).unwrap(),
        How::Restarted => *netmon = begin(),
    }
    // The first poll after it.
    sleep(2 * SECOND);
}
