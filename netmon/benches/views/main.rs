//! What looking costs: 50 event streams, two pages and five terminals beside a netmon that counts 10,000 servers at 100,000
//! packets a second. The poll loop must not be late, memory must stay bounded, and the page must not stall. Needs root.
#![expect(
    clippy::cast_precision_loss,
    clippy::print_stdout,
    reason = "a benchmark prints figures"
)]

use std::io::{BufRead, BufReader, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use jiff::Timestamp;
use netmon_testkit::cost::resident_mib;
use netmon_testkit::lab::icmp::query_packet;
use netmon_testkit::lab::{
    Browser, CLIENT_V4, Forger, Namespace, Netmon, TYPE_A, Tmux, query, with_silent_router,
};
use serde_json::Value;

const SERVERS: u32 = 10_000;
const RATE: u32 = 100_000;
const STREAMS: usize = 50;
const PAGES: usize = 2;
const TERMINALS: usize = 5;
const TIME: Duration = Duration::from_secs(30);
/// What the issue allows.
const MOST_LATE_MS: f64 = 100.0;
const MOST_MIB: f64 = 160.0;
const MOST_STALL_MS: f64 = 100.0;

const WEB: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 19_054);
const NETMON: &str = env!("CARGO_BIN_EXE_netmon");

fn main() -> Result<()> {
    let hosts = with_silent_router()?;
    let client = &hosts.client;
    let directory = tempfile::tempdir()?;
    let socket = directory.path().join("netmon.sock").display().to_string();
    let (destinations, web) = ("16384", WEB.to_string());
    let arguments = [
        "--interface",
        "to-router",
        "--destinations",
        destinations,
        "--socket",
        &socket,
        "--web",
        &web,
    ];
    let mut netmon = Netmon::start_without_snapshots(client, NETMON, &arguments)?;

    let top = format!("{NETMON} top --socket {socket}");
    let terminals: Vec<Tmux<'_>> = (0..TERMINALS)
        .map(|_| Tmux::start(client, ["120", "40"], &top))
        .collect::<Result<_>>()?;
    let mut pages: Vec<Browser> = (0..PAGES).map(|_| open(client)).collect::<Result<_>>()?;
    let streams: Vec<_> = (0..STREAMS)
        .map(|_| client.enter(stream).and_then(|stream| Ok(stream?)))
        .collect::<Result<_>>()?;
    // One takes nothing at all.
    let _slow = client.enter(stream)??;
    let readers: Vec<_> = streams
        .into_iter()
        .map(|stream| thread::spawn(move || latest(stream)))
        .collect();

    let packets: Vec<(Vec<u8>, IpAddr)> = (0..SERVERS).map(packet).collect();
    let forger = Forger::new(client)?;
    let (flood, stall) = thread::scope(|scope| {
        let flood = scope.spawn(|| forger.flood(&packets, RATE, TIME));
        thread::sleep(TIME / 3);
        let stall = pages.first_mut().map(busy).transpose();
        (flood.join(), stall)
    });
    let flood = flood.map_err(|_| anyhow::anyhow!("the flood died"))??;
    let memory = resident_mib(netmon.process().id())?;
    netmon.stop()?;
    let late: Vec<(usize, f64)> = readers
        .into_iter()
        .filter_map(|reader| reader.join().ok())
        .collect();
    drop((pages, terminals));

    let latest = late.iter().map(|(_, late)| *late).fold(0.0, f64::max);
    let fewest = late
        .iter()
        .map(|(summaries, _)| *summaries)
        .min()
        .unwrap_or_default();
    println!(
        "packets a second: {:.0}",
        flood.packets as f64 / flood.time.as_secs_f64()
    );
    println!(
        "summaries that each of {STREAMS} streams had in {} s: at least {fewest}",
        TIME.as_secs()
    );
    let stall = stall?.unwrap_or_default();
    let figures = [
        ("a poll was late by at most", latest, MOST_LATE_MS, "ms"),
        ("resident memory at most", memory, MOST_MIB, "MiB"),
        (
            "the page was busy for at most, while it was sorted and scrolled",
            stall,
            MOST_STALL_MS,
            "ms",
        ),
    ];
    for (what, is, most, unit) in figures {
        println!("{what} {is:.1} {unit} (allowed: {most} {unit})");
    }
    for (what, is, most, unit) in figures {
        ensure!(is <= most, "{what} {is:.1} {unit}, and {most} {unit} are allowed");
    }
    Ok(())
}

/// A query to one of the servers.
fn packet(number: u32) -> (Vec<u8>, IpAddr) {
    let server = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0001 + number));
    let client = SocketAddr::new(
        CLIENT_V4,
        30_000 + u16::try_from(number % 20_000).unwrap_or_default(),
    );
    let message = query(7, "load.test", TYPE_A);
    (
        query_packet(client, SocketAddr::new(server, 53), &message),
        server,
    )
}

/// Asks for the event stream.
fn stream() -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(WEB)?;
    write!(stream, "GET /api/v1/events HTTP/1.1\r\nHost: {WEB}\r\n\r\n")?;
    Ok(stream)
}

/// How many summaries came, and by how many milliseconds the time between two of them was longer than a second.
fn latest(stream: TcpStream) -> (usize, f64) {
    let (mut summaries, mut before, mut late) = (0, None, 0.0_f64);
    let mut is_summary = false;
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if let Some(event) = line.strip_prefix("event: ") {
            is_summary = event == "summary";
        } else if let Some(data) = line.strip_prefix("data: ").filter(|_| is_summary) {
            let summary: Value = serde_json::from_str(data).unwrap_or_default();
            let time: Option<Timestamp> = summary
                .get("time")
                .and_then(Value::as_str)
                .and_then(|time| time.parse().ok());
            if let (Some(before), Some(now)) = (before, time) {
                let passed: f64 = now.duration_since(before).as_secs_f64() * 1_000.0;
                // The first one has no second before it.
                late = late.max(if summaries > 2 { passed - 1_000.0 } else { 0.0 });
            }
            before = time.or(before);
            summaries += 1;
        }
    }
    (summaries, late)
}

/// A real page.
fn open(host: &Namespace) -> Result<Browser> {
    let browser = Browser::start(host, &format!("http://{WEB}"))?;
    let mut page = browser.context("playwright-core is missing: cargo xtask setup test")?;
    page.ask("open", "/")?;
    page.ask("see", "Servers")?;
    Ok(page)
}

/// For how many milliseconds it was busy at most, while all columns were sorted by.
fn busy(page: &mut Browser) -> Result<f64> {
    let before = Instant::now();
    let mut text = String::new();
    while !text.contains("of 10,00") {
        ensure!(
            before.elapsed() < TIME,
            "the page never had 10,000 servers: {text}"
        );
        thread::sleep(Duration::from_millis(200));
        text = page.ask("text", "")?.to_string();
    }
    Ok(page.ask("busy", "th button")?.as_f64().unwrap_or_default())
}
