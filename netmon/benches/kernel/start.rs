//! How long it takes until netmon watches.

use std::time::{Duration, Instant, SystemTime};

use anyhow::Result;
use netmon_testkit::figures::{Figure, Figures, median};
use netmon_testkit::lab::{Netmon, two_hosts};

use crate::loaded;

const TIMES: usize = 7;
const MOST_MS: f64 = 500.0;

/// Measures loading alone, and the whole start of the program.
pub fn measure(figures: &mut Figures<'_>) -> Result<()> {
    const LOAD: &str = "start: load the programs and their maps";
    const START: &str = "start: from the process to the event `started`";
    if figures.wants(LOAD) {
        figures.heading("start");
        let times = repeat(|| {
            let before = Instant::now();
            let _kernel = loaded::load(true)?;
            Ok(before.elapsed())
        })?;
        figures.take(Figure::new(LOAD, times, "ms"));
    }
    if figures.wants(START) {
        let hosts = two_hosts()?;
        let times = repeat(|| {
            let before = SystemTime::now();
            let mut netmon = Netmon::start(&hosts.client, env!("CARGO_BIN_EXE_netmon"), &[])?;
            let taken = netmon.started().at.duration_since(before)?;
            netmon.stop()?;
            Ok(taken)
        })?;
        figures.take(
            Figure::new(START, times, "ms")
                .at_most(MOST_MS)
                .note("attached to lo and the interface of the default route"),
        );
    }
    Ok(())
}

/// The median of some repetitions, in milliseconds.
fn repeat(mut once: impl FnMut() -> Result<Duration>) -> Result<f64> {
    let times: Vec<f64> = (0..TIMES)
        .map(|_| Ok(once()?.as_secs_f64() * 1e3))
        .collect::<Result<_>>()?;
    Ok(median(times))
}
