//! Both of the kernel's tables are full, because a client asks one address after the other, and goes on. Servers that are new then
//! are closed, silent, or answer that they failed: each is reported with its own counts, and the end of it too.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{scope, sleep};
use std::time::Duration;

use netmon_testkit::lab::{
    Asker, CLIENT_V4, End, Event, Namespace, Netmon, Reply, Scripted, respond, with_router,
};
use serde_json::Value;

use crate::blinded::ask_each;
use crate::support::http::get;
use crate::support::incident::{assert_errors, assert_flow};
use crate::support::{ANSWER, PATIENCE, assert_sums, destination, watch};

const METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 19_053);

/// Addresses that the client asks before, and more than there are places.
const ADDRESSES: u32 = 10_000;

/// The client that does, which is another one than the one whose servers fail: its own failures say nothing of any server.
const SCANNER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 51, 100, 16));

/// Queries that fail at each server.
const QUERIES: u32 = 12;

const CLOSED: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 3));
const SILENT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 4));
const BROKEN: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 5));
const HEALTHY: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 6));

const SERVFAIL: u8 = 2;

/// A server that answers each query so, or not at all.
fn serve(host: &Namespace, address: IpAddr, rcode: Option<u8>) -> Scripted {
    let answer = move |query: &[u8]| Some(respond(query, rcode?));
    Scripted::start(host, SocketAddr::new(address, 53), answer).unwrap()
}

/// Asks for so many names, each of a domain of its own, and insists on what becomes of all of them.
fn ask(client: &Namespace, server: IpAddr, names: u32, patience: Duration, is_so: impl Fn(&Reply) -> bool) {
    let asker = Asker::of(client, CLIENT_V4, server).unwrap();
    for number in 0..u16::try_from(names).unwrap() {
        let reply = asker
            .ask(number, &format!("www.domain{number}.com"), patience)
            .unwrap();
        assert!(is_so(&reply), "{server}: {reply:?}");
    }
}

fn is_answer(reply: &Reply) -> bool {
    matches!(reply, Reply::Answered(_))
}

fn wait(netmon: &Netmon, name: &str, server: IpAddr) -> Value {
    let is_it = |event: &Event| event.name() == name && event.incident()["server"] == server.to_string();
    let event = netmon.wait_for(&format!("{name} of {server}"), 2 * PATIENCE, is_it);
    event.unwrap().incident().clone()
}

/// Waits for the start or the end of the warning.
fn wait_for_pressure(netmon: &Netmon, state: &str) {
    let is_it = |event: &Event| event.value["warning"] == "table_pressure" && event.value["state"] == state;
    netmon
        .wait_for(&format!("table_pressure, {state}"), 2 * PATIENCE, is_it)
        .unwrap();
}

/// The value of a metric of a server.
fn metric(page: &str, name: &str, server: IpAddr) -> u64 {
    let label = format!("server=\"{server}\"");
    let lines = page
        .lines()
        .filter(|line| line.starts_with(name) && line.contains(&label));
    lines
        .filter_map(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok())
        .sum()
}

/// Each has its own counts.
fn assert_destinations(stopped: &Event) {
    for (server, queries, responses) in [
        (HEALTHY, QUERIES, QUERIES),
        (CLOSED, 2 * QUERIES, QUERIES),
        (SILENT, 2 * QUERIES, QUERIES),
        (BROKEN, 2 * QUERIES, 2 * QUERIES),
    ] {
        let counts = destination(stopped, server);
        // Until it answers or fails, a query that finds no place counts in `overflow`; incidents count it all the same.
        let counted = counts["dns_queries"].as_u64().unwrap();
        assert!(
            (u64::from(queries / 2)..=queries.into()).contains(&counted),
            "{counts:#}"
        );
        assert_eq!(counts["dns_responses"], responses, "{counts:#}");
        assert_eq!(counts["latency_us"]["count"], responses, "{counts:#}");
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn each_kind_of_outage_of_new_servers_is_reported_exactly_while_both_tables_are_full() {
    let hosts = with_router().unwrap();
    hosts.server.limit_no_errors().unwrap();
    // What is nowhere is dropped without a word.
    hosts.router.ip("route add blackhole 10.0.0.0/8").unwrap();
    for address in [CLOSED, SILENT, BROKEN, HEALTHY] {
        hosts.server.add_address(address, "to-router").unwrap();
    }
    hosts.client.add_address(SCANNER, "to-router").unwrap();
    let scanner = hosts
        .client
        .enter(|| UdpSocket::bind((SCANNER, 0)))
        .unwrap()
        .unwrap();
    let _healthy = serve(&hosts.server, HEALTHY, Some(0));
    let silent = serve(&hosts.server, SILENT, None);
    let broken = serve(&hosts.server, BROKEN, Some(SERVFAIL));
    let mut netmon = watch(
        &hosts.client,
        &["--interface", "to-router", "--metrics", &METRICS.to_string()],
    );
    let scrape = || {
        let answer = hosts.client.enter(|| get(METRICS, "/metrics")).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    };
    ask_each(&scanner, Ipv4Addr::new(10, 2, 0, 1), ADDRESSES, Duration::ZERO);
    wait_for_pressure(&netmon, "started");
    // All that a scraper sees are addresses that never answered.
    scrape();
    let is_over = AtomicBool::new(false);
    scope(|scope| {
        let _ends = End(&is_over);
        scope.spawn(|| {
            let mut first = Ipv4Addr::new(10, 8, 0, 1).to_bits();
            while !is_over.load(Ordering::Relaxed) {
                ask_each(&scanner, Ipv4Addr::from_bits(first), 25, Duration::ZERO);
                first += 25;
                sleep(Duration::from_millis(50));
            }
        });
        let refused = |reply: &Reply| matches!(reply, Reply::Refused(_));
        ask(&hosts.client, HEALTHY, QUERIES, ANSWER, is_answer);
        ask(&hosts.client, CLOSED, QUERIES, ANSWER, refused);
        ask(&hosts.client, BROKEN, QUERIES, ANSWER, is_answer);
        let short = Duration::from_millis(100);
        ask(&hosts.client, SILENT, QUERIES, short, |reply| {
            *reply == Reply::Silence
        });
        for (server, kind) in [
            (CLOSED, "unreachable"),
            (BROKEN, "failing"),
            (SILENT, "unanswered"),
        ] {
            assert_eq!(wait(&netmon, "incident_opened", server)["kind"], kind);
        }
        // All of them are well again.
        drop((silent, broken));
        let _well = [CLOSED, SILENT, BROKEN].map(|address| serve(&hosts.server, address, Some(0)));
        for server in [CLOSED, SILENT, BROKEN] {
            ask(&hosts.client, server, QUERIES, ANSWER, is_answer);
        }
        let [closed, silent, broken] =
            [CLOSED, SILENT, BROKEN].map(|server| wait(&netmon, "incident_closed", server));
        for (incident, because, answers) in [
            (&closed, "answered", 0),
            (&silent, "answered", 0),
            (&broken, "recovered", QUERIES),
        ] {
            assert_eq!(incident["closed_because"], because, "{incident:#}");
            assert_flow(incident, QUERIES.into(), answers.into());
        }
        assert_errors(&closed, "port", QUERIES.into());
    });
    let page = scrape();
    for server in [HEALTHY, CLOSED, SILENT, BROKEN] {
        assert!(
            metric(&page, "netmon_dns_queries_total", server) >= QUERIES.into(),
            "{server}"
        );
        assert!(
            metric(&page, "netmon_dns_latency_seconds_count", server) >= QUERIES.into(),
            "{server}"
        );
    }
    wait_for_pressure(&netmon, "over");
    assert_eq!(netmon.events_named("incident_opened").unwrap().len(), 3);
    let stopped = netmon.stop().unwrap();
    assert_sums(&stopped);
    assert_destinations(&stopped);
}
