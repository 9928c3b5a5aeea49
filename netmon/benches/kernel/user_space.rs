//! What `netmon run` itself takes while it watches a thousand servers that are asked and answer.

use netmon_testkit::cost::{processor_time, resident_mib};
use netmon_testkit::figures::{Figure, Figures};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use netmon_testkit::lab::{Crowd, Namespace, Netmon, two_hosts};

const SERVERS: u32 = 1_000;
/// How long they are asked before: a poll looks up the routes to 64 servers that have answered.
const WARM_UP: u32 = 17;
/// How long it is measured then.
const SECONDS: u32 = 10;
const MOST_PERCENT: f64 = 0.6;
const MOST_MIB: f64 = 48.0;

/// How netmon is started.
type Start = fn(&Namespace, &'static str, &[&str]) -> Result<Netmon>;

/// Measures processor time and memory at one poll a second: of netmon as it runs, and where it prints each server's counters
/// each second, which nobody has it do for years.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    let ways: [(&str, Start, bool); 2] = [
        ("", Netmon::start_without_snapshots, true),
        (", printed each second", Netmon::start, false),
    ];
    let mut is_headed = false;
    for (how, start, is_judged) in ways {
        let time = format!("user space: processor time, 1,000 destinations a second{how}");
        let memory = format!("user space: resident memory, 1,000 destinations{how}");
        if !figures.wants(&time) && !figures.wants(&memory) {
            continue;
        }
        if !std::mem::replace(&mut is_headed, true) {
            figures.heading("user space, at one poll a second");
        }
        let (percent, mib) = run(start)?;
        figures.take(Figure::new(time, percent, "%").at_most(is_judged.then_some(MOST_PERCENT)));
        figures.take(Figure::new(memory, mib, "MiB").at_most(is_judged.then_some(MOST_MIB)));
    }
    Ok(())
}

/// How much of a processor it takes, in percent, and how many MiB.
fn run(start: Start) -> Result<(f64, f64)> {
    let hosts = two_hosts()?;
    let crowd = Crowd::new(&hosts, 1, SERVERS)?;
    let arguments = ["--interface", "to-server"];
    let mut netmon = start(&hosts.client, env!("CARGO_BIN_EXE_netmon"), &arguments)?;
    let pid = netmon.process().id();
    let ask_for = |seconds: u32| {
        let began = Instant::now();
        (1..=seconds).try_for_each(|second| {
            crowd.ask_all()?;
            thread::sleep((Duration::from_secs(1) * second).saturating_sub(began.elapsed()));
            anyhow::Ok(())
        })
    };
    ask_for(WARM_UP)?;
    let (before, began) = (processor_time(pid)?, Instant::now());
    ask_for(SECONDS)?;
    let taken = processor_time(pid)?.saturating_sub(before).as_secs_f64() / began.elapsed().as_secs_f64();
    let memory = resident_mib(pid)?;
    let stopped = netmon.stop()?;
    let known = stopped
        .value
        .get("destinations")
        .and_then(|all| Some(all.as_array()?.len()));
    ensure!(
        known >= usize::try_from(SERVERS).ok(),
        "netmon saw {known:?} destinations"
    );
    Ok((taken * 100.0, memory))
}
