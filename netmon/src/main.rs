//! netmon: arguments in, exit status out.

use std::io;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use netmon::cli::{Arguments, Command, LogLevel, Run, RunFormat};
use netmon::config::{Config, UsageError};
use netmon::report::lines::Lines;
use netmon::report::people::People;
use netmon::report::sink::Sink;
use tracing_subscriber::filter::LevelFilter;

/// With `--exit-code`, when an incident was found.
const INCIDENT: u8 = 1;
/// Wrong usage or configuration; what clap uses as well.
const USAGE: u8 = 2;
/// The system refused.
const REFUSED: u8 = 3;

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Run(arguments) => run(&arguments),
    };
    match result {
        Ok(status) => status,
        // Whoever read our output has gone: there is nobody left to tell.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("netmon: error: {error:#}");
            status(&error)
        }
    }
}

fn run(arguments: &Run) -> anyhow::Result<ExitCode> {
    start_logging(arguments.log_level);
    let config = Config::from_arguments(arguments)?;
    let mut sink: Box<dyn Sink> = match arguments.format {
        RunFormat::Text => Box::new(People::new(anstream::AutoStream::auto(io::stdout()))),
        RunFormat::Json => Box::new(Lines::new(io::BufWriter::new(io::stdout()), arguments.snapshots)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the event loop")?;
    let summary = runtime.block_on(netmon::daemon::run(&config, sink.as_mut()))?;
    if arguments.exit_code && summary.incidents > 0 {
        return Ok(ExitCode::from(INCIDENT));
    }
    Ok(ExitCode::SUCCESS)
}

/// Logs to standard error. What crates log by `log` comes along, the kernel programs' log too.
fn start_logging(level: LogLevel) {
    let level = match level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_target(false)
        .init();
}

/// Whatever is not wrong usage is the system's doing: rights, the kernel, an interface, a full disk.
fn status(error: &anyhow::Error) -> ExitCode {
    if error.downcast_ref::<UsageError>().is_some() {
        ExitCode::from(USAGE)
    } else {
        ExitCode::from(REFUSED)
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}
