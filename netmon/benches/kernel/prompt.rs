//! How soon an outage is reported: from the ICMP error to the line, alone and beside what might hold netmon up.

use std::fmt::Write as _;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result};
use netmon_testkit::figures::{Figure, Figures, median};
use netmon_testkit::lab::{Event, Namespace, Netmon, PATIENCE, TYPE_A, TwoHosts, query, two_hosts};
use rusqlite::Connection;

/// From the error to the line, the time included in which an incident settles (the contract, section 3).
const MOST_MS_AT_THE_MEDIAN: f64 = 110.0;
/// The same of the slowest one: 100 ms, and the time in which it settles.
const MOST_MS: f64 = 200.0;
/// How many outages are measured.
const OUTAGES: u16 = 10;
/// How many connections stand half open, and interfaces appear.
const CONNECTIONS: usize = 1_000;
const INTERFACES: usize = 30;
/// How soon a new interface is to be watched.
const MOST_MS_TO_ATTACH: f64 = 1_000.0;

const METRICS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9_999);

/// Measures some outages in each scene.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    figures.heading("promptness");
    let scenes: [(&str, Scene); 5] = [
        ("nothing else", alone),
        ("a thousand connections that stand half open", half_open),
        ("receivers of notifications that hang", hanging),
        ("a history that another process has locked", locked),
        ("thirty interfaces that appear", interfaces),
    ];
    for (beside, scene) in scenes {
        let name = format!("prompt: from an error to its line, beside {beside}");
        if figures.wants(&name) {
            let times = scene(&two_hosts()?)?;
            let longest = times.iter().copied().fold(0.0, f64::max);
            figures.take(Figure::new(name.clone(), median(times), "ms").at_most(MOST_MS_AT_THE_MEDIAN));
            figures.take(Figure::new(name + ", the longest", longest, "ms").at_most(MOST_MS));
        }
    }
    attached(figures)
}

/// Sets a scene, and gives back how long each line took.
type Scene = fn(&TwoHosts) -> Result<Vec<f64>>;

fn alone(hosts: &TwoHosts) -> Result<Vec<f64>> {
    lines(hosts, &mut start(hosts, &[])?)
}

fn half_open(hosts: &TwoHosts) -> Result<Vec<f64>> {
    let mut netmon = start(hosts, &["--metrics", &METRICS.to_string()])?;
    let connect = || -> std::io::Result<TcpStream> {
        let mut stream = TcpStream::connect(METRICS)?;
        // Those of too many are closed.
        let _closed = stream.write_all(b"GET /metrics HTTP/1.1\r\nHost:");
        Ok(stream)
    };
    let connections = hosts.client.enter(|| {
        (0..CONNECTIONS)
            .map(|_| connect())
            .collect::<std::io::Result<Vec<_>>>()
    })??;
    let times = lines(hosts, &mut netmon);
    drop(connections);
    times
}

fn hanging(hosts: &TwoHosts) -> Result<Vec<f64>> {
    // Connections to it come about, and nobody takes them.
    let receiver = hosts
        .client
        .enter(|| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))??;
    let webhook = format!("http://{}/", receiver.local_addr()?);
    let command = ["--notify-command=/bin/sleep", "--notify-command=1000"];
    lines(
        hosts,
        &mut start(hosts, &["--webhook", &webhook, command[0], command[1]])?,
    )
}

fn locked(hosts: &TwoHosts) -> Result<Vec<f64>> {
    let directory = tempfile::tempdir()?;
    let file = directory.path().join("history.db");
    let lock = Connection::open(&file)?;
    lock.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE")?;
    let file = file.to_str().context("a path that is no text")?;
    lines(hosts, &mut start(hosts, &["--history", file])?)
}

fn interfaces(hosts: &TwoHosts) -> Result<Vec<f64>> {
    let mut netmon = start_at(hosts, "--all-interfaces", &[])?;
    let mut commands = String::new();
    for number in 0..INTERFACES {
        writeln!(
            commands,
            "link add storm{number} type veth peer name mrots{number}"
        )?;
    }
    let batch = tempfile::NamedTempFile::new()?;
    std::fs::write(batch.path(), commands)?;
    hosts
        .client
        .exec(Command::new("ip").arg("-batch").arg(batch.path()))?;
    lines(hosts, &mut netmon)
}

/// How long it takes until an interface that appears is watched.
fn attached(figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "prompt: from a new interface to its being watched";
    if !figures.wants(NAME) {
        return Ok(());
    }
    let hosts = two_hosts()?;
    let mut netmon = Netmon::start(&hosts.client, env!("CARGO_BIN_EXE_netmon"), &["--all-interfaces"])?;
    hosts.client.ip("link add new0 type veth peer name new1")?;
    let made = SystemTime::now();
    let event = netmon.wait_event("warning", PATIENCE)?;
    let taken = event.at.duration_since(made).unwrap_or_default();
    netmon.stop()?;
    figures.take(Figure::new(NAME, taken.as_secs_f64() * 1e3, "ms").at_most(MOST_MS_TO_ATTACH));
    Ok(())
}

fn start(hosts: &TwoHosts, arguments: &[&str]) -> Result<Netmon> {
    start_at(hosts, "--interface=to-server", arguments)
}

/// Names all servers: whoever asks so many others that all fail is taken for a scanner.
fn start_at(hosts: &TwoHosts, interfaces: &str, arguments: &[&str]) -> Result<Netmon> {
    let named: Vec<String> = (1..=OUTAGES)
        .map(|number| format!("--server={}", server(number)))
        .collect();
    let named = named.iter().map(String::as_str);
    let arguments: Vec<&str> = named
        .chain([interfaces])
        .chain(arguments.iter().copied())
        .collect();
    Netmon::start(&hosts.client, env!("CARGO_BIN_EXE_netmon"), &arguments)
}

pub fn server(number: u16) -> Ipv4Addr {
    let [high, low] = number.to_be_bytes();
    Ipv4Addr::new(198, 18, high, low)
}

/// Lets some servers refuse a query each, and gives back how long each took from the error to the line, in milliseconds.
fn lines(hosts: &TwoHosts, netmon: &mut Netmon) -> Result<Vec<f64>> {
    refuse(&hosts.server)?;
    hosts
        .client
        .ip("route replace 198.18.0.0/15 via 203.0.113.2 dev to-server onlink")?;
    let client = hosts.client.udp_socket()?;
    let numbers = 1..=OUTAGES;
    let times = numbers.map(|number| outage(&client, number, netmon)).collect();
    netmon.stop()?;
    times
}

/// All of a network is the host's own from now on, and nobody listens there. Linux would send an error a second.
pub fn refuse(host: &Namespace) -> Result<()> {
    host.ip("route replace local 198.18.0.0/15 dev lo")?;
    host.set("net/ipv4/icmp_ratemask", "0")
}

/// Asks a server that refuses: how long it takes from the error to the line, in milliseconds.
pub fn outage(client: &UdpSocket, number: u16, netmon: &Netmon) -> Result<f64> {
    let server = server(number);
    client.send_to(&query(number, "www.example.com", TYPE_A), (server, 53))?;
    let is_it = |event: &Event| {
        event.name() == "incident_opened"
            && event
                .incident()
                .get("server")
                .is_some_and(|is| *is == server.to_string())
    };
    let event = netmon.wait_for("an incident", PATIENCE, is_it)?;
    let opened = event.incident().get("opened").and_then(|time| time.as_str());
    let opened: jiff::Timestamp = opened.context("it says when it opened")?.parse()?;
    let taken = event.at.duration_since(SystemTime::from(opened));
    Ok(taken.unwrap_or_default().as_secs_f64() * 1e3)
}
