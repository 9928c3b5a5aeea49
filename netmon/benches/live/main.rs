//! What watching costs live: netmon, the programs that an analyst would start in its place, and a reader of an `AF_PACKET`
//! socket, one after the other on the same interface under the same load. How many messages each missed, and what it took of the
//! processors. Run by `cargo xtask bench live`, as root.
//!
//! Queries and their answers arrive over a virtual cable at a router that forwards none of them. One CPU sends them, and also runs what the
//! kernel does when they arrive, as a network card's interrupts do on a host; that is counted as well.

mod monitors;
mod reader;

use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::Parser;
use netmon_testkit::cost::{processor_time, this_thread};
use netmon_testkit::figures::{Figure, Figures, median};
use netmon_testkit::lab::icmp::query_packet;
use netmon_testkit::lab::{CLIENT_V4, Forger, Namespace, TYPE_A, query, respond, with_silent_router};

use monitors::{Monitor, Running};

const ROUNDS: usize = 7;
/// Messages a second that are sent; the last one is more than this machine can.
const RATES: [u32; 4] = [10_000, 50_000, 200_000, 1_000_000];
const TIME: Duration = Duration::from_millis(700);
/// So many servers are asked in turn.
const SERVERS: u32 = 1_000;
/// A monitor that takes so little of a processor in this time has seen all that it will.
const STEP: Duration = Duration::from_millis(100);
const IDLE: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(20);

/// Measures monitors under load.
#[derive(Parser)]
#[command(bin_name = "cargo xtask bench live --")]
struct Options {
    /// Measure only the monitors that have all these words in their names
    filter: Vec<String>,
    /// What cargo tells every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

/// What came out of one load.
#[derive(Clone, Copy, Debug)]
struct Taken {
    /// Messages that were sent, in a second.
    rate: f64,
    /// How many of a hundred the monitor missed.
    lost: f64,
    /// What processors were busy for, in nanoseconds a message: the sender, which also runs what the kernel does when one
    /// arrives; the kernel's threads that do this when it is too much; and the monitor.
    nanos: f64,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut figures = Figures::new(&options.filter);
    match measure(&mut figures).and_then(|()| figures.finish()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(figures: &mut Figures<'_>) -> Result<()> {
    let hosts = with_silent_router()?;
    let forger = Forger::new(&hosts.client)?;
    let messages: Vec<_> = (0..SERVERS).flat_map(exchange).collect();
    let chosen = Monitor::ALL
        .into_iter()
        .filter(|monitor| figures.wants(monitor.name()));
    let monitors: Vec<Option<Monitor>> = std::iter::once(None).chain(chosen.map(Some)).collect();
    let mut taken = vec![vec![Vec::new(); RATES.len()]; monitors.len()];
    for _ in 0..ROUNDS {
        for (monitor, taken) in monitors.iter().zip(&mut taken) {
            for (rate, taken) in RATES.into_iter().zip(taken) {
                taken.push(one(&hosts.router, *monitor, || {
                    let before = this_thread()?;
                    let flood = forger.flood(&messages, rate, TIME)?;
                    Ok((flood.packets, flood.time, this_thread()?.saturating_sub(before)))
                })?);
            }
        }
    }
    let mut all = monitors.iter().zip(&taken);
    let (_, alone) = all.next().context("nothing was measured")?;
    for (monitor, taken) in all {
        let Some(monitor) = monitor else { continue };
        figures.heading(&format!("live: {}", monitor.name()));
        for (taken, alone) in taken.iter().zip(alone) {
            tell(figures, *monitor, taken, alone);
        }
    }
    Ok(())
}

/// One load, watched by one monitor or by none.
fn one(
    host: &Namespace,
    monitor: Option<Monitor>,
    load: impl FnOnce() -> Result<(u64, Duration, Duration)> + Send,
) -> Result<Taken> {
    let running = monitor.map(|monitor| Running::start(monitor, host)).transpose()?;
    // What it takes to start is not counted.
    if let Some(running) = &running {
        idle(running)?;
    }
    let kernel = soft_interrupts()?;
    let before = running
        .as_ref()
        .map_or(Ok(Duration::ZERO), Running::processor_time)?;
    // A thread of its own: it stays on one CPU, and comes first.
    let loaded = thread::scope(|scope| scope.spawn(load).join());
    let (queries, time, sender) = loaded.map_err(|_panic| anyhow::anyhow!("the sender died"))??;
    let kernel = soft_interrupts()?.saturating_sub(kernel);
    let (mut monitoring, mut seen) = (Duration::ZERO, queries);
    if let Some(running) = running {
        monitoring = idle(&running)?.saturating_sub(before);
        seen = running.stop()?;
    }
    let queries = float(queries);
    Ok(Taken {
        rate: queries / time.as_secs_f64(),
        lost: (1.0 - float(seen) / queries).max(0.0) * 100.0,
        nanos: (sender + kernel + monitoring).as_secs_f64() * 1e9 / queries,
    })
}

/// What the kernel's threads for soft interrupts have taken so far.
fn soft_interrupts() -> Result<Duration> {
    let mut sum = Duration::ZERO;
    for process in fs::read_dir("/proc")? {
        let process = process?;
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let name = fs::read_to_string(process.path().join("comm")).unwrap_or_default();
        if name.starts_with("ksoftirqd/") {
            sum += processor_time(pid)?;
        }
    }
    Ok(sum)
}

/// Waits until a monitor has nothing more to do: what it has taken of the processors until then.
fn idle(running: &Running<'_>) -> Result<Duration> {
    let latest = Instant::now() + PATIENCE;
    thread::sleep(running.hands_on_within());
    let mut before = running.processor_time()?;
    loop {
        thread::sleep(STEP);
        let now = running.processor_time()?;
        if now.saturating_sub(before) < IDLE || Instant::now() > latest {
            return Ok(now);
        }
        before = now;
    }
}

/// The medians of all rounds, of which the difference to no monitor is the monitor's.
fn tell(figures: &mut Figures<'_>, monitor: Monitor, taken: &[Taken], alone: &[Taken]) {
    let of_each = |value: fn(&Taken) -> f64| median(taken.iter().map(value).collect());
    let (rate, lost) = (of_each(|one| one.rate), of_each(|one| one.lost));
    let both = taken.iter().zip(alone);
    let added = median(both.map(|(with, without)| with.nanos - without.nanos).collect());
    let name = format!("{} at {rate:.0} messages a second", monitor.name());
    figures.take(Figure::new(format!("{name}: missed"), lost, "%").point("missed", monitor.name(), rate));
    figures.take(
        Figure::new(format!("{name}: of a processor, a message"), added, "ns").point(
            "processor",
            monitor.name(),
            rate,
        ),
    );
}

/// A query to one of the servers, and its answer; both come by the same cable.
fn exchange(number: u32) -> [(Vec<u8>, IpAddr); 2] {
    let server = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0001 + number));
    let port = 30_000 + u16::try_from(number % 20_000).unwrap_or_default();
    let (client, server) = (SocketAddr::new(CLIENT_V4, port), SocketAddr::new(server, 53));
    let asked = query(7, "load.test", TYPE_A);
    let answered = respond(&asked, 0);
    // The router forwards neither, wherever it is for.
    [
        (query_packet(client, server, &asked), server.ip()),
        (query_packet(server, client, &answered), server.ip()),
    ]
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
const fn float(number: u64) -> f64 {
    number as f64
}
