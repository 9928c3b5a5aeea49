//! Two commands side by side: in each round one after the other, so that what disturbs the machine disturbs both,
//! and the median of the ratios of all rounds is what counts.

use std::fmt;
use std::process::Command;
use std::time::Duration;

use anyhow::Result;
use netmon_testkit::cost;
use netmon_testkit::figures::median;

/// How it came out.
#[derive(Clone, Copy, Debug)]
pub struct Ratio {
    /// How often the time of the second command the first one takes.
    pub first_to_second: f64,
    first: Duration,
    second: Duration,
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.3} s to {:.3} s",
            self.first.as_secs_f64(),
            self.second.as_secs_f64()
        )
    }
}

/// Measures two commands, after each has run once.
pub fn compare(rounds: u32, first: &mut Command, second: &mut Command) -> Result<Ratio> {
    cost::run(first)?;
    cost::run(second)?;
    let mut taken = Vec::new();
    for round in 0..rounds {
        // Neither is always the one that comes after the other.
        taken.push(if round % 2 == 0 {
            let first = cost::run(first)?.time;
            (first, cost::run(second)?.time)
        } else {
            let second = cost::run(second)?.time;
            (cost::run(first)?.time, second)
        });
    }
    let ratio = |(first, second): &(Duration, Duration)| first.as_secs_f64() / second.as_secs_f64();
    Ok(Ratio {
        first_to_second: median(taken.iter().map(ratio).collect()),
        first: median_time(taken.iter().map(|(first, _)| *first)),
        second: median_time(taken.iter().map(|(_, second)| *second)),
    })
}

/// The median time of a command, after it has run once.
pub fn time(rounds: u32, command: &mut Command) -> Result<Duration> {
    cost::run(command)?;
    let taken = (0..rounds).map(|_| Ok(cost::run(command)?.time));
    Ok(median_time(taken.collect::<Result<Vec<_>>>()?))
}

/// The median of what a command takes of a processor, whatever else the machine does, after it has run once.
pub fn processor(rounds: u32, command: &mut Command) -> Result<Duration> {
    cost::run(command)?;
    let taken = (0..rounds).map(|_| Ok(cost::run(command)?.processor));
    Ok(median_time(taken.collect::<Result<Vec<_>>>()?))
}

fn median_time(times: impl IntoIterator<Item = Duration>) -> Duration {
    let times = times.into_iter().map(|time| time.as_secs_f64());
    Duration::from_secs_f64(median(times.collect()))
}
