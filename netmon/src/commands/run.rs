//! `netmon run`.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use netmon::cli::{Run, RunFormat};
use netmon::config::{Live, Source};
use netmon::history::{DEFAULT_FILE, Keeper};
use netmon::kernel::version::reading_needs_rights;
use netmon::monitor::{self, Partners, Snapshots};
use netmon::outlets::board::{Board, DROPPED};
use netmon::outlets::journal::Journal;
use netmon::outlets::lines::Lines;
use netmon::outlets::notify::Notifier;
use netmon::outlets::people::People;
use netmon::outlets::service::{self, Service};
use netmon::outlets::{Outlet, Output};
use netmon::report::story::numbers::Clock;
use netmon::{resources, rights};

use super::{INCIDENT, clock_of, listeners, logging, style};

/// How long a thread that has nothing to do stays.
const FOR_EVER: Duration = Duration::from_hours(24 * 36_500);

/// Watches, and reports what happens.
pub fn run(source: Source) -> anyhow::Result<ExitCode> {
    let loaded = source.load()?;
    let (config, arguments) = (loaded.config.clone(), &loaded.arguments);
    resources::check_threads()?;
    let log = logging::start(config.log_level);
    resources::raise_open_files();
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    let output = Output::standard().context("cannot start the thread that prints")?;
    let clock = clock_of(arguments.timezone.as_ref());
    let (metrics, views) = listeners::start(&loaded, clock.clone())?;
    let mut partners = Partners {
        printer: printer(arguments, output.clone(), clock),
        snapshots: match arguments.format {
            RunFormat::Json if arguments.snapshots => Snapshots::EachPoll,
            RunFormat::Text if !arguments.quiet => Snapshots::EachMinute,
            RunFormat::Json | RunFormat::Text => Snapshots::Never,
        },
        output,
        journal: log.is_journal().then(|| Box::new(Journal::default()) as _),
        queues: log.queue().into_iter().collect(),
        service: Service::find(),
        history: config.history.as_ref().map(Keeper::start).transpose()?,
        metrics,
        views,
        notifier: Notifier::new(&config.notify),
        board: Board::new(DROPPED),
    };
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
            if let Err(error) = rights::give_up_loading(reading_needs_rights()) {
                tracing::warn!("a thread cannot give up its capabilities: {error}");
            }
        })
        // Where there is one, no further one is needed: nothing waits for a limit that was reached meanwhile.
        .thread_keep_alive(FOR_EVER)
        .max_blocking_threads(resources::WAITING)
        .build()
        .context("cannot start the event loop")?;
    let summary = runtime.block_on(monitor::run(&config, &mut partners, &mut reload));
    partners.finish();
    let summary = summary?;
    if exit_code && summary.incidents > 0 {
        return Ok(ExitCode::from(INCIDENT));
    }
    Ok(ExitCode::SUCCESS)
}

/// The command that shows all of an incident.
fn more(history: &Path) -> String {
    let which = if history == Path::new(DEFAULT_FILE) {
        String::new()
    } else {
        format!(" --history {}", history.display())
    };
    format!("netmon report last{which}")
}

fn printer(arguments: &Run, output: Output, clock: Clock) -> Box<dyn Outlet> {
    match arguments.format {
        RunFormat::Text => Box::new(People::new(
            output,
            style(),
            clock,
            arguments.keep.history.as_deref().map(more),
        )),
        RunFormat::Json => Box::new(Lines::new(output)),
    }
}
