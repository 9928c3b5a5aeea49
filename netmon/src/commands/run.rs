//! `netmon run`.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{Run, RunFormat};
use netmon::config::Config;
use netmon::report::lines::Lines;
use netmon::report::metrics::Metrics;
use netmon::report::people::People;
use netmon::report::sink::{Sink, Sinks};

use super::{INCIDENT, logging, style};

/// Watches, and tells what happens.
pub fn run(arguments: &Run) -> anyhow::Result<ExitCode> {
    logging::start(arguments.log_level);
    let config = Config::from_arguments(arguments)?;
    let printer: Box<dyn Sink> = match arguments.format {
        RunFormat::Text => Box::new(People::new(io::stdout(), style())),
        RunFormat::Json => Box::new(Lines::new(io::BufWriter::new(io::stdout()), arguments.snapshots)),
    };
    let mut sinks = vec![printer];
    if let Some(options) = config.metrics {
        sinks.push(Box::new(Metrics::start(options)?));
    }
    let mut sinks = Sinks::new(sinks);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")?;
    let summary = runtime.block_on(netmon::daemon::run(&config, &mut sinks))?;
    if arguments.exit_code && summary.incidents > 0 {
        return Ok(ExitCode::from(INCIDENT));
    }
    Ok(ExitCode::SUCCESS)
}
