//! What others can make netmon do: scrapes of a full table, and a flood of forged errors.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use netmon_testkit::figures::{Figure, Figures, median};
use netmon_testkit::lab::icmp::{query_packet, unreachable};
use netmon_testkit::lab::{
    CLIENT_V4, Forger, Namespace, Netmon, TYPE_A, ask_each, query, two_hosts, with_silent_router,
};

use netmon_testkit::cost::{processor_time, resident_mib};

const METRICS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 9_999);
/// How long processor time is measured.
const TIME: Duration = Duration::from_secs(6);
pub const SCRAPES: usize = 7;
/// A scrape within this time of another one gets the same answer.
pub const FRESH: Duration = Duration::from_millis(600);

const MOST_MS_A_SCRAPE: f64 = 50.0;
const MOST_PERCENT_IDLE: f64 = 0.1;
const MOST_PERCENT_FULL: f64 = 2.0;
const MOST_MIB_FULL: f64 = 96.0;

/// Forged errors a second, about so many servers.
const RATE: u32 = 100_000;
const SERVERS: u32 = 40_000;
const MOST_PERCENT_FLOODED: f64 = 10.0;
const MOST_MIB_FLOODED: f64 = 32.0;

/// Measures scrapes, tables and the flood.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    figures.heading("strangers");
    scrapes(figures)?;
    tables(figures)?;
    flood(figures)
}

/// What a process takes of a CPU in that time, in percent.
pub fn share(pid: u32, time: Duration, meanwhile: impl FnOnce() -> Result<()>) -> Result<f64> {
    let (before, began) = (processor_time(pid)?, Instant::now());
    meanwhile()?;
    thread::sleep(time.saturating_sub(began.elapsed()));
    let taken = processor_time(pid)?.saturating_sub(before).as_secs_f64();
    Ok(taken / began.elapsed().as_secs_f64() * 100.0)
}

fn scrapes(figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "metrics: a scrape of 1,000 servers";
    if !figures.wants(NAME) {
        return Ok(());
    }
    let hosts = with_silent_router()?;
    let mut netmon = watch(&hosts.client, &[])?;
    ask_each(&hosts.client, 1_000)?;
    let mut times = Vec::new();
    for _ in 0..SCRAPES {
        thread::sleep(FRESH);
        let began = Instant::now();
        let bytes = scrape(&hosts.client)?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        ensure!(bytes > 300_000, "only {bytes} bytes came");
    }
    netmon.stop()?;
    figures.take(Figure::new(NAME, median(times), "ms").at_most(MOST_MS_A_SCRAPE));
    Ok(())
}

fn tables(figures: &mut Figures<'_>) -> Result<()> {
    for (what, servers, most) in [
        ("no traffic", 0, MOST_PERCENT_IDLE),
        ("a full table and a scrape", 10_000, MOST_PERCENT_FULL),
    ] {
        let cpu = format!("user space: processor time, {what}");
        let memory = format!("user space: resident memory, {what}");
        if !figures.wants(&cpu) && !figures.wants(&memory) {
            continue;
        }
        let hosts = with_silent_router()?;
        let mut netmon = watch(&hosts.client, &["--metrics-max-servers", "1000"])?;
        ask_each(&hosts.client, servers)?;
        if servers > 0 {
            // A first scrape is not what lasts.
            thread::sleep(2 * FRESH);
            scrape(&hosts.client)?;
        }
        let pid = netmon.process().id();
        let taken = share(pid, TIME, || {
            if servers > 0 {
                thread::sleep(TIME / 2);
                scrape(&hosts.client)?;
            }
            Ok(())
        })?;
        let mib = resident_mib(pid)?;
        netmon.stop()?;
        figures.take(Figure::new(cpu, taken, "%").at_most(most));
        figures.take(Figure::new(memory, mib, "MiB").at_most(MOST_MIB_FULL));
    }
    Ok(())
}

fn flood(figures: &mut Figures<'_>) -> Result<()> {
    const CPU: &str = "user space: processor time, 100,000 forged errors a second";
    const MEMORY: &str = "user space: growth, 100,000 forged errors a second";
    if !figures.wants(CPU) && !figures.wants(MEMORY) {
        return Ok(());
    }
    let hosts = two_hosts()?;
    let arguments = ["--interface", "to-server"];
    let mut netmon = Netmon::start(&hosts.client, env!("CARGO_BIN_EXE_netmon"), &arguments)?;
    let forger = Forger::new(&hosts.server)?;
    let lies: Vec<_> = (0..SERVERS).map(lie).collect();
    let pid = netmon.process().id();
    let before = resident_mib(pid)?;
    let mut flood = None;
    let taken = share(pid, TIME, || {
        flood = Some(forger.flood(&lies, RATE, TIME)?);
        Ok(())
    })?;
    let growth = resident_mib(pid)? - before;
    netmon.stop()?;
    let note = flood.map_or(String::new(), |flood| {
        format!("{} packets in {:.1} s", flood.packets, flood.time.as_secs_f64())
    });
    figures.take(
        Figure::new(CPU, taken, "%")
            .at_most(MOST_PERCENT_FLOODED)
            .note(note),
    );
    figures.take(Figure::new(MEMORY, growth, "MiB").at_most(MOST_MIB_FLOODED));
    Ok(())
}

/// An error about a query that the client never sent, to a server somewhere on the Internet.
pub fn lie(number: u32) -> (Vec<u8>, IpAddr) {
    const PORT_UNREACHABLE: u8 = 3;
    let [a, b, c, d] = number.wrapping_mul(2_654_435_761).to_be_bytes();
    let server = IpAddr::from([a % 127 + 1, b, c, d]);
    let client = SocketAddr::new(CLIENT_V4, 30_000 + u16::from_be_bytes([c, d]) % 20_000);
    let message = query(u16::from_be_bytes([a, b]), "forged.test", TYPE_A);
    let quoted = query_packet(client, SocketAddr::new(server, 53), &message);
    (
        unreachable(server, CLIENT_V4, PORT_UNREACHABLE, &quoted),
        CLIENT_V4,
    )
}

pub fn watch(client: &Namespace, arguments: &[&str]) -> Result<Netmon> {
    let metrics = METRICS.to_string();
    let common = ["--hook", "tc", "--interface", "to-router", "--metrics", &metrics];
    let arguments = [&common, arguments].concat();
    Netmon::start_without_snapshots(client, env!("CARGO_BIN_EXE_netmon"), &arguments)
}

/// How many bytes a scrape brings.
pub fn scrape(host: &Namespace) -> Result<usize> {
    let bytes = host.enter(|| -> std::io::Result<usize> {
        let mut stream = TcpStream::connect(METRICS)?;
        stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        stream.read_to_end(&mut Vec::new())
    })??;
    Ok(bytes)
}
