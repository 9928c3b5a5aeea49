//! Events that find no place in the ring, because user space does not read it: said when it starts and when it is over, and
//! nothing is judged by what may be missing. The control is a server that refuses after that.

use std::net::{Ipv4Addr, SocketAddr};
use std::thread::sleep;

use netmon_testkit::lab::{Asker, CLIENT_V4, SERVER_V4, TYPE_A, on_each_cpu, query, with_silent_router};
use nix::sys::signal::Signal;

use crate::support::incident::refusal;
use crate::support::{PATIENCE, assert_sums, watch};
use crate::trouble::{SECOND, ask_refused, warnings};

/// Servers that are asked, fewer than there are places for.
const SERVERS: u16 = 3_000;
/// How often each CPU asks all of them, a second each: more than the ring has places for.
const ROUNDS: u16 = 4;

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn events_that_are_lost_are_said_when_that_starts_and_when_it_is_over() {
    let hosts = with_silent_router().unwrap();
    hosts.router.limit_no_errors().unwrap();
    let mut netmon = watch(&hosts.client, &["--interface", "to-router"]);
    netmon.process().suspend().unwrap();
    let message = query(7, "lost.test", TYPE_A);
    for _ in 0..ROUNDS {
        on_each_cpu(|_| {
            let socket = hosts.client.udp_socket().unwrap();
            for server in 0..SERVERS {
                let [high, low] = server.to_be_bytes();
                let to = SocketAddr::from((Ipv4Addr::new(10, 0, high, low), 53));
                assert_eq!(socket.send_to(&message, to).unwrap(), message.len());
            }
        })
        .unwrap();
        sleep(SECOND);
    }
    assert_eq!(warnings(&netmon, "events_lost").len(), 0);
    netmon.process().signal(Signal::SIGCONT).unwrap();
    for state in ["started", "over"] {
        let is_told = |event: &netmon_testkit::lab::Event| {
            event.value["warning"] == "events_lost" && event.value["state"] == state
        };
        netmon.wait_for(state, PATIENCE, is_told).unwrap();
    }
    // The control: errors count whatever was lost. The server's address is the router's now, where nothing listens.
    hosts.server.ip("link set to-router down").unwrap();
    hosts.router.add_address(SERVER_V4, "to-client").unwrap();
    ask_refused(&Asker::of(&hosts.client, CLIENT_V4, SERVER_V4).unwrap(), 2);
    refusal(CLIENT_V4, SERVER_V4).opened(&netmon);
    let opened = netmon.events_named("incident_opened").unwrap();
    assert_eq!(opened.len(), 1, "{opened:#?}");
    assert_eq!(warnings(&netmon, "events_lost").len(), 2);
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    let lost = stopped.value["totals"]["events_lost"].as_u64();
    assert!(lost > Some(0), "{:#}", stopped.value["totals"]);
}
