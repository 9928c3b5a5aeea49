//! netmon: arguments in, exit status out.

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use netmon::analyze::{self, AnalyzeError};
use netmon::cli::{Analyze, AnalyzeFormat, Arguments, Command, LogLevel, Run, RunFormat};
use netmon::config::{self, Config, UsageError};
use netmon::report::lines::Lines;
use netmon::report::model::Document;
use netmon::report::people::People;
use netmon::report::sink::Sink;
use netmon::report::text::{self, Style};
use netmon::report::{Report, html, markdown};
use terminal_size::{Width, terminal_size};
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
        Command::Analyze(arguments) => analyze(&arguments),
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
        RunFormat::Text => Box::new(People::new(io::stdout(), style())),
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

fn analyze(arguments: &Analyze) -> anyhow::Result<ExitCode> {
    let options = config::analysis(arguments)?;
    let analysis = analyze::analyze(&options)?;
    let report = Report {
        document: &analysis.document,
        timeline: &analysis.timeline,
        generated_by: concat!("netmon ", env!("CARGO_PKG_VERSION")),
    };
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        AnalyzeFormat::Text => text::render(&report, style(), &mut out),
        AnalyzeFormat::Json => json(&analysis.document, &mut out),
        AnalyzeFormat::Markdown => markdown::render(&report, &mut out),
        AnalyzeFormat::Html => html::render(&report, &mut out),
    }
    .and_then(|()| out.flush())
    .context("cannot write the report")?;
    if let Some(check) = &analysis.check {
        eprintln!("netmon: {check}");
    }
    let status = if analysis.nothing_read {
        eprintln!("netmon: error: nothing could be read; the warnings in the report say why");
        USAGE
    } else if arguments.exit_code && !analysis.document.incidents.is_empty() {
        INCIDENT
    } else {
        0
    };
    Ok(ExitCode::from(status))
}

/// How standard output is written to: in colour if it is a terminal that shows them (and `NO_COLOR` is not set).
fn style() -> Style {
    const WIDTH: usize = 100;
    let choice = anstream::AutoStream::choice(&io::stdout());
    Style {
        colour: !matches!(choice, anstream::ColorChoice::Never),
        width: terminal_size().map_or(WIDTH, |(Width(columns), _)| usize::from(columns)),
    }
}

fn json(document: &Document, out: &mut impl io::Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, document)?;
    out.write_all(b"\n")
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
    let is_usage = error.downcast_ref::<UsageError>().is_some()
        || error
            .downcast_ref::<AnalyzeError>()
            .is_some_and(AnalyzeError::is_usage);
    if is_usage {
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
