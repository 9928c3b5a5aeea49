//! Three hosts with netmon, two DNS servers, and one Prometheus that sees them all: one server stops, and one host
//! closes its firewall to the other. Each of the two gets the alert that names it, and both resolve.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::Command;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    CLIENT_V4, DnsServer, End, Forger, Hook, Namespace, Netmon, Rules, SERVER_V4, Switched, TYPE_A, query,
    switched,
};
use serde_json::Value;

use crate::asking::ask;
use crate::panels::assert_data;
use crate::programs::{Programs, WEBHOOK};
use crate::shipped::assert_metrics_pass;
use crate::support::http::get;
use crate::support::watch;
use crate::webhook::Webhook;

/// The server that stops.
const STOPS: IpAddr = SERVER_V4;
/// The server that one host cannot reach.
const SHUT_OUT: IpAddr = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 3));

/// From the outage to the message, and from the mending to the next: the issue's own figure.
const A_MINUTE: Duration = Duration::from_mins(1);

/// One more host on the link.
fn host(lab: &Switched, label: &str, number: u8) -> (Namespace, IpAddr) {
    let host = Namespace::new(label).unwrap();
    let v4 = IpAddr::V4(Ipv4Addr::new(192, 51, 100, number));
    let v6 = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, number.into()));
    lab.plug(&host, "to-server", [v4, v6]).unwrap();
    (host, v4)
}

fn metrics_of(address: IpAddr) -> SocketAddr {
    (address, 19053).into()
}

/// Netmon as on a real host: the interface of its default route, and `lo`.
fn netmon(host: &Namespace, address: IpAddr, resolvers: &str) -> Netmon {
    let metrics = metrics_of(address).to_string();
    watch(host, &["--metrics", &metrics, "--resolv-conf", resolvers])
}

#[track_caller]
fn assert_summary(alert: &Value, words: &str) {
    let summary = alert["annotations"]["summary"].as_str().unwrap();
    assert!(summary.contains(words), "{alert:#}");
}

#[test]
#[ignore = "needs root: network namespaces, XDP, and Debian's Prometheus and Alertmanager"]
fn a_server_that_is_down_and_a_host_that_is_shut_out_are_told_apart_within_a_minute_and_both_resolve() {
    let lab = switched().unwrap();
    let (second, second_address) = host(&lab, "second", 16);
    let (third, third_address) = host(&lab, "third", 17);
    let (control, _) = host(&lab, "control", 20);
    lab.server.add_address(SHUT_OUT, "to-client").unwrap();
    let mut server = DnsServer::new(&lab.server, &[STOPS]).unwrap();
    let _other = DnsServer::new(&lab.server, &[SHUT_OUT]).unwrap();

    let hosts = [
        (&lab.client, CLIENT_V4),
        (&second, second_address),
        (&third, third_address),
    ];
    let directory = tempfile::tempdir().unwrap();
    let resolvers = directory.path().join("resolv.conf").display().to_string();
    std::fs::write(&resolvers, format!("nameserver {STOPS}\nnameserver {SHUT_OUT}\n")).unwrap();
    let resolvers = resolvers.as_str();
    let _netmons: Vec<Netmon> = thread::scope(|scope| {
        let starting = hosts.map(|(host, address)| scope.spawn(move || netmon(host, address, resolvers)));
        starting.map(|starting| starting.join().unwrap()).into()
    });
    let mut webhook = Webhook::listen(&control, WEBHOOK);
    let targets = hosts.map(|(_, address)| metrics_of(address));
    let programs = Programs::start(&control, &targets);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        for (host, _) in hosts {
            scope.spawn(|| ask(host, &[STOPS, SHUT_OUT], &over));
        }
        // However this ends, the askers do too.
        let _end = End(&over);
        for server in [STOPS, SHUT_OUT] {
            let query = format!("site_server:netmon_dns_responses:hosts{{server=\"{server}\"}}");
            programs.await_value(&query, 3.0);
        }
        scene([&lab.client, &control], &mut server, &programs, &mut webhook);
    });
}

/// What anybody can forge: an error about a query that nobody sent, and an answer to none. The host that gets that answer says that
/// nobody waits for it.
fn forge(from: &Namespace) {
    let (host, server) = (SocketAddr::new(CLIENT_V4, 40_000), SocketAddr::new(STOPS, 53));
    let forger = Forger::new(from).unwrap();
    let message = query(7, "never-asked.test", TYPE_A);
    let error = unreachable(STOPS, CLIENT_V4, 3, &query_packet(host, server, &message));
    forger.send(&error, CLIENT_V4).unwrap();
    let mut answer = message;
    // QR (RFC 1035 section 4.1.1).
    answer[2] |= 0x80;
    forger
        .send(&query_packet(server, host, &answer), CLIENT_V4)
        .unwrap();
}

/// For the panel about TCP; whatever comes of it.
fn ask_by_tcp(host: &Namespace) {
    let server = format!("@{STOPS}");
    let mut dig = Command::new("dig");
    dig.args([server.as_str(), "+tcp", "+time=1", "+tries=1", "by-tcp.test"]);
    host.output(&mut dig).unwrap();
}

fn scene(
    [first, control]: [&Namespace; 2],
    server: &mut DnsServer<'_>,
    programs: &Programs<'_>,
    webhook: &mut Webhook,
) {
    let (stops, shut_out) = (STOPS.to_string(), SHUT_OUT.to_string());
    ask_by_tcp(first);
    let broken = Instant::now();
    server.stop().unwrap();
    let rule = format!("ip daddr {SHUT_OUT} udp dport 53 reject with icmp type admin-prohibited");
    let firewall = Rules::new(first, Hook::Output, &[&rule]).unwrap();

    let down = webhook.wait("firing", "NetmonDnsServerDown", &stops, broken + A_MINUTE);
    println!("server down: told after {:?}", broken.elapsed());
    assert_summary(&down, "3 hosts cannot reach it");
    let host = webhook.wait(
        "firing",
        "NetmonDnsServerUnreachableFromHost",
        &shut_out,
        broken + A_MINUTE,
    );
    println!("one host shut out: told after {:?}", broken.elapsed());
    assert_eq!(
        host["labels"]["instance"],
        metrics_of(CLIENT_V4).to_string(),
        "{host:#}"
    );
    assert_summary(&host, "others can");
    let clients = format!("site_server:netmon_incident_clients:sum{{server=\"{STOPS}\"}}");
    assert_eq!(programs.query(&clients), [3.0]);
    let seconds = programs.query(&format!(
        "site_server:netmon_incident_seconds:max{{server=\"{STOPS}\"}}"
    ));
    assert!(
        seconds.len() == 1 && (10.0..60.0).contains(&seconds[0]),
        "{seconds:?}"
    );

    let metrics = first.enter(|| get(metrics_of(CLIENT_V4), "/metrics")).unwrap();
    assert!(
        metrics.body.contains("netmon_incident_active{"),
        "{}",
        metrics.body
    );
    assert_metrics_pass(&metrics.body);
    ask_by_tcp(first);
    forge(control);
    thread::sleep(Duration::from_secs(2));
    assert_data(programs);

    let mended = Instant::now();
    server.start().unwrap();
    drop(firewall);
    webhook.wait("resolved", "NetmonDnsServerDown", &stops, mended + A_MINUTE);
    webhook.wait(
        "resolved",
        "NetmonDnsServerUnreachableFromHost",
        &shut_out,
        mended + A_MINUTE,
    );
    println!("both resolved: told after {:?}", mended.elapsed());

    let mut told: Vec<String> = webhook
        .alerts()
        .iter()
        .map(|alert| format!("{} {}", alert["labels"]["alertname"], alert["labels"]["server"]))
        .collect();
    told.sort();
    told.dedup();
    assert_eq!(told.len(), 2, "no alert but these two: {told:#?}");
}
