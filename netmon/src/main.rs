//! netmon: arguments in, exit status out.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

use std::io;
use std::process::ExitCode;

use netmon::analyze::AnalyzeError;
use netmon::cli::{Arguments, Command};
use netmon::config::{Source, UsageError};
use netmon::history::ReadError;

mod commands;

use commands::{REFUSED, USAGE};

fn main() -> ExitCode {
    let (arguments, matches) = Arguments::read();
    let result = match arguments.command {
        Command::Run(_) => commands::run(Source::of(&matches)),
        Command::Config(arguments) => commands::config(&arguments, &Source::of(&matches)),
        Command::Analyze(arguments) => commands::analyze(&arguments),
        Command::Detach(arguments) => commands::detach(&arguments),
        Command::Incidents(arguments) => commands::incidents(&arguments),
        Command::Report(arguments) => commands::report(&arguments),
        Command::Doctor(arguments) => commands::doctor(&arguments),
        Command::Status(arguments) => commands::status(&arguments),
        Command::Top(arguments) => commands::top(&arguments),
        Command::Completions(arguments) => commands::completions(&arguments),
        Command::Man(arguments) => commands::manual(&arguments),
    };
    match result {
        Ok(status) => status,
        // The reader of our output has gone, and so nobody is left to see an error.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("netmon: error: {error:#}");
            status(&error)
        }
    }
}

/// Whatever is not wrong usage is the system's doing: rights, the kernel, an interface, a full disk.
fn status(error: &anyhow::Error) -> ExitCode {
    let is_usage = error.downcast_ref::<UsageError>().is_some()
        || error
            .downcast_ref::<AnalyzeError>()
            .is_some_and(AnalyzeError::is_usage)
        || error.downcast_ref::<ReadError>().is_some_and(ReadError::is_usage);
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
