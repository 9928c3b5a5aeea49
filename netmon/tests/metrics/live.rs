//! `netmon run --metrics` itself: what a scrape of the live monitor costs, and that nothing that connects delays it.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use netmon::report::metrics::SUGGESTED_PORT;
use netmon_testkit::lab::{
    DnsServer, Namespace, Netmon, Process, Routed, SERVER_V4, TYPE_A, TwoHosts, query, two_hosts, with_router,
};

use crate::names::assert_asked_names_exist;
use crate::support::http::{ANY, Answer, PROMETHEUS, connect, exchange, get};
use crate::support::incident::time;
use crate::support::{CLOSING, NETMON, SOON, ask_answered, ask_refused, start, watch};
use crate::text::samples;

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), SUGGESTED_PORT);
const METRICS: [&str; 2] = ["--metrics", "127.0.0.1:19053"];

/// What the contract promises from packet to line.
const PROMPT: Duration = Duration::from_millis(100);

/// Unoptimised code is some ten times slower than what is promised for the other.
const SLOWER: u32 = if cfg!(debug_assertions) { 10 } else { 1 };

fn scrape(host: &Namespace, accept: &str) -> Answer {
    host.enter(|| get(ADDRESS, "/metrics", accept)).unwrap()
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
        &[&METRICS[..], &["--interface", "to-server"]].concat(),
    );
    ask_answered(&hosts.client, SERVER_V4, 3);
    server.stop().unwrap();
    ask_refused(&hosts.client, SERVER_V4, 2);
    netmon.wait_event("incident_opened", SOON).unwrap();
    // The counts are as old as the last poll.
    thread::sleep(Duration::from_millis(1_600));
    let body = scrape(&hosts.client, ANY).body;
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
    let open = scrape(&hosts.client, PROMETHEUS);
    assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
    for path in ["/healthz", "/readyz"] {
        let status = hosts.client.enter(|| get(ADDRESS, path, ANY).status).unwrap();
        assert_eq!(status, 200, "{path}");
    }
    server.start().unwrap();
    ask_answered(&hosts.client, SERVER_V4, 1);
    netmon.wait_event("incident_closed", CLOSING).unwrap();
    thread::sleep(Duration::from_millis(600));
    let body = scrape(&hosts.client, ANY).body;
    assert!(!body.contains("netmon_incident_active{"), "{body}");
    assert_eq!(value(&body, "netmon_incidents_total", &["unreachable"]), 1);
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and XDP"]
fn an_outage_is_told_within_100_ms_while_a_thousand_connections_stand_half_open() {
    let TwoHosts { client, server: host } = two_hosts().unwrap();
    let mut server = DnsServer::new(&host, &[SERVER_V4]).unwrap();
    let netmon = watch(&client, &[&METRICS[..], &["--interface", "to-server"]].concat());
    ask_answered(&client, SERVER_V4, 1);
    let over = AtomicBool::new(false);
    let scrapes = thread::scope(|scope| {
        // A thousand connections, half of them with half a request, again and again as they are cut.
        let half_open = scope.spawn(|| {
            client.enter(|| {
                let mut streams = std::collections::VecDeque::new();
                while !over.load(Ordering::Relaxed) || streams.len() < 1_000 {
                    let mut stream = connect(ADDRESS);
                    let _cut = std::io::Write::write_all(&mut stream, b"GET /metrics HTTP/1.1\r\nHost:");
                    streams.push_back(stream);
                    if streams.len() > 1_000 {
                        streams.pop_front();
                        thread::sleep(Duration::from_millis(5));
                    }
                }
                streams.len()
            })
        });
        let scraper = scope.spawn(|| {
            let mut answered = 0;
            while !over.load(Ordering::Relaxed) {
                answered += u32::from(scrape(&client, ANY).status == 200);
                thread::sleep(Duration::from_millis(100));
            }
            answered
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
        thread::sleep(Duration::from_secs(2));
        server.stop().unwrap();
        ask_refused(&client, SERVER_V4, 3);
        let opened = netmon.wait_event("incident_opened", SOON).unwrap();
        over.store(true, Ordering::Relaxed);
        let delay = opened
            .at
            .duration_since(time(&opened.incident()["opened"]))
            .unwrap_or_default();
        println!("told {delay:?} after its packet");
        assert!(delay < PROMPT, "{delay:?}");
        assert!(half_open.join().unwrap().unwrap() >= 1_000);
        oversized.join().unwrap().unwrap();
        scraper.join().unwrap()
    });
    println!("{scrapes} scrapes were answered meanwhile");
    assert!(scrapes > 3, "{scrapes}");
}

/// A client that sends to a router which forwards nothing and says nothing.
fn silent_scene(arguments: &[&str]) -> (Routed, Netmon) {
    let hosts = with_router().unwrap();
    hosts.router.set("net/ipv4/ip_forward", "0").unwrap();
    let common = ["--hook", "tc", "--interface", "to-router"];
    let netmon = watch(&hosts.client, &[&METRICS[..], &common, arguments].concat());
    (hosts, netmon)
}

/// Sends one query to each of so many servers.
fn ask_each(client: &Namespace, servers: u32) {
    let message = query(7, "load.test", TYPE_A);
    let socket = client
        .enter(|| UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)))
        .unwrap()
        .unwrap();
    for server in 0..servers {
        let to = SocketAddr::from((Ipv4Addr::from_bits(0x0a00_0001 + server), 53));
        socket.send_to(&message, to).unwrap();
    }
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_thousand_servers_are_scraped_within_50_ms() {
    let (hosts, mut netmon) = silent_scene(&[]);
    ask_each(&hosts.client, 1_000);
    thread::sleep(Duration::from_millis(1_500));
    let mut times = Vec::new();
    for _ in 0..5 {
        thread::sleep(Duration::from_millis(600));
        let began = Instant::now();
        let answer = scrape(&hosts.client, PROMETHEUS);
        times.push(began.elapsed());
        assert_eq!(answer.status, 200);
        let servers = samples(&answer.body.replace("# EOF\n", ""));
        let queries = servers
            .iter()
            .filter(|sample| sample.name == "netmon_dns_queries_total");
        assert_eq!(queries.count(), 2 * 1_000);
    }
    times.sort();
    println!("five scrapes of 1,000 servers took {times:?}");
    // The median: the machine has other things to do as well.
    assert!(times[2] < Duration::from_millis(50) * SLOWER, "{times:?}");
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn a_full_table_costs_at_most_2_percent_of_a_cpu_and_96_mib() {
    const SECONDS: u64 = 6;
    let (hosts, mut netmon) = silent_scene(&["--metrics-max-servers", "1000"]);
    ask_each(&hosts.client, 10_000);
    // A first scrape is not what lasts.
    thread::sleep(Duration::from_millis(1_500));
    scrape(&hosts.client, PROMETHEUS);
    let before = cpu(netmon.process());
    thread::sleep(Duration::from_secs(SECONDS / 2));
    let body = scrape(&hosts.client, PROMETHEUS).body;
    thread::sleep(Duration::from_secs(SECONDS / 2));
    let used = cpu(netmon.process()).saturating_sub(before);
    assert_eq!(value(&body, "netmon_servers_listed", &[]), 1_000);
    assert_eq!(value(&body, "netmon_servers_other", &[]), 7_192);
    assert_eq!(value(&body, "netmon_overflow_packets_total", &[]), 10_000 - 8_192);
    let resident = resident_kib(netmon.process());
    let share = used.as_secs_f64() / Duration::from_secs(SECONDS).as_secs_f64() * 100.0;
    println!("{share:.2} % of a CPU, {resident} KiB");
    assert!(share < 2.0 * f64::from(SLOWER), "{share:.2} %");
    assert!(resident < 96 * 1_024, "{resident} KiB");
    netmon.stop().unwrap();
}

#[test]
#[ignore = "needs root: network namespaces and TC"]
fn without_traffic_and_scrapes_it_costs_at_most_two_thousandths_of_a_cpu() {
    const SECONDS: u64 = 6;
    let (_hosts, mut netmon) = silent_scene(&[]);
    thread::sleep(Duration::from_secs(1));
    let before = cpu(netmon.process());
    thread::sleep(Duration::from_secs(SECONDS));
    let used = cpu(netmon.process()).saturating_sub(before);
    let share = used.as_secs_f64() / Duration::from_secs(SECONDS).as_secs_f64() * 100.0;
    println!("{share:.3} % of a CPU, {} KiB", resident_kib(netmon.process()));
    assert!(share < 0.2 * f64::from(SLOWER), "{share:.3} %");
    netmon.stop().unwrap();
}

/// What all threads have used, to the nanosecond: the first word of each `schedstat`.
fn cpu(process: &Process) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{}/task", process.id())).unwrap();
    let nanos = tasks.map(|task| {
        let schedstat = fs::read_to_string(task.unwrap().path().join("schedstat")).unwrap();
        schedstat.split(' ').next().unwrap().parse::<u64>().unwrap()
    });
    Duration::from_nanos(nanos.sum())
}

fn resident_kib(process: &Process) -> u64 {
    status(&format!("/proc/{}/status", process.id()), "VmRSS:")
        .trim_end_matches(" kB")
        .parse()
        .unwrap()
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
        .wait_for("warning", SOON, |line| {
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
        .wait_for("warning", SOON, |line| {
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
    netmon.wait_event("incident_opened", SOON).unwrap();
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
