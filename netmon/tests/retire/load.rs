//! Entries retire and come again while queries to them are sent from all CPUs.

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use netmon_testkit::lab::{Event, Namespace, Netmon, TYPE_A, on_each_cpu, query, with_silent_router};
use serde_json::Value;

use crate::support::{PATIENCE, assert_sums, start};

/// netmon, with a small table in which entries retire all the time. It has room for the 500 servers of [`ask_in_turns`] once more: however
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

/// Asks servers from each CPU until it is over: a hundred at once, then others, then the first ones again. How many queries
/// were sent.
pub fn ask_in_turns(client: &Namespace, over: &AtomicBool) -> u64 {
    /// Servers that are asked at the same time, and for how long. Each is left alone four times as long: several polls see it
    /// idle, also where the machine is busy.
    const AT_ONCE: u32 = 100;
    const TURN: Duration = Duration::from_secs(1);
    const TURNS: u32 = 5;
    let message = query(7, "retire.test", TYPE_A);
    let began = Instant::now();
    let turn = || u32::try_from(began.elapsed().as_millis() / TURN.as_millis()).unwrap() % TURNS;
    let sent = on_each_cpu(|_cpu| {
        let socket = client.udp_socket().unwrap();
        let mut sent = 0;
        while !over.load(Ordering::Relaxed) {
            for server in 0..AT_ONCE {
                let server = Ipv4Addr::from_bits(0x0a01_0000 + turn() * AT_ONCE + server);
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

/// Tells when it is dropped, also by a panic, that it is over: a thread that asks until then would else never end.
pub struct TellOver<'over>(pub &'over AtomicBool);

impl Drop for TellOver<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn what_is_sent_is_counted_while_entries_retire_and_come_again() {
    let hosts = with_silent_router().unwrap();
    let mut netmon = start(&hosts.client, &RETIRING);
    let over = AtomicBool::new(false);
    let sent = thread::scope(|scope| {
        let load = scope.spawn(|| ask_in_turns(&hosts.client, &over));
        let tell = TellOver(&over);
        let mut retired = retires_more(&netmon, 0);
        // Those of the first turn have come again by then, and retired once more.
        sleep(Duration::from_secs(12));
        retired = retires_more(&netmon, retired);
        println!("{retired} queries were of destinations that retired while others were asked");
        drop(tell);
        load.join().unwrap()
    });
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    let totals = &stopped.value["totals"];
    let (retired, overflow) = (number(&totals["retired"]), number(&totals["overflow"]));
    println!("{sent} queries were sent; {retired} of them are retired, and {overflow} found no place");
    assert_eq!(number(&totals["dns_queries"]), sent);
    assert_eq!(overflow, 0, "there was always room: {totals:#}");
    assert_eq!(number(&totals["exchanges_overflow"]), 0);
}
