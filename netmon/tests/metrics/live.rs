//! `netmon run --metrics` itself: what a scrape of the live monitor costs, and that nothing that connects delays it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use netmon::outlets::metrics::SUGGESTED_PORT;
use netmon_testkit::lab::{
    DnsServer, End, Namespace, Netmon, Routed, SERVER_V4, TwoHosts, ask_each, eventually, two_hosts,
    with_silent_router,
};

use crate::names::assert_asked_names_exist;
use crate::support::http::{Answer, connect, exchange, get};
use crate::support::{NETMON, PATIENCE, ask_answered, ask_refused, start, watch};
use crate::text::samples;

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), SUGGESTED_PORT);
const METRICS: [&str; 2] = ["--metrics", "127.0.0.1:19053"];

/// Scrapes, again where a monitor that has much to do says that it is to be asked later, as Prometheus would.
#[track_caller]
fn scrape(host: &Namespace) -> Answer {
    let ask = || host.enter(|| get(ADDRESS, "/metrics")).unwrap();
    eventually("scrape", ask, |answer| answer.status != 503)
}

/// Scrapes until that is so, and gives back the last answer.
#[track_caller]
fn scrape_until(host: &Namespace, is_so: impl Fn(&str) -> bool) -> String {
    eventually("such page", || scrape(host).body, |body| is_so(body))
}

/// A value, of the one sample with this name and these words in it.
fn value(body: &str, name: &str, words: &[&str]) -> u64 {
    let mut lines = body
        .lines()
        .filter(|line| line.starts_with(name) && words.iter().all(|word| line.contains(word)));
    let line = lines
        .next()
        .unwrap_or_else(|| panic!("no {name} with {words:?} in {body}"));
    assert!(
        lines.next().is_none(),
        "more than one {name} with {words:?} in {body}"
    );
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn a_scrape_tells_what_was_counted_and_which_incident_is_open() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let mut netmon = watch(
        &hosts.client,
        &[
            &METRICS[..],
            &["--interface", "to-server", "--server"],
            &["{ address = \"203.0.113.2\", name = \"ns1\" }"],
        ]
        .concat(),
    );
    ask_answered(&hosts.client, SERVER_V4, 3);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 2);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    // The counts are as old as the last poll.
    let body = scrape_until(&hosts.client, |body| {
        body.contains(r#"netmon_dns_unreachable_total{server="203.0.113.2",code="port"} 2"#)
    });
    let of_server = &[r#"server="203.0.113.2""#];
    let with = |more: &str| -> u64 { value(&body, "netmon_dns", &[of_server[0], more]) };
    assert_eq!(with(r#"queries_total{server="203.0.113.2",transport="udp"}"#), 5);
    assert_eq!(with(r#"transport="udp",rcode="noerror""#), 3);
    assert_eq!(with(r#"unreachable_total{server="203.0.113.2",code="port""#), 2);
    assert_eq!(with("latency_seconds_count"), 3);
    assert_eq!(
        value(
            &body,
            "netmon_incident_active",
            &[of_server[0], r#"cause="service-down""#]
        ),
        1
    );
    assert_eq!(value(&body, "netmon_packets_total", &[r#""dns_queries""#]), 5);
    assert_asked_names_exist(&body);
    for path in ["/healthz", "/readyz"] {
        let status = hosts.client.enter(|| get(ADDRESS, path).status).unwrap();
        assert_eq!(status, 200, "{path}");
    }
    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 1);
    netmon.wait_event("incident_closed", PATIENCE).unwrap();
    let body = scrape_until(&hosts.client, |body| !body.contains("netmon_incident_active{"));
    assert_eq!(value(&body, "netmon_incidents_total", &["unreachable"]), 1);
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn an_outage_is_reported_while_a_thousand_connections_stand_half_open() {
    let TwoHosts { client, server: host } = two_hosts().unwrap();
    let mut server = DnsServer::new(&host, &[SERVER_V4]).unwrap();
    let netmon = watch(&client, &[&METRICS[..], &["--interface", "to-server"]].concat());
    ask_answered(&client, SERVER_V4, 1);
    let over = AtomicBool::new(false);
    let standing = AtomicUsize::new(0);
    thread::scope(|scope| {
        // A thousand connections, half of them with half a request, again and again as they are cut.
        let half_open = scope.spawn(|| {
            client.enter(|| {
                let mut streams = std::collections::VecDeque::new();
                while !over.load(Ordering::Relaxed) {
                    let mut stream = connect(ADDRESS);
                    let _cut = std::io::Write::write_all(&mut stream, b"GET /metrics HTTP/1.1\r\nHost:");
                    streams.push_back(stream);
                    standing.store(streams.len(), Ordering::Relaxed);
                    if streams.len() > 1_000 {
                        streams.pop_front();
                        thread::sleep(Duration::from_millis(5));
                    }
                }
            })
        });
        let scraper = scope.spawn(|| {
            let mut answered = 0;
            while !over.load(Ordering::Relaxed) || answered < 3 {
                answered += u32::from(scrape(&client).status == 200);
                thread::sleep(Duration::from_millis(100));
            }
        });
        let oversized = scope.spawn(|| {
            client.enter(|| {
                let request = format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(10 << 20));
                while !over.load(Ordering::Relaxed) {
                    exchange(&mut connect(ADDRESS), request.as_bytes());
                    thread::sleep(Duration::from_millis(200));
                }
            })
        });
        let _end = End(&over);
        let stand = || standing.load(Ordering::Relaxed);
        eventually("thousand connections", stand, |stand| *stand >= 1_000);
        server.stop().unwrap();
        ask_refused(&client, SERVER_V4, 3);
        netmon.wait_event("incident_opened", PATIENCE).unwrap();
        over.store(true, Ordering::Relaxed);
        half_open.join().unwrap().unwrap();
        oversized.join().unwrap().unwrap();
        scraper.join().unwrap();
    });
}

/// A client that sends to a router which forwards nothing and says nothing.
fn silent_scene(arguments: &[&str]) -> (Routed, Netmon) {
    let hosts = with_silent_router().unwrap();
    let common = ["--hook", "tc", "--interface", "to-router"];
    let netmon = watch(&hosts.client, &[&METRICS[..], &common, arguments].concat());
    (hosts, netmon)
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_scrape_lists_a_thousand_servers_each_with_both_transports() {
    let (hosts, mut netmon) = silent_scene(&[]);
    ask_each(&hosts.client, 1_000).unwrap();
    scrape_until(&hosts.client, |body| {
        body.contains("netmon_servers_listed 1000\n")
    });
    let answer = scrape(&hosts.client);
    assert_eq!(answer.status, 200);
    let servers = samples(&answer.body);
    let queries = servers
        .iter()
        .filter(|sample| sample.name == "netmon_dns_queries_total");
    assert_eq!(queries.count(), 2 * 1_000);
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn of_a_full_table_as_many_servers_are_listed_as_may_be_and_the_others_are_summed_up() {
    let (hosts, mut netmon) = silent_scene(&["--metrics-max-servers", "1000"]);
    ask_each(&hosts.client, 10_000).unwrap();
    let packets = |body: &str| value(body, "netmon_packets_total", &["\"dns_queries\""]);
    let body = scrape_until(&hosts.client, |body| packets(body) == 10_000);
    assert_eq!(value(&body, "netmon_servers_listed", &[]), 1_000);
    // Those that found no place are in no server's count; those that lost theirs are among the others.
    let servers: u64 = samples(&body)
        .iter()
        .filter(|sample| sample.name == "netmon_dns_queries_total")
        .map(|sample| sample.value.parse::<u64>().unwrap())
        .sum();
    let overflow = value(&body, "netmon_overflow_packets_total", &[]);
    assert!(overflow > 0, "the table was never full");
    assert_eq!(servers + overflow, 10_000);
    netmon.stop().unwrap();
}

/// What a file like `/proc/self/status` says under a name.
fn status(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.trim().to_owned()
}

#[test]
#[ignore = "needs root: a network namespace and TC"]
fn the_thread_that_answers_strangers_has_no_capability() {
    let (_hosts, mut netmon) = silent_scene(&[]);
    let tasks = fs::read_dir(format!("/proc/{}/task", netmon.process().id())).unwrap();
    let tasks = tasks.map(|task| task.unwrap().path());
    let threads: Vec<_> = tasks
        .filter(|task| fs::read_to_string(task.join("comm")).unwrap() == "metrics\n")
        .collect();
    assert_eq!(threads.len(), 1);
    let file = threads[0].join("status").display().to_string();
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(status(&file, set), "0000000000000000", "{set}");
    }
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: a network namespace and TC"]
fn an_address_that_a_flag_asks_for_and_that_is_taken_is_refused_and_one_for_everybody_is_warned_of() {
    let hosts = two_hosts().unwrap();
    let metrics = ["--interface", "to-server", "--metrics", "0.0.0.0:19053"];
    let mut first = start(&hosts.client, &metrics);
    first
        .process()
        .wait_for("warning", PATIENCE, |line| {
            line.text.contains("not a loopback address")
        })
        .unwrap();
    let mut second = Command::new(NETMON);
    second.arg("run").args(metrics);
    let second = hosts.client.output(&mut second).unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains("cannot serve metrics at 0.0.0.0:19053"), "{said}");
    assert!(said.contains("`ss -ltnp 'sport = :19053'` names it"), "{said}");
    first.stop().unwrap();
}

#[test]
#[ignore = "needs root: a network namespace and TC"]
fn an_address_of_the_configuration_file_that_is_taken_costs_the_metrics_and_nothing_else() {
    let hosts = two_hosts().unwrap();
    let mut server = DnsServer::new(&hosts.server, &[SERVER_V4]).unwrap();
    let occupant = hosts
        .client
        .enter(|| TcpListener::bind(ADDRESS))
        .unwrap()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("netmon.toml");
    fs::write(&file, format!("[metrics]\nlisten = \"{ADDRESS}\"\n")).unwrap();
    let arguments = ["--interface", "to-server", "--config", file.to_str().unwrap()];
    let mut netmon = start(&hosts.client, &arguments);
    netmon
        .process()
        .wait_for("warning", PATIENCE, |line| {
            [
                "WARN",
                "cannot serve metrics at 127.0.0.1:19053",
                "sport = :19053",
                "monitoring goes on",
            ]
            .iter()
            .all(|words| line.text.contains(words))
        })
        .unwrap();
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 1);
    netmon.wait_event("incident_opened", PATIENCE).unwrap();
    netmon.stop().unwrap();
    // The same address by flag is an error, whatever the file says.
    let mut flagged = Command::new(NETMON);
    flagged
        .args(["run", "--metrics", &ADDRESS.to_string()])
        .args(arguments);
    let flagged = hosts.client.output(&mut flagged).unwrap();
    let said = String::from_utf8_lossy(&flagged.stderr);
    assert_eq!(flagged.status.code(), Some(3), "{said}");
    drop(occupant);
}
