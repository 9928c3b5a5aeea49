//! Entries retire and come again while queries to them are sent from all CPUs.

use std::net::Ipv4Addr;
use std::thread::sleep;
use std::time::{Duration, Instant};

use netmon_testkit::lab::{Event, Namespace, Netmon, TYPE_A, on_each_cpu, query, with_silent_router};
use serde_json::Value;

use crate::support::{PATIENCE, assert_sums, start};

/// netmon, with a small table in which entries retire all the time. It has room for the 500 servers of [`ask`] once more: however
/// slowly their places become free, all of them may be asked again meanwhile.
pub const RETIRING: [&str; 8] = [
    "--interface",
    "to-router",
    "--interval",
    "100ms",
    "--idle-entries",
    "1s",
    "--destinations",
    "2048",
];

/// Asks a hundred servers from each CPU for that time, others in each of five turns. How many queries were sent. For a short time:
/// a busy machine needs its own to take the events.
pub fn ask(client: &Namespace, turn: u32, time: Duration) -> u64 {
    const AT_ONCE: u32 = 100;
    const TURNS: u32 = 5;
    let message = query(7, "retire.test", TYPE_A);
    let began = Instant::now();
    let first = 0x0a01_0000 + turn % TURNS * AT_ONCE;
    let sent = on_each_cpu(|_cpu| {
        let socket = client.udp_socket().unwrap();
        let mut sent = 0;
        while began.elapsed() < time {
            for server in (first..first + AT_ONCE).map(Ipv4Addr::from_bits) {
                assert_eq!(socket.send_to(&message, (server, 53)).unwrap(), message.len());
                sent += 1;
            }
            sleep(Duration::from_millis(2));
        }
        sent
    });
    sent.unwrap().into_iter().sum()
}

/// Waits until more queries are those of destinations that are retired, of all runs, and says how many.
#[track_caller]
pub fn retires_more(netmon: &Netmon, than: u64) -> u64 {
    let retired = |event: &Event| event.value["totals"]["retired"].as_u64().unwrap_or_default();
    let event = netmon.wait_for("more is retired", PATIENCE, |event| retired(event) > than);
    retired(&event.unwrap())
}

pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn what_is_sent_is_counted_while_entries_retire_and_come_again() {
    let hosts = with_silent_router().unwrap();
    let mut netmon = start(&hosts.client, &RETIRING);
    let time = Duration::from_secs(1);
    // Where the machine is not too busy those of the first turns retire while others are asked.
    let mut sent: u64 = (0..10).map(|turn| ask(&hosts.client, turn, time)).sum();
    let retired = retires_more(&netmon, 0);
    println!("{retired} queries were of destinations that retired");
    sent += (0..5).map(|turn| ask(&hosts.client, turn, time)).sum::<u64>();
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    let totals = &stopped.value["totals"];
    let (retired, overflow) = (number(&totals["retired"]), number(&totals["overflow"]));
    println!("{sent} queries were sent; {retired} of them are retired, and {overflow} found no place");
    assert_eq!(number(&totals["dns_queries"]), sent);
    assert_eq!(overflow, 0, "there was always room: {totals:#}");
    assert_eq!(number(&totals["exchanges_overflow"]), 0);
}
