//! What it costs that places become free again, and what a table of a million destinations costs.

use std::net::Ipv4Addr;
use std::thread::{scope, sleep};
use std::time::{Duration, Instant};

use anyhow::Result;
use aya::TestRun as _;
use aya::programs::TestRunOptions;
use netmon::kernel::{Kernel, Policy, Poller, Settings, Step, Switches};
use netmon::time::Time;
use netmon_common::Address;
use netmon_testkit::figures::{Figure, Figures, median};
use netmon_testkit::frames::build::prelude::{CLIENT, frame, ipv4, query, udp};
use netmon_testkit::lab::{Crowd, Netmon, Routed, ask_each, two_hosts, with_silent_router};

use crate::prompt::{outage, refuse, server};
use crate::runner::thread_time;
use crate::strangers::{FRESH, SCRAPES, scrape, share, watch};
use netmon_testkit::cost::resident_mib;

/// Destinations that retire, each with a service, as far as there are places for these.
const RETIRING: u32 = 8_192;
const MOST_MS: f64 = 20.0;
const TIMES: usize = 7;

/// A day of a resolver, a hundred times as fast.
const MET: u32 = 100_000;
const AT_ONCE: u32 = 1_000;
const DAY: Duration = Duration::from_secs(864);
const MOST_MIB_A_DAY: f64 = 4.0;

/// A table with room for so many, and those that are in it.
const MILLION: u32 = 1_000_000;
const KNOWN: [u32; 2] = [100_000, 700_000];

/// Outages beside scrapes, and as many without.
const ROUNDS: u16 = 9;

/// Measures all of it.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    figures.heading("places that retire, and a large table");
    retirement(figures)?;
    day(figures)?;
    million(figures)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn retirement(figures: &mut Figures<'_>) -> Result<()> {
    const ALL: &str = "retirement: user space, 8,192 destinations";
    const LONGEST: &str = "retirement: how long a poll waits for it at most";
    if !figures.wants(ALL) && !figures.wants(LONGEST) {
        return Ok(());
    }
    let settings = Settings {
        destinations: 2 * RETIRING,
        ..Settings::default()
    };
    let mut kernel = Kernel::load(&settings)?;
    let (mut poller, mut switches) = (kernel.poller()?, kernel.switches()?);
    let (mut all, mut longest) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let (sum, most) = retire_all(&mut kernel, &mut poller, &mut switches)?;
        all.push(milliseconds(sum));
        longest.push(milliseconds(most));
    }
    figures.take(Figure::new(ALL, median(all), "ms").at_most(MOST_MS));
    figures.take(Figure::new(LONGEST, median(longest), "ms").at_most(MOST_MS));
    Ok(())
}

/// Fills the table and has all of it retire: how much of a processor that took in all, and the longest piece. Between two pieces
/// the monitor does other things.
fn retire_all(
    kernel: &mut Kernel,
    poller: &mut Poller,
    switches: &mut Switches,
) -> Result<(Duration, Duration)> {
    for number in 0..RETIRING {
        let to = Ipv4Addr::from_bits(0x0a00_0000 + number);
        let asked = (frame() / ipv4(CLIENT, to) / udp(40_000, 53) / query("a.test")).bytes();
        let options = TestRunOptions {
            data_in: Some(&asked),
            ..TestRunOptions::new()
        };
        kernel.xdp()?.test_run(options)?;
    }
    poller.look_at_destinations(Time::at_second(1), |_server, _before, _now| {});
    poller.services(1, |_service| false, |_service, _exchanges| {});
    let policy = Policy {
        second: 1_000,
        idle: Duration::ZERO,
        keeps: &|_: Address| false,
        keeps_service: &|_| false,
    };
    let (mut sum, mut longest) = (Duration::ZERO, Duration::ZERO);
    let mut began = thread_time()?;
    let mut piece = |began: &mut Duration| -> Result<()> {
        let now = thread_time()?;
        let taken = now.saturating_sub(*began);
        sum += taken;
        longest = longest.max(taken);
        *began = now;
        Ok(())
    };
    loop {
        let (leaving, _is_short) = poller.leaving(&policy)?;
        if leaving.is_empty() {
            return Ok((sum, longest));
        }
        let mut batch = poller.places.batch(leaving);
        while batch.next() != Step::Done {
            if batch.step(&mut poller.places, switches)? {
                piece(&mut began)?;
            }
        }
        poller.gone(&batch.into_leaving());
        piece(&mut began)?;
    }
}

fn day(figures: &mut Figures<'_>) -> Result<()> {
    const NAME: &str = "user space: growth, a day of a resolver that meets 100,000 servers";
    if !figures.wants(NAME) {
        return Ok(());
    }
    let hosts = two_hosts()?;
    let arguments = ["--interface", "to-server", "--idle-entries", "1s"];
    let mut netmon =
        Netmon::start_without_snapshots(&hosts.client, env!("CARGO_BIN_EXE_netmon"), &arguments)?;
    let pid = netmon.process().id();
    let rounds = MET / AT_ONCE;
    let (mut first, began) = (0.0, Instant::now());
    for round in 0..rounds {
        Crowd::new(&hosts, 1 + round * AT_ONCE, AT_ONCE)?.ask_all()?;
        if round == rounds / 5 {
            first = resident_mib(pid)?;
        }
        sleep((DAY * (round + 1) / rounds).saturating_sub(began.elapsed()));
    }
    let last = resident_mib(pid)?;
    netmon.stop()?;
    figures.take(
        Figure::new(NAME, last - first, "MiB")
            .at_most(MOST_MIB_A_DAY)
            .note(format!(
                "from {first:.1} MiB after a fifth of it, in {:?}",
                began.elapsed()
            )),
    );
    Ok(())
}

fn million(figures: &mut Figures<'_>) -> Result<()> {
    const WORD: &str = "a million destinations";
    const TIME: Duration = Duration::from_secs(10);
    if !figures.wants(WORD) {
        return Ok(());
    }
    let hosts = with_silent_router()?;
    refuse(&hosts.router)?;
    // Whoever asks so many that say nothing is taken for a scanner, but where servers are named.
    let named = (1..=2 * ROUNDS).map(|number| format!("--server={}", server(number)));
    let arguments: Vec<_> = named.chain([format!("--destinations={MILLION}")]).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let before = available_mib()?;
    let began = Instant::now();
    let mut netmon = watch(&hosts.client, &arguments)?;
    let start = milliseconds(began.elapsed());
    let memory = before - available_mib()?;
    let pid = netmon.process().id();
    let idle = share(pid, TIME, || Ok(()))?;
    for (name, value, unit) in [
        ("memory of the whole system", memory, "MiB"),
        ("start", start, "ms"),
        ("a poll, none known", idle * 10.0, "ms"),
    ] {
        figures.take(Figure::new(format!("{WORD}: {name}"), value, unit));
    }
    for known in KNOWN {
        ask_each(&hosts.client, known)?;
        // The first polls learn of them.
        sleep(Duration::from_secs(5));
        let poll = share(pid, TIME, || Ok(()))? * 10.0;
        let mut times = Vec::new();
        let mut bytes = usize::MAX;
        for _ in 0..SCRAPES {
            sleep(FRESH);
            let began = Instant::now();
            bytes = bytes.min(scrape(&hosts.client)?);
            times.push(milliseconds(began.elapsed()));
        }
        let resident = resident_mib(pid)?;
        let name = |what| format!("{WORD}: {what}, {known} known");
        figures.take(Figure::new(name("a poll"), poll, "ms"));
        figures.take(Figure::new(name("a scrape"), median(times), "ms").note(format!("{bytes} bytes")));
        figures.take(Figure::new(name("resident memory"), resident, "MiB"));
    }
    let [alone, beside] = late(&hosts, &netmon)?;
    let name = format!("{WORD}: how much later an outage is reported beside a scrape");
    let note = format!("{beside:.1} ms after its error instead of {alone:.1}");
    figures.take(
        Figure::new(name, beside - alone, "ms")
            .at_most(MOST_MS)
            .note(note),
    );
    netmon.stop()?;
    Ok(())
}

/// How long it takes until outages are reported, alone and each beside a scrape, now the one and now the other.
fn late(hosts: &Routed, netmon: &Netmon) -> Result<[f64; 2]> {
    let client = hosts.client.udp_socket()?;
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        alone.push(outage(&client, 2 * round + 1, netmon)?);
        sleep(FRESH);
        beside.push(scope(|scope| -> Result<f64> {
            let scraped = scope.spawn(|| scrape(&hosts.client));
            sleep(Duration::from_millis(5));
            let time = outage(&client, 2 * round + 2, netmon);
            scraped.join().map_err(|_panic| anyhow::anyhow!("a panic"))??;
            time
        })?);
    }
    Ok([median(alone), median(beside)])
}

/// What the machine has left.
fn available_mib() -> Result<f64> {
    let text = std::fs::read_to_string("/proc/meminfo")?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib: f64 = line.unwrap_or_default().trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1_024.0)
}
