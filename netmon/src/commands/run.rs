//! `netmon run`.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use netmon::cli::{Run, RunFormat};
use netmon::config::{Live, Source};
use netmon::history::Keeper;
use netmon::notify::Notifier;
use netmon::report::journal::Journal;
use netmon::report::lines::Lines;
use netmon::report::metrics::Metrics;
use netmon::report::people::People;
use netmon::report::service::{self, Service};
use netmon::report::sink::{Sink, Sinks};
use netmon::rights;

use super::{INCIDENT, logging, style};

/// Watches, and reports what happens.
pub fn run(source: Source) -> anyhow::Result<ExitCode> {
    let loaded = source.load()?;
    let (config, arguments) = (loaded.config.clone(), &loaded.arguments);
    let log = logging::start(config.log_level);
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    // In this order: what is printed waits for nothing else.
    let mut sinks: Vec<Box<dyn Sink>> = vec![printer(arguments)];
    if log.is_journal() {
        sinks.push(Box::new(Journal));
    }
    // Before those whose end takes seconds, so that systemd knows of the end when it begins.
    if let Some(service) = Service::find() {
        sinks.push(Box::new(service));
    }
    if let Some(settings) = &config.history {
        sinks.push(Box::new(Keeper::start(settings)?));
    }
    if let Some(options) = config.metrics {
        match Metrics::start(options) {
            Ok(metrics) => sinks.push(Box::new(metrics)),
            // A service that nobody asked for metrics by hand had better monitor without them than not at all.
            Err(error) if loaded.is_from_file("metrics.listen") => {
                tracing::warn!(
                    "{error}; monitoring goes on without metrics until metrics.listen is changed and netmon restarted"
                );
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Last, because its end may take seconds.
    sinks.push(Box::new(Notifier::new(&config.notify)));
    let mut sinks = Sinks::new(sinks);
    let exit_code = arguments.exit_code;

    let mut live = Live::new(source, loaded);
    let mut reload = || {
        service::reloading();
        let reloaded = live.reload()?;
        log.set_level(reloaded.config.log_level);
        for warning in reloaded.config.warnings() {
            tracing::warn!("{warning}");
        }
        Ok(reloaded)
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Threads that attach, and read the network: they load nothing.
        .on_thread_start(|| {
            if let Err(error) = rights::give_up_loading() {
                tracing::warn!("a thread cannot give up its capabilities: {error}");
            }
        })
        .build()
        .context("cannot start the event loop")?;
    let summary = runtime.block_on(netmon::daemon::run(&config, &mut sinks, &mut reload))?;
    if exit_code && summary.incidents > 0 {
        return Ok(ExitCode::from(INCIDENT));
    }
    Ok(ExitCode::SUCCESS)
}

fn printer(arguments: &Run) -> Box<dyn Sink> {
    match arguments.format {
        RunFormat::Text => Box::new(People::new(io::stdout(), style())),
        RunFormat::Json => Box::new(Lines::new(io::BufWriter::new(io::stdout()), arguments.snapshots)),
    }
}
