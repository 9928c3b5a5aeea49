//! What is sent from all CPUs at once, and that it is counted to the packet. How much of it there is, the test run and
//! the soak choose.

use std::net::{Ipv4Addr, SocketAddr};

use aya::TestRun as _;
use aya::programs::{TestRunAttrs, TestRunOptions};
use netmon::kernel::{Kernel, Settings};
use netmon_common::{Outcome, limits};
use netmon_testkit::frames::build::prelude as build;
use netmon_testkit::lab::{Namespace, Netmon, Routed, TYPE_A, on_each_cpu, query, with_silent_router};
use serde_json::Value;

use crate::support::{assert_sums, start};

/// A client that sends to a router which forwards nothing and says nothing.
fn scene() -> (Routed, Netmon) {
    let hosts = with_silent_router().unwrap();
    // Seldom, because the harness keeps each snapshot.
    let netmon = start(
        &hosts.client,
        &["--hook", "tc", "--interface", "to-router", "--interval", "10s"],
    );
    (hosts, netmon)
}

/// Sends so many queries from each CPU; `destination` chooses where the n-th of a CPU goes.
fn send(client: &Namespace, each: u64, destination: impl Fn(u64, usize) -> Ipv4Addr + Sync) {
    let message = query(7, "load.test", TYPE_A);
    on_each_cpu(|cpu| {
        let socket = client.udp_socket().unwrap();
        for n in 0..each {
            let to = SocketAddr::from((destination(n, cpu), 53));
            assert_eq!(socket.send_to(&message, to).unwrap(), message.len());
        }
    })
    .unwrap();
}

fn queries(event: &Value) -> impl Iterator<Item = u64> {
    event["destinations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|destination| destination["dns_queries"].as_u64().unwrap())
}

/// Each of two CPUs sends so many queries, to a hundred servers in turn.
pub fn queries_are_counted_each(each: u64) {
    const SERVERS: u64 = 100;
    let (hosts, mut netmon) = scene();
    send(&hosts.client, each, |n, _cpu| {
        Ipv4Addr::new(10, 0, 0, u8::try_from(n % SERVERS).unwrap())
    });
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    assert_eq!(stopped.value["totals"]["dns_queries"], 2 * each);
    let per_server: Vec<u64> = queries(&stopped.value).collect();
    assert_eq!(
        per_server,
        vec![2 * each / SERVERS; usize::try_from(SERVERS).unwrap()]
    );
}

/// Each of two CPUs sends so many queries, each to a server of its own: many more than the table has room for.
pub fn random_destinations_fill_the_table_and_lose_no_count(each: u64) {
    let (hosts, mut netmon) = scene();
    send(&hosts.client, each, |n, cpu| {
        // Mixed by a multiplication (Knuth), so that no address comes twice and all look random.
        let mixed = (n * 2 + u64::try_from(cpu).unwrap()).wrapping_mul(0x9e37_79b1);
        let [.., b, c, d] = mixed.to_be_bytes();
        Ipv4Addr::new(10, b, c, d)
    });
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    let totals = &stopped.value["totals"];
    assert_eq!(totals["dns_queries"], 2 * each);
    let servers = queries(&stopped.value).count();
    let most = usize::try_from(limits::DESTINATIONS).unwrap();
    assert!((most / 2..=most).contains(&servers), "{servers} servers");
    let counted: u64 = queries(&stopped.value).sum();
    let number = |name: &str| totals[name].as_u64().unwrap();
    assert!(number("overflow") > 0, "the table was never full");
    assert_eq!(counted + number("retired") + number("overflow"), 2 * each);
}

/// So many frames pass the XDP program on each of two CPUs.
pub fn live_frames_are_counted_each_by_xdp(each: u32) {
    let host = Namespace::new("live").unwrap();
    let mut kernel = Kernel::load(&Settings::default()).unwrap();
    let mut poller = kernel.poller().unwrap();
    let frame = (build::frame()
        / build::ipv4(build::CLIENT, build::SERVER)
        / build::udp(40_000, 53)
        / build::query("a.test"))
    .bytes();
    // The frames pass on to the loopback interface of the namespace, where nobody is at home.
    host.enter(|| {
        let xdp = &*kernel.xdp().unwrap();
        on_each_cpu(|_cpu| {
            let options = TestRunOptions {
                data_in: Some(&frame),
                repeat: each,
                attrs: TestRunAttrs::new().xdp_live_frames(64),
                ..TestRunOptions::new()
            };
            xdp.test_run(options).unwrap();
        })
    })
    .unwrap()
    .unwrap();
    let counts = poller.counts().unwrap();
    assert!(counts.add_up());
    assert_eq!(counts.totals.outcome(Outcome::DnsQuery), 2 * u64::from(each));
    assert_eq!(counts.totals.frames, 2 * u64::from(each));
}
